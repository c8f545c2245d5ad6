//! The part of the configuration file that says where traces go. The standard variables of OpenTelemetry
//! (`OTEL_…`) are not read: what leaves this process is written in one place.

use serde::Deserialize;
use url::Url;

use super::{ConfigFile, Reader};
use crate::secret::Secret;
use crate::traces::{Otlp, may_be_plain};

/// The name among services where none is written.
const SERVICE: &str = "drawbridge";

/// `telemetry` as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    otlp: Option<WrittenOtlp>,
    service: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenOtlp {
    url: String,
    headers: Option<HeadersFrom>,
}

/// Where headers are: never in the file itself, which is often shown around.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadersFrom {
    env: String,
}

/// Where traces go, if anywhere, and every problem as a sentence that begins after the variable's name.
/// `value` looks a variable of the environment up.
pub(super) fn read(
    written: &Written,
    value: impl Fn(&str) -> Option<String>,
) -> (Option<Otlp>, Vec<String>) {
    let service = written.service.as_deref().unwrap_or(SERVICE);
    let mut problems = Vec::new();
    if !is_name(service) {
        problems.push("`service` must be made of a-z, 0-9, `.`, `_` and -".to_owned());
    }
    let Some(otlp) = &written.otlp else {
        return (None, told(problems));
    };
    let url = url(&otlp.url).map_err(|problem| problems.push(problem));
    let headers = otlp.headers.as_ref().map_or(Ok(Vec::new()), |from| {
        let text = value(&from.env).filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| format!("`headers`: `{}` is not set", from.env))?;
        headers(&text).map_err(|why| format!("`headers`: `{}` {why}", from.env))
    });
    let headers = headers.map_err(|problem| problems.push(problem));
    let (Ok(url), Ok(headers)) = (url, headers) else {
        return (None, told(problems));
    };
    let otlp = Otlp {
        url,
        headers,
        service: service.to_owned(),
    };
    (Some(otlp), told(problems))
}

fn told(problems: Vec<String>) -> Vec<String> {
    let problems = problems.into_iter();
    problems
        .map(|problem| format!("has a problem with `telemetry`: {problem}"))
        .collect()
}

impl Reader<'_> {
    /// Where traces go.
    pub(super) fn otlp(&mut self, file: &ConfigFile) -> Option<Otlp> {
        let (otlp, problems) = read(&file.telemetry, |name| self.value(name));
        for problem in &problems {
            self.problem("DRAWBRIDGE_CONFIG", problem);
        }
        otlp
    }
}

fn is_name(text: &str) -> bool {
    let plain =
        |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.');
    !text.is_empty() && text.bytes().all(plain)
}

/// A problem never repeats the URL, which can hold a key.
fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "`url` is no address".to_owned())?;
    match url.scheme() {
        "https" => {}
        "http" if url.host_str().is_some_and(may_be_plain) => {}
        "http" => {
            return Err(
                "`url` must be https: only a loopback address or a Service of the cluster \
                 (`http://otel.monitoring.svc:4318`) may do without TLS"
                    .to_owned(),
            );
        }
        _ => return Err("`url` must be `https://…` or `http://…`".to_owned()),
    }
    let named = !url.username().is_empty() || url.password().is_some();
    if named || url.fragment().is_some() || url.query().is_some() {
        return Err(
            "`url` must have no user, password, query or fragment: use `headers`".to_owned(),
        );
    }
    if url.path().trim_end_matches('/').ends_with("/v1/traces") {
        return Err("`url` must end before `/v1/traces`, which is added".to_owned());
    }
    Ok(url)
}

