//! One file per command. Each reads its arguments, asks whoever knows, and prints the answer.

use crate::cli::{Cli, Command};
use crate::context::Context;
use crate::failure::Outcome;
use crate::logging::Places;

mod bench;
mod chain;
mod config;
mod dev;
mod light;
mod mempool;
mod mine;
mod node;
mod pages;
mod peers;
mod rpc;
mod tui;
mod wallet;

pub use chain::{StoreFailure, directory_hint, is_free};

/// Runs the command of this line.
///
/// # Errors
/// [`Failure`](crate::failure::Failure), which says with what code the process ends.
pub fn run(cli: Cli, context: &Context) -> Outcome {
    // Those two have logs of their own; the guard of the others keeps nothing.
    let _log = match &cli.command {
        None | Some(Command::Tui(_)) => None,
        Some(Command::Node(args)) if args.action.is_none() => None,
        Some(_) => Some(context.start_log(Places::Terminal, None)?),
    };
    match cli.command {
        None => tui::run(context, &crate::cli::node::TuiArgs::default()),
        Some(Command::Tui(args)) => tui::run(context, &args),
        Some(Command::Node(args)) => node::run(context, &args),
        Some(Command::Wallet(args)) => wallet::run(context, args),
        Some(Command::Light(args)) => light::run(context, &args),
        Some(Command::Chain { command }) => chain::run(context, command),
        Some(Command::Mempool { command }) => mempool::run(context, &command),
        Some(Command::Peers { command }) => peers::run(context, &command),
        Some(Command::Mine { command }) => mine::run(context, &command),
        Some(Command::Dev { command }) => dev::run(context, &command),
        Some(Command::Rpc(args)) => rpc::run(context, &args),
        Some(Command::Config { command }) => config::run(context, &command),
        Some(Command::Bench(args)) => bench::run(context, &args),
        Some(Command::Completions { shell }) => pages::completions(context, shell),
        Some(Command::Man { out }) => pages::manual(context, out.as_deref()),
    }
}
