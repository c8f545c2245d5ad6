//! One page of a list, read object by object. Read at once, five hundred pods take many times the memory of their text.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess};
use serde::de::{SeqAccess, Visitor};

use super::PageMeta;

/// Reads a page: hands each object to `take`, and is what the page says of the list. What lacks the metadata of a
/// list is no list, however empty.
pub(in super::super) struct EachOf<T, F> {
    take: F,
    of: PhantomData<T>,
}

impl<T, F: FnMut(T)> EachOf<T, F> {
    pub(in super::super) const fn to(take: F) -> Self {
        let of = PhantomData;
        Self { take, of }
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Field {
    Metadata,
    Items,
    #[serde(other)]
    Other,
}

impl<'de, T: DeserializeOwned, F: FnMut(T)> DeserializeSeed<'de> for EachOf<T, F> {
    type Value = PageMeta;

    fn deserialize<D: Deserializer<'de>>(self, page: D) -> Result<PageMeta, D::Error> {
        page.deserialize_map(self)
    }
}

impl<'de, T: DeserializeOwned, F: FnMut(T)> Visitor<'de> for EachOf<T, F> {
    type Value = PageMeta;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut page: A) -> Result<PageMeta, A::Error> {
        let mut metadata = None;
        while let Some(field) = page.next_key()? {
            match field {
                Field::Metadata => metadata = Some(page.next_value()?),
                Field::Items => page.next_value_seed(Items(&mut self))?,
                Field::Other => {
                    page.next_value::<IgnoredAny>()?;
                }
            }
        }
        metadata.ok_or_else(|| Error::missing_field("metadata"))
    }
}

struct Items<'a, T, F>(&'a mut EachOf<T, F>);

impl<'de, T: DeserializeOwned, F: FnMut(T)> DeserializeSeed<'de> for Items<'_, T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, items: D) -> Result<(), D::Error> {
        items.deserialize_seq(self)
    }
}

impl<'de, T: DeserializeOwned, F: FnMut(T)> Visitor<'de> for Items<'_, T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the objects of a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element()? {
            (self.0.take)(item);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(page: &str) -> (Vec<u8>, Result<PageMeta, serde_json::Error>) {
        let mut items = Vec::new();
        let mut text = serde_json::Deserializer::from_str(page);
        let meta = EachOf::to(|item| items.push(item)).deserialize(&mut text);
        (items, meta)
    }

    #[test]
    fn objects_come_in_their_order_and_the_metadata_wherever_it_stands() {
        for page in [
            r#"{"kind":"List","metadata":{"resourceVersion":"7","continue":"on"},"items":[1,2,3]}"#,
            r#"{"items":[1,2,3],"metadata":{"resourceVersion":"7","continue":"on"},"more":{"a":[]}}"#,
        ] {
            let (items, meta) = read(page);
            let meta = meta.unwrap();
            assert_eq!(items, [1, 2, 3]);
            assert_eq!(
                (meta.resource_version.as_str(), meta.next.as_deref()),
                ("7", Some("on"))
            );
        }
    }

    #[test]
    fn a_list_without_objects_is_empty_and_one_without_metadata_is_none() {
        let (items, meta) = read(r#"{"metadata":{"resourceVersion":"7"}}"#);
        assert!(items.is_empty() && meta.unwrap().next.is_none());
        for page in [r#"{"items":[]}"#, r#"{"metadata":{}}"#, "{}", "[]", "null"] {
            assert!(read(page).1.is_err(), "{page}");
        }
    }

    #[test]
    fn a_broken_object_breaks_the_list() {
        for items in [r#"[1,"two"]"#, "[1", "null", "{}"] {
            let page = format!(r#"{{"metadata":{{"resourceVersion":"7"}},"items":{items}}}"#);
            assert!(read(&page).1.is_err(), "{page}");
        }
    }
}
