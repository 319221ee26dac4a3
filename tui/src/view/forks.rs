//! Branches beside the active chain, and the times when it was changed over.

use ratatui::layout::Rect;

use super::pieces;
use crate::draw::{Pen, Text};
use crate::format;
use crate::model::{ForkRow, Forks, ReorganisationRow};
use crate::safe::ink;
use crate::state::State;

/// A line of the page. Rows can be chosen, and count from 0 over both lists.
enum Entry<'a> {
    BranchHead,
    Branch(usize, &'a ForkRow),
    Gap,
    EventHead,
    Event(usize, &'a ReorganisationRow),
}

/// Where the columns of branches begin, and their heads.
const BRANCH: [(u16, &str); 5] =
    [(0, "tip height"), (12, "branches at"), (25, "blocks"), (33, "status"), (52, "tip")];
/// Where the columns of reorganisations begin, and their heads.
const EVENT: [(u16, &str); 5] =
    [(0, "reorganised"), (12, "branches at"), (25, "off"), (33, "on"), (52, "tip before")];

pub(super) fn draw(state: &State, forks: &Forks, selected: usize, pen: &mut Pen<'_>, area: Rect) {
    let mut lines = Vec::new();
    if !forks.branches.is_empty() {
        lines.push(Entry::BranchHead);
        lines.extend(forks.branches.iter().enumerate().map(|(i, row)| Entry::Branch(i, row)));
    }
    if !forks.reorganisations.is_empty() {
        if !lines.is_empty() {
            lines.push(Entry::Gap);
        }
        lines.push(Entry::EventHead);
        let before = forks.branches.len();
        lines.extend(forks.reorganisations.iter().enumerate().map(|(i, row)| Entry::Event(before + i, row)));
    }
    let chosen = lines.iter().position(|line| line.number() == Some(selected)).unwrap_or_default();
    let height = usize::from(area.height);
    let first = pieces::first_row(chosen, lines.len(), height);
    for (y, line) in (area.y..).zip(lines.iter().skip(first).take(height)) {
        if line.number() == Some(selected) {
            pen.tint(Rect::new(area.x - 1, y, area.width + 2, 1), pen.theme.selected);
        }
        draw_line(state, line, pen, Rect { y, height: 1, ..area });
    }
}

impl Entry<'_> {
    const fn number(&self) -> Option<usize> {
        match self {
            Self::Branch(number, _) | Self::Event(number, _) => Some(*number),
            Self::BranchHead | Self::Gap | Self::EventHead => None,
        }
    }
}

fn draw_line(state: &State, line: &Entry<'_>, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let (x, y) = (area.x, area.y);
    let heads = |pen: &mut Pen<'_>, columns: [(u16, &'static str); 5]| {
        for (at, word) in columns {
            pen.put(x + at, y, 14, &Text::new(word, theme.faint));
        }
    };
    let width = area.width.saturating_sub(52);
    match line {
        Entry::Gap => {}
        Entry::BranchHead => heads(pen, BRANCH),
        Entry::EventHead => heads(pen, EVENT),
        Entry::Branch(_, row) => {
            pen.put_right(x, y, 10, &Text::new(format::count(row.height), theme.text));
            pen.put_right(x + 12, y, 11, &Text::new(format::count(row.branches_at), theme.text));
            pen.put_right(x + 25, y, 6, &Text::new(format::count(row.length), theme.text));
            let lacking = match row.missing {
                0 => "".into(),
                missing => ink!(", {} lacking", format::count(missing)),
            };
            pen.put(x + 33, y, 18, &Text::new(&row.status, theme.warn).add(lacking, theme.dim));
            pen.put(x + 52, y, width, &Text::new(row.tip.middle(usize::from(width)), theme.dim));
        }
        Entry::Event(_, row) => {
            let style = if row.alarming { theme.bad } else { theme.text };
            let age = format::age(state.now_ms, row.time_ms);
            let age = if age.as_str() == "now" { age } else { ink!("{age} ago") };
            pen.put_right(x, y, 10, &Text::new(age, theme.text));
            pen.put_right(x + 12, y, 11, &Text::new(format::count(row.branches_at), theme.text));
            pen.put_right(x + 25, y, 6, &Text::new(format::count(row.reverted), style));
            pen.put(x + 33, y, 8, &Text::new(format::count(row.connected), theme.text));
            if row.alarming {
                pen.put(x + 42, y, 9, &Text::new("very deep", theme.bad));
            }
            pen.put(x + 52, y, width, &Text::new(row.from.middle(usize::from(width)), theme.dim));
        }
    }
}
