//! The memory store keeps the contract.

use super::conformance::with_cases;
use super::harness::Memory;

with_cases!(conformance, Memory::start());
