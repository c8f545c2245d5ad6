//! Valkey keeps the contract.

use super::conformance::with_cases;
use super::harness::Single;
use crate::servers::redis::Product;

with_cases!(conformance, Single::start(Product::Valkey));
