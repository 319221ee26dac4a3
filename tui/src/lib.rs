//! The terminal screens: they show and ask.
//!
//! A [`State`] of plain data is changed by [`update()`] alone and drawn by [`view()`]; what is to be done outside comes
//! out as effects, which the runner puts to a [`Backend`] and whose answers come back as actions. An answer that
//! comes too late is dropped by its generation.
//!
//! Deliberately absent: the node, the network, the store. Everything here leans on the client and the primitives.

pub mod action;
pub mod backend;
pub mod client;
mod draw;
pub mod field;
pub mod format;
pub mod keymap;
pub mod model;
pub mod safe;
pub mod state;
pub mod svg;
pub mod theme;
mod update;
mod view;

mod runner;

pub use backend::Backend;
pub use runner::{Options, TuiError, run};
pub use state::{Settings, State};
pub use theme::Theme;
pub use update::{unavailable, update};
pub use view::{clicked, render, view};
