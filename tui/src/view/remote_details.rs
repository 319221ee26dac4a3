//! All of what is chosen on the servers' tab: a server, or a disagreement with its evidence.

use ratatui::layout::Rect;

use super::overlay::boxed;
use super::pieces::middle;
use super::remote::verdict_style;
use crate::draw::{Pen, Text};
use crate::format;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;
use crate::theme::Theme;

/// Columns of the words before facts.
const WORDS: usize = 12;
/// Columns of the box over a screen.
const COLUMNS: u16 = 76;

/// Lines with a word before them: broken to a width, what goes on stands under its beginning.
struct Lines<'a> {
    theme: &'a Theme,
    width: usize,
    all: Vec<Text>,
}

impl Lines<'_> {
    fn add(&mut self, word: &'static str, text: impl Into<SafeText>, style: ratatui::style::Style) {
        for (i, line) in text.into().wrap(self.width.saturating_sub(WORDS)).into_iter().enumerate() {
            let word = if i == 0 { word } else { "" };
            self.all.push(Text::new(ink!("{word:<WORDS$}"), self.theme.dim).add(line, style));
        }
    }
}

/// Over the screen, with the keys.
pub(super) fn overlay(state: &State, scroll: usize, pen: &mut Pen<'_>, area: Rect) {
    let area = middle(area, COLUMNS.max(area.width / 2), area.height - 1);
    let inner = boxed(pen, area, &title(state, pen.theme));
    let lines = lines(state, pen.theme, usize::from(inner.width));
    let height = usize::from(inner.height);
    let start = scroll.min(lines.len().saturating_sub(height));
    for (y, line) in (inner.y..).zip(lines.iter().skip(start).take(height)) {
        pen.put(inner.x, y, inner.width, line);
    }
    if lines.len() > height {
        let shown = ink!("{}–{} of {}", start + 1, (start + height).min(lines.len()), lines.len());
        pen.corner(area, &Text::new(shown, pen.theme.dim));
    }
}

/// Below the lists, where there is room.
pub(super) fn panel(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let inner = pen.panel(area, &title(state, pen.theme), false);
    let lines = lines(state, pen.theme, usize::from(inner.width));
    for (y, line) in (inner.y..inner.bottom()).zip(&lines) {
        pen.put(inner.x, y, inner.width, line);
    }
}

fn title(state: &State, theme: &Theme) -> Text {
    match state.remote.list {
        ServerList::Servers => {
            let url = state.remote.chosen_server().map(|server| server.url.clone()).unwrap_or_default();
            Text::new("Server", theme.heading).add(" · ", theme.dim).add(url, theme.own)
        }
        ServerList::Disagreements => Text::new("Disagreement", theme.heading),
    }
}

fn lines(state: &State, theme: &Theme, width: usize) -> Vec<Text> {
    let mut lines = Lines { theme, width, all: Vec::new() };
    match state.remote.list {
        ServerList::Servers => match state.remote.chosen_server() {
            Some(server) => about_server(server, &mut lines),
            None => lines.add("", "There is no server.", theme.dim),
        },
        ServerList::Disagreements => match state.remote.chosen_disagreement() {
            Some(row) => about_disagreement(state, row, &mut lines),
            None => {
                lines.add("", "No server has contradicted another, or said something false.", theme.dim);
            }
        },
    }
    lines.all
}

fn about_server(server: &ServerRow, lines: &mut Lines<'_>) {
    let theme = lines.theme;
    let standing: SafeText = match server.state {
        ServerState::Untried => "not heard yet".into(),
        ServerState::Followed => "followed: what it announces is checked and taken".into(),
        ServerState::Ready => "ready: it is asked when the followed one fails, or for a second answer".into(),
        ServerState::OtherBranch { since } => {
            ink!("on another branch since block {}, which is not heavier by enough", format::count(since))
        }
        ServerState::Ahead { by_ms } => {
            ink!("its tip is {} ahead of the clock here, and not taken before", format::span(by_ms / 1_000))
        }
        ServerState::Silent => "no usable answer: it is tried again after a rest, a minute at most".into(),
        ServerState::Refuted => "what it last said is false, or it did not prove it".into(),
        ServerState::Distrusted => "distrusted for what it said: not asked again until the next start".into(),
    };
    lines.add("url", &server.url, theme.strong);
    lines.add("state", standing, theme.text);
    let height = |height: Option<u64>| height.map_or_else(|| "–".into(), format::count);
    let heights = ink!("claims {}, has proven {}", height(server.claimed), height(server.proven));
    lines.add("height", heights, theme.text);
    let latency = server.latency_ms.map_or_else(|| "–".into(), format::fine_millis);
    lines.add("latency", latency, theme.text);
    let (asked, failed) = server.questions;
    let questions = ink!("{} answered, {} not", format::count(asked), format::count(failed));
    lines.add("questions", questions, theme.text);
    let (received, sent) = server.bytes;
    lines.add(
        "bytes",
        ink!("{} received, {} sent", format::bytes(received), format::bytes(sent)),
        theme.text,
    );
    let learns: SafeText = match server.addresses {
        0 => "none of your addresses: others are asked about them first".into(),
        1 => "1 of your addresses: it is the one that is asked about it".into(),
        n => ink!("{n} of your addresses: it can tell that they belong together"),
    };
    lines.add("learns", learns, if server.addresses > 1 { theme.warn } else { theme.text });
    match server.faults.len() {
        0 => lines.add("honesty", "nothing false", theme.good),
        1 => lines.add("honesty", "1 thing that was false or odd", theme.bad),
        n => lines.add("honesty", ink!("{n} things that were false or odd"), theme.bad),
    }
    for fault in &server.faults {
        lines.add("", ink!("{}  {}", format::moment(fault.time_ms), fault.words), theme.warn);
    }
}

fn about_disagreement(state: &State, row: &DisagreementRow, lines: &mut Lines<'_>) {
    let theme = lines.theme;
    let ago = format::age(state.now_ms, row.time_ms);
    let ago = if ago.as_str() == "now" { ago } else { ink!("{ago} ago") };
    lines.add("when", ink!("{} UTC, {ago}", format::moment(row.time_ms)), theme.text);
    lines.add("about", &row.about, theme.strong);
    for (who, what) in &row.said {
        lines.add("said", ink!("{who}"), theme.own);
        lines.add("", what, theme.text);
    }
    lines.add("verdict", row.verdict.word(), verdict_style(row.verdict, theme));
    lines.add("", &row.outcome, theme.text);
    for (i, evidence) in row.evidence.iter().enumerate() {
        lines.add(if i == 0 { "evidence" } else { "" }, evidence, theme.dim);
    }
}
