//! `vibecoin tui`.

use crate::cli::node::TuiArgs;
use crate::context::Context;
use crate::failure::Outcome;

/// Shows the screens.
///
/// # Errors
/// None yet.
pub fn run(_context: &Context, _args: &TuiArgs) -> Outcome {
    Ok(())
}
