//! Files of the configuration: read within a bound, parsed within bounds. Must never quote what stands in one:
//! somebody may have written a secret where none belongs.

use std::fs::File;
use std::io::Read as _;

use serde::de::DeserializeOwned;

use crate::rules::load::budget;

/// Largest file that is read, in bytes: what Kubernetes keeps in one ConfigMap or Secret. A path to a device
/// or a log must not fill the memory.
const LARGEST: u64 = 1024 * 1024;

/// The text of a file.
///
/// # Errors
/// A sentence without its beginning.
pub(super) fn read(path: &str) -> Result<String, String> {
    let mut text = String::new();
    let file = File::open(path).and_then(|file| {
        let mut some = file.take(LARGEST + 1);
        some.read_to_string(&mut text)
    });
    match file {
        Ok(size) if size as u64 > LARGEST => {
            Err(format!("is larger than {LARGEST} bytes: `{path}`"))
        }
        Ok(_) => Ok(text),
        Err(error) => Err(format!("cannot be read: `{path}`: {error}")),
    }
}

/// Parses a file of ours within the [`budget`] of rules.
///
/// # Errors
/// What is wrong and where; nothing of the file is quoted but names of fields.
pub(super) fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, Box<serde_saphyr::Error>> {
    let options = serde_saphyr::options! {
        budget: Some(budget()),
        // Without snippets: somebody may have written a secret where none belongs.
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(Box::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_more_than_a_mebibyte_is_refused_and_one_of_that_size_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        let path = path.to_str().unwrap();
        let size = usize::try_from(LARGEST).unwrap();
        std::fs::write(path, "#".repeat(size)).unwrap();
        assert_eq!(read(path).map(|text| text.len()), Ok(size));
        std::fs::write(path, "#".repeat(size + 1)).unwrap();
        let refused = read(path).unwrap_err();
        assert!(
            refused.starts_with("is larger than 1048576 bytes"),
            "{refused}"
        );
        assert!(read("/dev/zero").is_err(), "it would never end");
    }

    #[test]
    fn nesting_and_aliases_have_an_end() {
        let nested = |depth| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        assert!(yaml::<serde_json::Value>(&nested(30)).is_ok());
        assert!(yaml::<serde_json::Value>(&nested(40)).is_err());
        let aliases = |count| format!("a: &a 1\nb: [{}]", "*a,".repeat(count));
        // Of one anchor, the parser's own ratio allows less than a hundred.
        assert!(yaml::<serde_json::Value>(&aliases(99)).is_ok());
        assert!(yaml::<serde_json::Value>(&aliases(201)).is_err());
        let bomb = "a: &a [1,1,1,1,1,1,1,1,1]\n".to_owned()
            + "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
            + "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n";
        assert!(yaml::<serde_json::Value>(&bomb).is_err());
    }
}