/// `name=value,name=value`, as in `OTEL_EXPORTER_OTLP_HEADERS`. A problem repeats nothing of it.
fn headers(text: &str) -> Result<Vec<(String, Secret)>, &'static str> {
    let pairs = text.split(',').map(|pair| {
        let (name, value) = pair
            .split_once('=')
            .ok_or("must be `name=value,name=value`")?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(token) {
            return Err("holds a name that no header can have");
        }
        if !value.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            return Err("holds a value that no header can have");
        }
        Ok((name, Secret::new(value)))
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_of(yaml: &str, set: Option<&str>) -> (Option<Otlp>, Vec<String>) {
        let written: Written = serde_saphyr::from_str(yaml).unwrap();
        read(&written, |name| {
            set.filter(|_| name == "OTLP_HEADERS").map(str::to_owned)
        })
    }

    #[test]
    fn nothing_written_means_that_nothing_is_sent() {
        let (otlp, problems) = told_of("{}", None);
        assert!(otlp.is_none() && problems.is_empty());
        let (otlp, problems) = told_of("{service: drawbridge-eu}", None);
        assert!(otlp.is_none() && problems.is_empty());
    }

    #[test]
    fn a_collector_with_headers_and_a_name_is_read_and_no_value_is_printed() {
        let yaml = "{otlp: {url: 'https://otel.example.com:4318', headers: {env: OTLP_HEADERS}}, \
                    service: drawbridge-eu}";
        let (otlp, problems) = told_of(yaml, Some("Authorization=Bearer secret-1, x-tenant=a"));
        assert!(problems.is_empty(), "{problems:?}");
        let otlp = otlp.unwrap();
        assert_eq!(otlp.service, "drawbridge-eu");
        let [(name, value), (tenant, _)] = &otlp.headers[..] else {
            panic!("{otlp:?}");
        };
        assert_eq!(
            (name.as_str(), tenant.as_str()),
            ("authorization", "x-tenant")
        );
        assert_eq!(value.expose(), "Bearer secret-1");
        assert!(!format!("{otlp:?}").contains("secret-1"));
    }

    #[test]
    fn only_machine_and_cluster_are_reached_without_tls() {
        for (url, fine) in [
            ("https://otel.example.com", true),
            ("http://127.0.0.1:4318", true),
            ("http://[::1]:4318", true),
            ("http://localhost:4318", true),
            ("http://collector:4318", true),
            ("http://otel.monitoring.svc:4318", true),
            ("http://otel.monitoring.svc.cluster.local:4318/", true),
            ("http://otel.example.com:4318", false),
            ("http://svc.example.com:4318", false),
            ("http://10.0.0.7:4318", false),
            ("http://[2001:db8::1]:4318", false),
            ("ftp://collector", false),
            ("https://user:secret-1@otel.example.com", false),
            ("https://otel.example.com/?key=secret-1", false),
            ("https://otel.example.com/v1/traces", false),
            ("secret-1", false),
        ] {
            let (otlp, problems) = told_of(&format!("{{otlp: {{url: '{url}'}}}}"), None);
            assert_eq!(otlp.is_some(), fine, "{url}: {problems:?}");
            assert_eq!(problems.is_empty(), fine, "{url}: {problems:?}");
            assert!(!problems.join("").contains("secret-1"), "{problems:?}");
        }
    }

    #[test]
    fn headers_that_cannot_be_sent_are_refused_and_not_repeated() {
        let yaml = "{otlp: {url: 'https://otel.example.com', headers: {env: OTLP_HEADERS}}}";
        for set in [
            None,
            Some("secret-1"),
            Some("a b=secret-1"),
            Some("a=secret-1\u{7f}"),
        ] {
            let (otlp, problems) = told_of(yaml, set);
            assert!(otlp.is_none(), "{set:?}");
            let told = problems.join("\n");
            assert!(
                told.contains("OTLP_HEADERS") && !told.contains("secret-1"),
                "{told}"
            );
        }
    }

    /// The example that an administrator copies.
    #[test]
    fn the_example_is_read_as_it_stands_and_names_every_key() {
        let example = include_str!("../../manifests/examples/telemetry.yaml");
        let file: ConfigFile = serde_saphyr::from_str(example).unwrap();
        let (otlp, problems) = read(&file.telemetry, |name| {
            (name == "OTLP_HEADERS").then(|| "x-tenant=a".to_owned())
        });
        assert_eq!(problems, [""; 0]);
        let otlp = otlp.unwrap();
        assert_eq!(otlp.headers.len(), 1);
        let default: Written = serde_saphyr::from_str("{otlp: {url: 'http://localhost'}}").unwrap();
        let (default, _) = read(&default, |_| None);
        assert_eq!(
            otlp.service,
            default.unwrap().service,
            "the default is told as it is"
        );
    }
}
