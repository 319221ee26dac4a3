//! The driver of the network on libp2p.
