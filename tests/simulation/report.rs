//! What a scenario prints and what it claims. A report is text and a list of broken claims, so that one run of a
//! scenario gives the table that the documents keep and the verdict of the test.

use std::fmt::Write;

/// How much is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// What every run of the tests can afford.
    Short,
    /// What the documents keep.
    Full,
}

impl Size {
    /// What the environment asks for: `VIBECOIN_SIMULATION=full`.
    pub fn asked() -> Self {
        match std::env::var("VIBECOIN_SIMULATION").as_deref() {
            Ok("full") => Self::Full,
            _ => Self::Short,
        }
    }

    /// One of two values.
    pub fn pick<T>(self, short: T, full: T) -> T {
        match self {
            Self::Short => short,
            Self::Full => full,
        }
    }
}

/// The seed that the environment asks for with `VIBECOIN_SEED`, or the one of the documents.
pub fn seed_asked() -> u64 {
    std::env::var("VIBECOIN_SEED").map_or(1, |seed| seed.parse().expect("VIBECOIN_SEED is a number"))
}

/// A table and its claims.
pub struct Report {
    text: String,
    claims: u32,
    broken: Vec<String>,
}

impl Report {
    pub fn new(title: &str, seed: u64) -> Self {
        Self { text: format!("### {title} (seed {seed})\n"), claims: 0, broken: Vec::new() }
    }

    /// A line between the tables.
    pub fn say(&mut self, line: &str) {
        let _ = writeln!(self.text, "\n{line}");
    }

    /// The head of a table.
    pub fn head(&mut self, cells: &[&str]) {
        let rule: Vec<&str> =
            cells.iter().enumerate().map(|(at, _)| if at == 0 { "---" } else { "--:" }).collect();
        let _ = writeln!(self.text, "\n| {} |\n| {} |", cells.join(" | "), rule.join(" | "));
    }

    /// A row of it.
    pub fn row(&mut self, cells: &[String]) {
        let _ = writeln!(self.text, "| {} |", cells.join(" | "));
    }

    /// Something that must be so.
    pub fn claim(&mut self, holds: bool, what: impl FnOnce() -> String) {
        self.claims += 1;
        if !holds {
            self.broken.push(what());
        }
    }

    /// That a value lies within so much of what it should be.
    pub fn near(&mut self, what: &str, value: f64, expected: f64, within: f64) {
        self.claim((value - expected).abs() <= within, || {
            format!("{what} is {value:.4}, not within {within:.4} of {expected:.4}")
        });
    }

    /// Takes over the claims of a part that was worked out elsewhere; its text is dropped.
    pub fn absorb(&mut self, part: Self) {
        self.claims += part.claims;
        self.broken.extend(part.broken);
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Prints the text, and fails if a claim is broken.
    pub fn finish(self) {
        println!("\n{}\n{} claims, {} broken", self.text, self.claims, self.broken.len());
        assert!(self.claims > 0, "a report without a claim cannot fail");
        assert!(self.broken.is_empty(), "broken claims:\n  {}", self.broken.join("\n  "));
    }
}

/// A ratio as a percentage.
pub fn percent(ratio: f64) -> String {
    format!("{:.2} %", 100.0 * ratio)
}

/// A ratio less one, signed, as a percentage.
pub fn off(ratio: f64) -> String {
    format!("{:+.2} %", 100.0 * (ratio - 1.0))
}

/// The mean of some values.
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}
