//! The JSON Schema of templates and rules, for editors: what `drawbridge check --schema` prints.
//!
//! Written by hand, because it says more than the types do (patterns, what each field means); the
//! tests hold it to the types field by field. It helps while typing and never decides: `lint` does.

/// The schema, as JSON.
pub const SCHEMA: &str = include_str!("../../manifests/rules.schema.json");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::de::DeserializeOwned;
    use serde_json::{Value, json};
    use serde_saphyr::Error;

    use super::SCHEMA;
    use crate::rules::model as m;
    use crate::rules::set::InputKind;

    fn schema() -> Value {
        serde_json::from_str(SCHEMA).unwrap()
    }

    /// The fields that a type knows, by what it says to one that it does not.
    fn fields<T: DeserializeOwned>() -> BTreeSet<String> {
        let error = serde_saphyr::from_str::<T>("no-such-field: 1")
            .err()
            .unwrap();
        match error.without_snippet() {
            Error::SerdeUnknownField { expected, .. } => {
                expected.iter().map(|field| (*field).to_owned()).collect()
            }
            other => panic!("{other}"),
        }
    }

    /// Whether the type insists on this field, when all others are there as null or are optional:
    /// a missing field is told only by its name.
    fn demanded<T: DeserializeOwned>() -> Option<String> {
        match serde_saphyr::from_str::<T>("{}").err()?.without_snippet() {
            Error::SerdeMissingField { field, .. } => Some((*field).to_owned()),
            other => panic!("{other}"),
        }
    }

    fn check<T: DeserializeOwned>(name: &str) {
        let schema = schema();
        let part = &schema["$defs"][name];
        let properties: BTreeSet<String> = part["properties"]
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        assert_eq!(properties, fields::<T>(), "{name}");
        assert_eq!(part["additionalProperties"], json!(false), "{name}");
        let required: Vec<&str> = part["required"]
            .as_array()
            .map(|list| list.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        assert_eq!(
            demanded::<T>().as_deref(),
            required.first().copied(),
            "{name}"
        );
        for field in required {
            assert!(properties.contains(field), "{name}.{field}");
        }
    }

    #[test]
    fn the_schema_has_the_fields_of_the_types() {
        check::<m::AccessTemplate>("AccessTemplate");
        check::<m::AccessRule>("AccessRule");
        check::<m::Metadata>("Metadata");
        check::<m::TemplateSpec>("TemplateSpec");
        check::<m::InputSpec>("InputSpec");
        check::<m::DurationSpec>("DurationSpec");
        check::<m::GateFields>("GateFields");
        check::<m::ConnectSpec>("ConnectSpec");
        check::<m::RuleSpec>("RuleSpec");
        check::<m::MatchSpec>("MatchSpec");
        check::<m::RequestersSpec>("RequestersSpec");
        check::<m::CircleSpec>("CircleSpec");
        check::<m::StageSpec>("StageSpec");
        check::<m::LimitsSpec>("LimitsSpec");
        check::<m::RequireSpec>("RequireSpec");
        check::<m::EscalateSpec>("EscalateSpec");
        check::<m::EmergencySpec>("EmergencySpec");
        check::<m::AutoSpec>("AutoSpec");
        check::<m::HoursSpec>("HoursSpec");
        check::<m::AccountsSpec>("AccountsSpec");
        check::<m::IncidentSpec>("IncidentSpec");
    }

    #[test]
    fn the_schema_has_the_types_of_inputs() {
        let kinds = &schema()["$defs"]["InputSpec"]["properties"]["type"]["enum"];
        assert_eq!(kinds, &json!(InputKind::ALL.map(InputKind::name)));
    }

    #[test]
    fn every_reference_in_the_schema_leads_somewhere() {
        let schema = schema();
        for part in SCHEMA.split("\"#/$defs/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(schema["$defs"][name].is_object(), "{name}");
        }
    }
}
