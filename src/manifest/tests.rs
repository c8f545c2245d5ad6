//! Reading manifests: the corpus, single facts, properties, and size.

mod corpus;
mod pods;
mod properties;
mod reading;
mod size;
