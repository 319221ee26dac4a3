//! The screens as somebody at the keyboard has them: flows, looks, manners. Nothing is asked of a real backend.
#![allow(clippy::unwrap_used)]

mod support;

#[path = "screens/explorer.rs"]
mod explorer;
#[path = "screens/first_start.rs"]
mod first_start;
#[path = "screens/hostile.rs"]
mod hostile;
#[path = "screens/looks.rs"]
mod looks;
#[path = "screens/manners.rs"]
mod manners;
#[path = "screens/money.rs"]
mod money;
#[path = "screens/network.rs"]
mod network;
#[path = "screens/remote.rs"]
mod remote;
#[path = "screens/standing.rs"]
mod standing;
