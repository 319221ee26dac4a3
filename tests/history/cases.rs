//! The table of cases, by what is wrong with them.

mod bodies;
mod harmless;
mod headers;
mod pace;
mod states;
mod transactions;

use super::case::Case;

/// All of them.
pub fn all() -> Vec<Case> {
    [
        bodies::cases(),
        headers::cases(),
        pace::cases(),
        transactions::cases(),
        states::cases(),
        harmless::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
