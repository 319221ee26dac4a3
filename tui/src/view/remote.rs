//! The servers: what is proven above, below it who was asked, and where they disagreed.
//!
//! ```text
//! ╭ Proven ──────────────────────────────────────────────── received 512 kB · sent 12.4 kB ╮
//! │ tip    12,408  2 s ago                                  believed up to 12,402          │
//! │ proof  312 kB in 0.84 s, 3 m ago   checked in 0.11 s   2 round trips                   │
//! │ since  2026-12-01, 15.1 kB kept    498 kB proven right   4.1 MB a day                  │
//! ╰────────────────────────────────────────────────────────────────────────────────────────╯
//! ╭ Servers · 2 of 3 asked ────────────────────────────────────────────────────────────────╮
//! ╭ Disagreements · 2 ─────────────────────────────────────────────────────────────────────╮
//! ```

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pieces::{self, pair};
use super::remote_details;
use crate::draw::{Pen, Text};
use crate::format;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;
use crate::theme::Theme;

/// Rows of the panel about what is proven.
const PROVEN_ROWS: u16 = 6;
/// From so many rows of a body on, all of what is chosen is shown below.
const TALL: u16 = 36;
/// Rows of that.
const DETAILS_ROWS: u16 = 16;
/// Columns of the words before facts.
const INDENT: u16 = 7;

pub(super) fn draw(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let Some(view) = &state.remote.view else {
        let inner = pen.panel(area, &Text::new("Servers", pen.theme.heading), true);
        pieces::empty(pen, inner, "asking the servers …");
        return;
    };
    let top = Rect { height: PROVEN_ROWS, ..area };
    proven(state, view, pen, top);
    let details = if area.height >= TALL { DETAILS_ROWS } else { 0 };
    let lists = Rect { y: top.bottom(), height: area.height - top.height - details, ..area };
    // A row for every server and its head, as long as half of the room is left for what they disagreed about.
    let wanted = u16::try_from(view.servers.len()).unwrap_or(u16::MAX).saturating_add(3);
    let upper = Rect { height: wanted.clamp(5, (lists.height / 2).max(5)), ..lists };
    servers(state, view, pen, upper);
    let lower = Rect { y: upper.bottom(), height: lists.height - upper.height, ..lists };
    disagreements(state, view, pen, lower);
    if details > 0 {
        remote_details::panel(state, pen, Rect { y: lists.bottom(), height: details, ..area });
    }
}

/// `3 m ago`
fn ago(state: &State, then_ms: u64) -> SafeText {
    match format::age(state.now_ms, then_ms) {
        age if age.as_str() == "now" => age,
        age => ink!("{age} ago"),
    }
}

fn proven(state: &State, view: &RemoteView, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let inner = pen.panel(area, &Text::new("Proven", theme.heading), false);
    let (received, sent) = view.traffic.bytes;
    let traffic = ink!("received {} · sent {}", format::bytes(received), format::bytes(sent));
    pen.corner(area, &Text::new(traffic, theme.dim));
    let tip = match (&view.proven, view.believed()) {
        (Some(tip), Some(believed)) => Text::new("✓ ", theme.good)
            .add(format::count(tip.height), theme.strong)
            .add(ink!("  {}", ago(state, tip.time_ms)), theme.dim)
            .add(ink!("   states believed up to {}", format::count(believed)), theme.text)
            .add(ink!(", {} below", view.depth), theme.dim),
        _ => Text::new(ink!("nothing is proven yet: {}", view.standing.unproven()), theme.warn),
    };
    let mut y = pair(pen, inner, inner.y, "tip", INDENT, &tip);
    let proof = match &view.proof {
        Some(proof) => {
            let from = match proof.resumed_from {
                Some(height) => ink!("after block {}, which was kept", format::count(height)),
                None => "from the genesis".into(),
            };
            #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
            let checked = proof.checked_us.map(|us| format::fine_millis(us as f64 / 1_000.0));
            let checked = checked.map(|took| ink!(", checked in {took}")).unwrap_or_default();
            Text::new(format::bytes(proof.bytes), theme.strong)
                .add(ink!(" in {}", format::brief_millis(proof.took_ms)), theme.strong)
                .add(ink!(", {from}"), theme.text)
                .add(checked, theme.dim)
                .add(ink!(", {}", ago(state, proof.time_ms)), theme.dim)
                .add(ink!(", {} answers", proof.round_trips), theme.dim)
        }
        None => Text::new("–", theme.faint),
    };
    y = pair(pen, inner, y, "proof", INDENT, &proof);
    let day = match view.traffic.day_bytes {
        Some(day) => Text::new(ink!("{} a day", format::bytes(day)), theme.text),
        None => Text::new("not known yet", theme.dim),
    };
    let kept = match view.kept {
        true => "   what is proven is kept for the next start",
        false => "   nothing is kept: the next start proves it again",
    };
    y = pair(pen, inner, y, "cost", INDENT, &day.add(kept, theme.dim));
    pair(pen, inner, y, "watch", INDENT, &watch(view, theme));
}

