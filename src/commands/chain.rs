//! `vibecoin chain`: looking into the chain, checking it, carrying it elsewhere.
//!
//! What only looks asks the node that runs, or else reads the directory itself. What writes or checks all of it
//! needs the directory for itself.

use crate::cli::chain::ChainCommand;
use crate::context::Context;
use crate::failure::Outcome;

mod export;
mod face;
mod generate;
mod grouped;
mod import;
mod look;
mod poh;
mod reindex;
mod scratch;
mod spec;
mod store;
mod verify;

pub use store::{StoreFailure, directory_hint, is_free};

/// Runs a command of `vibecoin chain`.
///
/// # Errors
/// What went wrong, each with an exit code of its own.
pub fn run(context: &Context, command: ChainCommand) -> Outcome {
    match command {
        ChainCommand::Import { file, now_ms, full } => import::run(context, &file, now_ms, full),
        ChainCommand::Generate(args) => generate::run(context, &args),
        ChainCommand::Reindex => reindex::run(context),
        ChainCommand::Verify => verify::run(context),
        ChainCommand::NewSpec { from, set, out } => spec::run(context, &from, &set, &out),
        ChainCommand::Export(args) => export::run(context, &args),
        ChainCommand::Poh { block, verify } => {
            face::with(context, async |node| poh::run(context, node, block, verify).await)
        }
        ChainCommand::Info => face::with(context, async |node| look::info(context, node).await),
        ChainCommand::Block { block, raw } => {
            face::with(context, async |node| look::block(context, node, block, raw).await)
        }
        ChainCommand::Tx { txid } => {
            face::with(context, async |node| look::transaction(context, node, &txid).await)
        }
        ChainCommand::Account { address, at } => {
            face::with(context, async |node| look::account(context, node, &address, at).await)
        }
        ChainCommand::Search { text } => {
            face::with(context, async |node| look::search(context, node, text).await)
        }
        ChainCommand::Forks => face::with(context, async |node| look::forks(context, node).await),
        ChainCommand::Supply => face::with(context, async |node| look::supply(context, node).await),
    }
}
