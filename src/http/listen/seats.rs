//! Seats: how many connections there are at once, and how many of them from one network.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// All of them.
#[derive(Debug, Clone)]
pub(super) struct Seats {
    free: Arc<Semaphore>,
    /// The most that one network may have.
    each: usize,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    _free: OwnedSemaphorePermit,
    network: String,
    taken: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Seats {
    pub(super) fn new(all: usize, each: usize) -> Self {
        Self {
            free: Arc::new(Semaphore::new(all)),
            each,
            taken: Arc::default(),
        }
    }

    /// Waits until one is free; `None` never comes, for nobody closes the semaphore.
    pub(super) async fn free(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).acquire_owned().await.ok()
    }

    /// Gives it to somebody; `None`: their network has its share.
    pub(super) fn give(&self, free: OwnedSemaphorePermit, to: IpAddr) -> Option<Seat> {
        let network = network(to);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.entry(network.clone()).or_default();
        if *own >= self.each {
            return None;
        }
        *own += 1;
        Some(Seat {
            _free: free,
            network,
            taken: Arc::clone(&self.taken),
        })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.network) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                taken.remove(&self.network);
            }
        }
    }
}

/// What counts as one place: an address, or the /64 of an IPv6 one, for whoever has one of these has all.
pub fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).to_string(),
    }
}
