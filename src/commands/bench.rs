//! `vibecoin bench`: what this machine does, side by side with what it is compared to.
//!
//! Alternatives take turns in short rounds, and the best of each counts: whatever else the machine does then
//! falls on all of them alike. Figures of different runs are not comparable; the ratios of one run are.

use serde::Serialize;

use crate::cli::{BenchArgs, BenchSubject};
use crate::context::{Context, exit_on_interrupt};
use crate::failure::Outcome;
use crate::output::{Side, Tint};

mod import;
mod light;
mod poh;
mod pow;
mod signatures;
mod stopwatch;

/// What was measured of one subject.
#[derive(Debug, Serialize)]
struct Report {
    subject: &'static str,
    /// What the figures were measured on.
    setting: String,
    rates: Vec<Rate>,
    ratios: Vec<Ratio>,
}

/// How often something happens in a second.
#[derive(Debug, Serialize)]
struct Rate {
    what: String,
    per_second: f64,
    unit: &'static str,
}

/// How one figure compares to another of the same run, or which part of a whole it is.
#[derive(Debug, Serialize)]
struct Ratio {
    what: String,
    ratio: f64,
}

impl Report {
    fn rate(&mut self, what: impl Into<String>, per_second: f64, unit: &'static str) {
        self.rates.push(Rate { what: what.into(), per_second, unit });
    }

    fn ratio(&mut self, what: impl Into<String>, ratio: f64) {
        self.ratios.push(Ratio { what: what.into(), ratio });
    }
}

/// Measures.
///
/// # Errors
/// What the disk or the chain answers to the measurement of imports.
pub fn run(context: &Context, args: &BenchArgs) -> Outcome {
    exit_on_interrupt(context.out)?;
    let quicker = args.quicker;
    let mut reports = Vec::new();
    let wanted = |subject| args.what == subject || args.what == BenchSubject::All;
    if wanted(BenchSubject::Poh) {
        context.out.say("Measuring the Proof of History …");
        reports.push(poh::measure(quicker)?);
    }
    if wanted(BenchSubject::Pow) {
        context.out.say("Measuring the Proof of Work …");
        reports.push(pow::measure(quicker)?);
    }
    if wanted(BenchSubject::Signatures) {
        context.out.say("Measuring signatures …");
        reports.push(signatures::measure(quicker)?);
    }
    if wanted(BenchSubject::Light) {
        context.out.say("Measuring light proofs; headers have to be made first …");
        reports.push(light::measure(quicker)?);
    }
    if wanted(BenchSubject::Import) {
        context.out.say("Measuring imports; a chain has to be made first …");
        reports.push(import::measure(context, quicker)?);
    }
    match reports.as_slice() {
        [only] => context.out.answer(only, |paper| print(paper, &reports)),
        several => context.out.answer(&several, |paper| print(paper, &reports)),
    }
}

fn print(paper: &mut crate::output::Paper, reports: &[Report]) {
    for report in reports {
        paper.gap().tinted(Tint::Strong, report.subject).tinted(Tint::Faint, &report.setting);
        let rates: Vec<Vec<String>> = report
            .rates
            .iter()
            .map(|rate| {
                let (figure, unit) = scaled(rate.per_second, rate.unit);
                vec![rate.what.clone(), figure, unit]
            })
            .collect();
        paper.table(&[("measured", Side::Left), ("", Side::Right), ("", Side::Left)], &rates, "");
        let ratios: Vec<Vec<String>> = report
            .ratios
            .iter()
            .map(|ratio| vec![ratio.what.clone(), format!("{:.2}", ratio.ratio)])
            .collect();
        paper.table(&[("compared", Side::Left), ("ratio", Side::Right)], &ratios, "");
    }
}

/// A figure with four digits or so, and its unit with a prefix.
fn scaled(per_second: f64, unit: &str) -> (String, String) {
    match per_second {
        rate if rate >= 1e6 => (format!("{:.2}", rate / 1e6), format!("M {unit}/s")),
        rate if rate >= 1e4 => (format!("{:.1}", rate / 1e3), format!("k {unit}/s")),
        rate => (format!("{rate:.1}"), format!("{unit}/s")),
    }
}
