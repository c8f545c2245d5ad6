//! The corpus (`corpus.txt`) and the properties of the whole grammar.

mod corpus;
mod properties;
mod values;
