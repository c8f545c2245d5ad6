//! How long an object may outlive its end, by what is broken: the bounds of the first promise. Nothing
//! here is gone by; whoever tests the promise measures with it.

use crate::units::Seconds;

/// Nothing is broken.
pub const NORMALLY: Seconds = Seconds(2);

/// One of several replicas is gone.
pub const REPLICA_LOST: Seconds = Seconds(3);

/// The store is away, or lost something.
pub const STORE_AWAY: Seconds = Seconds(5);

/// The API server was away: counted from its return.
pub const API_BACK: Seconds = Seconds(15);
