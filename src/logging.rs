//! The log: to the terminal, to files of a day each, or both.
//!
//! Deliberately absent: any secret. Passwords, words and keys are types that print nothing of themselves, and the
//! cookie is never handed to a log.

use std::io::IsTerminal;
use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt};

use crate::config::{Config, Key};
use crate::failure::{Failure, Outcome};

#[cfg(test)]
mod tests;

/// Log lines of other programs' parts, which matter only when something is wrong with them.
const OTHERS: &str = "warn";

/// A part of the log that somebody adds, such as the stream of lines that the node's API offers.
pub type Extra = Box<dyn Layer<Registry> + Send + Sync>;

/// Where log lines go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// To standard error only: commands that end soon.
    Terminal,
    /// To standard error and to files: a node.
    Both,
    /// To files only: the screen belongs to somebody else.
    Files,
}

/// Keeps the writer of the files going; what is still on its way is written when it is dropped.
#[must_use]
pub struct Guard {
    _writer: Option<WorkerGuard>,
}

/// Starts the log. The level is that of the configuration for a node and its screens, else warnings; `louder` steps
/// are added.
///
/// # Errors
/// [`Failure::Io`] when the folder of the log files cannot be used.
pub fn start(
    config: &Config,
    places: Places,
    louder: i8,
    color: bool,
    extra: Option<Extra>,
) -> Outcome<Guard> {
    let level = level(base_level(config, places), louder);
    let filter = || EnvFilter::new(directives(level));
    let mut layers: Vec<Extra> = Vec::new();
    layers.extend(extra.map(|extra| filtered(extra, level)));
    if places != Places::Files {
        let layer =
            fmt::layer().with_writer(std::io::stderr).with_ansi(color && std::io::stderr().is_terminal());
        let layer = match places {
            // Somebody watches these lines: the time of day is enough for them.
            Places::Both | Places::Files => layer.with_target(false).with_filter(filter()).boxed(),
            Places::Terminal => layer.without_time().with_target(false).with_filter(filter()).boxed(),
        };
        layers.push(layer);
    }
    let mut guard = Guard { _writer: None };
    if places != Places::Terminal {
        let files = config.number(Key::LogFiles).unwrap_or(7);
        let (writer, worker) = tracing_appender::non_blocking(appender(&config.log_dir(), files)?);
        layers.push(fmt::layer().with_writer(writer).with_ansi(false).with_filter(filter()).boxed());
        guard._writer = Some(worker);
    }
    // A second start in one process could only be a test's.
    let _ = Registry::default().with(layers).try_init();
    Ok(guard)
}

/// A part that takes what the others take, and nothing more: other programs' parts say a lot at their lowest levels,
/// what they receive word for word included.
fn filtered(extra: Extra, level: LevelFilter) -> Extra {
    extra.with_filter(EnvFilter::new(directives(level))).boxed()
}

fn base_level(config: &Config, places: Places) -> LevelFilter {
    match places {
        Places::Terminal if config.is_default(Key::Log) => LevelFilter::WARN,
        Places::Terminal | Places::Both | Places::Files => {
            config.text(Key::Log).and_then(|text| text.parse().ok()).unwrap_or(LevelFilter::INFO)
        }
    }
}

/// The level so many steps louder, or quieter if negative.
fn level(base: LevelFilter, louder: i8) -> LevelFilter {
    let order =
        [LevelFilter::ERROR, LevelFilter::WARN, LevelFilter::INFO, LevelFilter::DEBUG, LevelFilter::TRACE];
    let at = order.iter().position(|level| *level == base).unwrap_or_default();
    let wanted = at.saturating_add_signed(isize::from(louder));
    order[wanted.min(order.len() - 1)]
}

fn directives(level: LevelFilter) -> String {
    // A directive holds for every target that starts with its name: all crates of this program.
    format!("{OTHERS},vibecoin={level}")
}

fn appender(folder: &Path, files: usize) -> Outcome<RollingFileAppender> {
    let unusable = |error: std::io::Error| Failure::Io { path: folder.to_owned(), error };
    std::fs::create_dir_all(folder).map_err(unusable)?;
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("vibecoin")
        .filename_suffix("log")
        .max_log_files(files)
        .build(folder)
        .map_err(|error| unusable(std::io::Error::other(error)))
}
