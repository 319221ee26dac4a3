//! Who may import whom, and what is deliberately absent. The rules stand here as tables; the manifests, as cargo
//! reads them, must keep to them, so that a new arrow is a decision and not an accident.

mod arrows;
mod sources;
mod workspace;
