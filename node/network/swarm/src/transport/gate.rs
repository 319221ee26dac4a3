//! The gate before every dial: what is dialled on some peer's word is public, and no name.
//!
//! The table of addresses, hole punching and the like dial what strangers tell. Without this gate they could make a
//! node knock at the machines of its own network, or ask for names of their choice.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use libp2p::core::transport::{DialOpts, ListenerId, TransportError, TransportEvent};
use libp2p::{Multiaddr, Transport};
use parking_lot::Mutex;
use vibecoin_network::endpoint::Endpoint;

use crate::address::endpoint_of;

#[cfg(test)]
mod tests;

/// What may be dialled though it is a name, or not public: what this node itself has decided to dial.
#[derive(Clone, Debug)]
pub(crate) struct Permits {
    private_addresses: bool,
    /// With the number of dials that are under way.
    chosen: Arc<Mutex<HashMap<Endpoint, usize>>>,
}

impl Permits {
    pub(crate) fn new(private_addresses: bool) -> Self {
        Self { private_addresses, chosen: Arc::default() }
    }

    /// This node dials there; until the permit is dropped.
    pub(crate) fn permit(&self, endpoint: Endpoint) -> Permit {
        *self.chosen.lock().entry(endpoint.clone()).or_default() += 1;
        Permit { permits: self.clone(), endpoint }
    }

    /// Whether a stranger's word is enough.
    pub(crate) fn is_open(&self, endpoint: &Endpoint) -> bool {
        endpoint.is_global() || (self.private_addresses && endpoint.socket().is_some())
    }

    fn allows(&self, address: &Multiaddr) -> bool {
        endpoint_of(address)
            .is_some_and(|endpoint| self.is_open(&endpoint) || self.chosen.lock().contains_key(&endpoint))
    }
}

/// A dial that this node has decided on.
#[derive(Debug)]
pub(crate) struct Permit {
    permits: Permits,
    endpoint: Endpoint,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut chosen = self.permits.chosen.lock();
        if let Some(count) = chosen.get_mut(&self.endpoint) {
            *count -= 1;
            if *count == 0 {
                chosen.remove(&self.endpoint);
            }
        }
    }
}

/// A transport behind the gate.
pub(super) struct Gate<T> {
    inner: T,
    permits: Permits,
}

impl<T> Gate<T> {
    pub(super) const fn new(inner: T, permits: Permits) -> Self {
        Self { inner, permits }
    }
}

impl<T: Transport + Unpin> Transport for Gate<T> {
    type Output = T::Output;
    type Error = T::Error;
    type ListenerUpgrade = T::ListenerUpgrade;
    type Dial = T::Dial;

    fn listen_on(&mut self, id: ListenerId, address: Multiaddr) -> Result<(), TransportError<T::Error>> {
        self.inner.listen_on(id, address)
    }

    fn remove_listener(&mut self, id: ListenerId) -> bool {
        self.inner.remove_listener(id)
    }

    fn dial(&mut self, address: Multiaddr, options: DialOpts) -> Result<T::Dial, TransportError<T::Error>> {
        if self.permits.allows(&address) {
            self.inner.dial(address, options)
        } else {
            Err(TransportError::MultiaddrNotSupported(address))
        }
    }

    fn poll(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<TransportEvent<T::ListenerUpgrade, T::Error>> {
        Pin::new(&mut self.inner).poll(cx)
    }
}
