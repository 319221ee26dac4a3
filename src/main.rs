//! VibeCoin, the one binary: it reads the command line and hands over.

use std::process::ExitCode;

use clap::Parser;

mod attach;
mod cli;
mod commands;
mod config;
mod context;
mod failure;
mod logging;
mod output;
mod progress;
mod remote;
mod secrets;

/// Import allocates many short-lived rows on several threads, which is where the system's allocator is slow.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let out = output::Output::new(cli.global.json, cli.global.no_color, cli.global.quiet);
    let ended = color_eyre::install()
        .map_err(failure::Failure::Unexpected)
        .and_then(|()| Ok(context::Context::new(&cli, out)?))
        .and_then(|context| commands::run(cli, &context));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out.fail(&failure);
            failure.exit().into()
        }
    }
}