/// What should be looked at, in a line.
fn watch(view: &RemoteView, theme: &Theme) -> Text {
    let standing = match view.standing {
        Standing::Asking | Standing::Proving | Standing::Following => None,
        Standing::Stale => Some("the newest block is older than it should be"),
        Standing::Unreachable => Some("no server answers"),
        Standing::NoProof => Some("servers answer, but none proves what it claims"),
        Standing::AllFalse => Some("every server has said something false"),
        Standing::ClockWrong => Some("this computer's clock and the blocks' times do not fit"),
    };
    let standing = standing.map(|words| (SafeText::from(words), true));
    let cautions = view.cautions.iter().map(|caution| (caution.words.clone(), caution.grave));
    let mut all = standing.into_iter().chain(cautions);
    let Some((first, grave)) = all.next() else {
        return Text::new("nothing odd about times, clocks or reorganisations", theme.dim);
    };
    let (sign, style) = if grave { ("▲ ", theme.bad) } else { ("· ", theme.warn) };
    let more = match all.count() {
        0 => "".into(),
        more => ink!("  and {more} more"),
    };
    Text::new(sign, style).add(first, style).add(more, theme.dim)
}

/// Where the columns of the table of servers begin, and how wide they are. All but the first two are figures.
struct Columns {
    url: (u16, u16),
    state: (u16, u16),
    latency: (u16, u16),
    claimed: (u16, u16),
    proven: (u16, u16),
    faults: (u16, u16),
    received: (u16, u16),
    addresses: (u16, u16),
    /// Bytes sent, where there is room.
    sent: Option<(u16, u16)>,
    /// What it said last that was false, where there is room.
    rest: Option<(u16, u16)>,
}

impl Columns {
    fn of(width: u16) -> Self {
        let (url, bytes) = match width {
            0..=99 => (22, 6),
            100..=139 => (34, 8),
            _ => (44, 8),
        };
        let mut x = 0;
        let mut next = |width: u16| {
            let column = (x, width);
            x += width + 1;
            column
        };
        let mut columns = Self {
            url: next(url),
            state: next(10),
            latency: next(4),
            claimed: next(9),
            proven: next(9),
            faults: next(5),
            received: next(bytes),
            addresses: next(4),
            sent: None,
            rest: None,
        };
        if width >= 100 {
            columns.sent = Some(next(bytes));
        }
        columns.rest = width.checked_sub(x + 1).filter(|room| *room >= 12).map(|room| (x + 1, room));
        columns
    }

