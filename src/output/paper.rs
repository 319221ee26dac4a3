//! Aligned text for people: facts with their names, and tables.

use std::fmt::{Display, Write as _};

use vibecoin_tui::safe::SafeText;

use super::{Tint, tinted};

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Texts.
    Left,
    /// Numbers.
    Right,
}

/// What a command writes for a person, line by line. Every text is made safe on its way.
pub struct Paper {
    color: bool,
    text: String,
    /// Facts that wait for the longest name among them.
    facts: Vec<(SafeText, SafeText)>,
}

impl Paper {
    pub(super) const fn new(color: bool) -> Self {
        Self { color, text: String::new(), facts: Vec::new() }
    }

    /// A fact with its name. Names of facts in a row are aligned.
    pub fn fact(&mut self, name: &str, value: impl Display) -> &mut Self {
        self.facts.push((SafeText::new(name), SafeText::new(&value.to_string())));
        self
    }

    /// A fact, if there is one.
    pub fn fact_if(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        if let Some(value) = value {
            self.fact(name, value);
        }
        self
    }

    /// A line of its own.
    pub fn line(&mut self, text: impl Display) -> &mut Self {
        self.settle();
        let _ = writeln!(self.text, "{}", SafeText::new(&text.to_string()));
        self
    }

    /// A coloured line of its own.
    pub fn tinted(&mut self, tint: Tint, text: impl Display) -> &mut Self {
        self.settle();
        let text = SafeText::new(&text.to_string());
        let _ = writeln!(self.text, "{}", tinted(self.color, tint, text.as_str()));
        self
    }

    /// An empty line, unless nothing stands above it.
    pub fn gap(&mut self) -> &mut Self {
        self.settle();
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self
    }

    /// A table. Without rows only `empty` is written.
    pub fn table(&mut self, columns: &[(&str, Side)], rows: &[Vec<String>], empty: &str) -> &mut Self {
        self.settle();
        if rows.is_empty() {
            return self.line(empty);
        }
        let head: Vec<SafeText> = columns.iter().map(|(name, _)| SafeText::new(name)).collect();
        let rows: Vec<Vec<SafeText>> =
            rows.iter().map(|row| row.iter().map(|cell| SafeText::new(cell)).collect()).collect();
        let widths: Vec<usize> = (0..columns.len())
            .map(|at| {
                std::iter::once(&head).chain(&rows).filter_map(|row| row.get(at)).map(SafeText::width).max()
            })
            .map(Option::unwrap_or_default)
            .collect();
        let write = |row: &[SafeText]| {
            let mut line = String::new();
            for ((cell, width), (_, side)) in row.iter().zip(&widths).zip(columns) {
                let space = " ".repeat(width.saturating_sub(cell.width()));
                match side {
                    Side::Left => line.extend([cell.as_str(), space.as_str(), "  "]),
                    Side::Right => line.extend([space.as_str(), cell.as_str(), "  "]),
                }
            }
            line.trim_end().to_owned()
        };
        let mut text = tinted(self.color, Tint::Faint, &write(&head));
        for row in &rows {
            text.push('\n');
            text.push_str(&write(row));
        }
        self.text.push_str(&text);
        self.text.push('\n');
        self
    }

    /// Writes the facts that wait.
    fn settle(&mut self) {
        let width = self.facts.iter().map(|(name, _)| name.width()).max().unwrap_or_default();
        for (name, value) in std::mem::take(&mut self.facts) {
            let space = " ".repeat(width.saturating_sub(name.width()));
            let name = tinted(self.color, Tint::Faint, name.as_str());
            let _ = writeln!(self.text, "{name}{space}  {value}");
        }
    }

    pub(super) fn finish(mut self) -> String {
        self.settle();
        self.text
    }
}
