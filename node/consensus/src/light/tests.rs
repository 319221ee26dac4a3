#![allow(clippy::unwrap_used)]

mod chain;
mod claims;
mod forge;
mod honest;
mod invented;
mod lies;
mod million;
mod mutation;
mod prover;
mod soundness;
mod store;
mod vectors;
