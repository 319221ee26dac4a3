//! A bar on standard error for long work: how far, how fast, until when. Nothing where nobody watches.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::Output;

/// A bar that fills up to `total` of `unit`; hidden unless a terminal shows it.
#[must_use]
pub fn bar(out: &Output, what: &'static str, unit: &'static str, total: u64) -> ProgressBar {
    let target =
        if out.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let template =
        format!("{{prefix}} {{wide_bar}} {{human_pos}}/{{human_len}} {unit}  {{per_sec}}  {{eta}} left");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(Some(total), target).with_style(style);
    bar.set_prefix(what);
    bar
}

/// A bar over a file that is read; of unknown length without a `total`.
#[must_use]
pub fn bytes(out: &Output, what: &'static str, total: Option<u64>) -> ProgressBar {
    let target =
        if out.shows_progress() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let template = match total {
        Some(_) => "{prefix} {wide_bar} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
        None => "{prefix} {bytes}  {bytes_per_sec}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(total, target).with_style(style);
    bar.set_prefix(what);
    bar
}
