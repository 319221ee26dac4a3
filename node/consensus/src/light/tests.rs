#![allow(clippy::unwrap_used)]

mod chain;
mod claims;
mod forge;
mod honest;
mod invented;
mod lies;
mod mutation;
mod soundness;
mod store;
mod vectors;
