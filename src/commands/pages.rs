//! `vibecoin completions` and `vibecoin man`: texts made of the definition of the command line.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::context::Context;
use crate::failure::{Failure, Outcome};

/// Writes a completion script.
///
/// # Errors
/// [`Failure::Pipe`] when nobody reads it.
pub fn completions(context: &Context, shell: Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "vibecoin", &mut script);
    context.out.raw(&script)
}

/// Writes the manual page of the program, or every page into a folder.
///
/// # Errors
/// [`Failure::Io`] when the folder cannot be written to.
pub fn manual(context: &Context, folder: Option<&Path>) -> Outcome {
    match folder {
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(Failure::io(folder))?;
            clap_mangen::generate_to(Cli::command(), folder).map_err(Failure::io(folder))?;
            context.out.say(&format!("The pages are in {}.", folder.display()));
            Ok(())
        }
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Cli::command())
                .render(&mut page)
                .map_err(Failure::io("standard output"))?;
            context.out.raw(&page)
        }
    }
}