    /// The figures with their heads.
    fn figures(&self) -> [(Option<(u16, u16)>, &'static str); 7] {
        [
            (Some(self.latency), "ms"),
            (Some(self.claimed), "claims"),
            (Some(self.proven), "proven"),
            (Some(self.faults), "false"),
            (Some(self.received), "in"),
            (Some(self.addresses), "addr"),
            (self.sent, "out"),
        ]
    }
}

/// How a state looks: its word tells it already.
const fn state_style(state: ServerState, theme: &Theme) -> Style {
    match state {
        ServerState::Followed => theme.good,
        ServerState::Ready => theme.text,
        ServerState::Untried => theme.dim,
        ServerState::Silent | ServerState::OtherBranch { .. } | ServerState::Ahead { .. } => theme.warn,
        ServerState::Refuted | ServerState::Distrusted => theme.bad,
    }
}

fn servers(state: &State, view: &RemoteView, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let here = state.remote.list == ServerList::Servers;
    let (asked, all) = view.in_use();
    let title = Text::new("Servers", theme.heading).add(ink!(" · {asked} of {all} answer"), theme.dim);
    let inner = pen.panel(area, &title, here);
    let columns = Columns::of(inner.width);
    pen.put(inner.x, inner.y, columns.url.1, &Text::new("server", theme.faint));
    pen.put(inner.x + columns.state.0, inner.y, columns.state.1, &Text::new("state", theme.faint));
    for (column, word) in columns.figures() {
        if let Some((x, width)) = column {
            pen.put_right(inner.x + x, inner.y, width, &Text::new(word, theme.faint));
        }
    }
    if let Some((x, width)) = columns.rest {
        pen.put(inner.x + x, inner.y, width, &Text::new("what it said that was false", theme.faint));
    }
    let rows = usize::from(inner.height.saturating_sub(1));
    let first = pieces::first_row(state.remote.server, view.servers.len(), rows);
    for (y, (i, row)) in (inner.y + 1..).zip(view.servers.iter().enumerate().skip(first).take(rows)) {
        if here && i == state.remote.server {
            pen.tint(Rect::new(inner.x - 1, y, inner.width + 2, 1), theme.selected);
        }
        server_row(row, &columns, pen, inner.x, y);
    }
}

fn server_row(row: &ServerRow, columns: &Columns, pen: &mut Pen<'_>, left: u16, y: u16) {
    let theme = pen.theme;
    let url = row.url.middle(usize::from(columns.url.1));
    pen.put(left, y, columns.url.1, &Text::new(url, theme.text));
    let word = Text::new(row.state.word(), state_style(row.state, theme));
    pen.put(left + columns.state.0, y, columns.state.1, &word);
    let none = || Text::new("–", theme.faint);
    let height =
        |height: Option<u64>, style| height.map_or_else(none, |h| Text::new(format::count(h), style));
    let faults = match row.faults.len() {
        0 => none(),
        count => Text::new(ink!("{count}"), theme.bad),
    };
    let addresses =
        if row.addresses == 0 { none() } else { Text::new(ink!("{}", row.addresses), theme.text) };
    let bytes = |bytes| Text::new(brief_bytes(bytes), theme.dim);
    let figures = [
        row.latency_ms.map_or_else(none, |ms| Text::new(latency(ms), theme.text)),
        height(row.claimed, theme.dim),
        height(row.proven, theme.good),
        faults,
        bytes(row.bytes.0),
        addresses,
        bytes(row.bytes.1),
    ];
    for ((column, _), text) in columns.figures().into_iter().zip(&figures) {
        if let Some((x, width)) = column {
            pen.put_right(left + x, y, width, text);
        }
    }
    if let Some((x, width)) = columns.rest {
        let text = row.faults.first().map(|fault| Text::new(&fault.words, theme.warn)).unwrap_or_default();
        pen.put(left + x, y, width, &text);
    }
}

/// Milliseconds within four cells.
fn latency(ms: f64) -> SafeText {
    match ms {
        ms if ms < 1.0 => "<1".into(),
        ms if ms < 10_000.0 => ink!("{ms:.0}"),
        ms => ink!("{:.0}s", ms / 1_000.0),
    }
}

/// `412k`, `41.5M`: bytes within six cells.
fn brief_bytes(bytes: u64) -> SafeText {
    let text = format::bytes(bytes);
    ink!("{}", text.as_str().replace([' ', 'B'], ""))
}

fn disagreements(state: &State, view: &RemoteView, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let here = state.remote.list == ServerList::Disagreements;
    let all = view.disagreements.len();
    let style = if all > 0 { theme.warn } else { theme.dim };
    let title = Text::new("Disagreements", theme.heading).add(ink!(" · {all}"), style);
    let inner = pen.panel(area, &title, here);
    if view.disagreements.is_empty() {
        pieces::empty(pen, inner, "No server has contradicted another, or said something false.");
        return;
    }
    let rows = usize::from(inner.height);
    let first = pieces::first_row(state.remote.disagreement, view.disagreements.len(), rows);
    for (y, (i, row)) in (inner.y..).zip(view.disagreements.iter().enumerate().skip(first).take(rows)) {
        if here && i == state.remote.disagreement {
            pen.tint(Rect::new(inner.x - 1, y, inner.width + 2, 1), theme.selected);
        }
        pen.put_right(inner.x, y, 5, &Text::new(format::age(state.now_ms, row.time_ms), theme.dim));
        pen.put(inner.x + 7, y, 8, &Text::new(row.verdict.word(), verdict_style(row.verdict, theme)));
        let line = Text::new(&row.about, theme.text).add(": ", theme.dim).add(&row.outcome, theme.dim);
        pen.put(inner.x + 16, y, inner.width.saturating_sub(16), &line);
    }
}

/// How a verdict looks: its word tells it already.
pub(super) const fn verdict_style(verdict: Verdict, theme: &Theme) -> Style {
    match verdict {
        Verdict::False => theme.bad,
        Verdict::Heavier => theme.good,
        Verdict::Open => theme.warn,
    }
}
