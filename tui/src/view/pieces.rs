//! Pieces that several screens are made of.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::draw::{self, Pen, Text};
use crate::format;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::State;
use crate::theme::Theme;

/// The first row to draw of a list of `len` with `height` rows so that `selected` is in sight.
pub(super) fn first_row(selected: usize, len: usize, height: usize) -> usize {
    if len <= height || height == 0 {
        return 0;
    }
    selected.saturating_sub(height / 2).min(len - height)
}

/// A word at the left, and what belongs to it; returns where the next line is.
pub(super) fn pair(
    pen: &mut Pen<'_>,
    area: Rect,
    y: u16,
    word: &'static str,
    indent: u16,
    text: &Text,
) -> u16 {
    if y < area.bottom() {
        pen.put(area.x, y, indent, &Text::new(word, pen.theme.dim));
        pen.put(area.x + indent, y, area.width.saturating_sub(indent), text);
    }
    y + 1
}

/// The sign and colour of an entry.
pub(super) fn sign(row: &HistoryRow, theme: &Theme) -> (&'static str, Style) {
    match row.kind {
        HistoryKind::Received | HistoryKind::Mined => ("+", theme.good),
        HistoryKind::Sent => ("−", theme.text),
        HistoryKind::Moved => ("⇄", theme.own),
        HistoryKind::Contract => ("·", theme.dim),
        HistoryKind::Failed => ("×", theme.bad),
    }
}

/// The word for an entry.
pub(super) const fn kind_word(kind: HistoryKind) -> &'static str {
    match kind {
        HistoryKind::Sent => "sent",
        HistoryKind::Received => "received",
        HistoryKind::Mined => "mined",
        HistoryKind::Moved => "moved",
        HistoryKind::Contract => "contract",
        HistoryKind::Failed => "failed",
    }
}

/// How a mark looks. Its sign tells it already: colour only helps.
const fn mark_style(mark: Mark, theme: &Theme) -> Style {
    match mark {
        Mark::Own | Mark::Unknown => theme.dim,
        Mark::Proven { .. } => theme.good,
        Mark::Unconfirmed { .. } => theme.accent,
        Mark::Reported => theme.warn,
    }
}

/// A mark with its words; nothing on an own node.
pub(super) fn mark(mark: Mark, theme: &Theme) -> Text {
    Text::new(mark.words(), mark_style(mark, theme))
}

/// A mark's sign; nothing on an own node.
pub(super) fn sign_of(mark: Mark, theme: &Theme) -> Text {
    Text::new(mark.sign(), mark_style(mark, theme))
}

/// A mark's sign in a panel's title, with space before it; nothing on an own node.
pub(super) fn title_sign(mark: Mark, theme: &Theme) -> Text {
    let space = if mark == Mark::Own { "" } else { " " };
    Text::new(space, theme.dim).join(sign_of(mark, theme))
}

/// What is known of an amount: a figure that nothing is known of is never shown as nothing.
pub(super) fn known(value: vibecoin_primitives::Amount, mark: Mark, theme: &Theme, style: Style) -> Text {
    if mark.is_known() { draw::amount(value, theme, style) } else { Text::new("…", theme.dim) }
}

/// Where an entry stands, in a few cells.
pub(super) fn status_brief(status: PaymentStatus, mark: Mark, theme: &Theme) -> Text {
    match status {
        PaymentStatus::Mined { done: true, confirmations, .. } if mark != Mark::Own => {
            let count = if confirmations >= 1_000 { "999+".into() } else { ink!("{confirmations}") };
            sign_of(mark, theme).add(" ", theme.dim).add(count, theme.dim)
        }
        PaymentStatus::Unknown => Text::new("unknown", theme.warn),
        PaymentStatus::Pending { .. } => Text::new("pending", theme.warn),
        PaymentStatus::Mined { done: false, .. } => Text::new("failed", theme.bad),
        PaymentStatus::Mined { confirmations, .. } if confirmations < crate::state::SETTLED => {
            Text::new(ink!("{confirmations} of {}", crate::state::SETTLED), theme.accent)
        }
        PaymentStatus::Mined { confirmations, .. } => {
            let mark = if confirmations >= 1_000 { "999+".into() } else { ink!("{confirmations}") };
            Text::new("✓ ", theme.good).add(mark, theme.dim)
        }
        PaymentStatus::Expired => Text::new("expired", theme.bad),
        PaymentStatus::Replaced => Text::new("replaced", theme.dim),
    }
}

/// Who is on the other side of an entry, by name when there is one.
pub(super) fn other_side(row: &HistoryRow, width: usize, theme: &Theme) -> Text {
    match (&row.name, &row.counterparty, row.kind) {
        (Some(name), _, _) => Text::new(name.cut(width), theme.own),
        (None, Some(address), _) => Text::new(address.middle(width), theme.dim),
        (None, None, HistoryKind::Mined) => Text::new("block reward", theme.dim),
        (None, None, _) => Text::new("new contract", theme.dim),
    }
}

/// An amount for a table with its point at a fixed column: `cells` before the point.
pub(super) fn aligned(
    value: vibecoin_primitives::Amount,
    sign: &'static str,
    cells: usize,
    style: Style,
    theme: &Theme,
) -> Text {
    let parts = format::amount_parts(value);
    let lead = ink!("{sign}{}", parts.whole);
    let pad = " ".repeat(cells.saturating_sub(lead.width()));
    let rest = if parts.rest_is_zero { SafeText::from("        ") } else { parts.rest };
    Text::new(ink!("{pad}"), style).add(lead, style).add(parts.first, style).add(rest, theme.dim)
}

/// An address that is somebody's: the own in its colour, a name beside it when there is one.
pub(super) fn address(state: &State, address: &SafeText, theme: &Theme) -> Text {
    let own = state.wallet().and_then(|w| w.overview.accounts.iter().find(|a| a.address == *address));
    let contact = || state.wallet().and_then(|w| w.contacts.iter().find(|c| c.address == *address));
    match own {
        Some(account) => Text::new(address, theme.own).add(ink!("  {}", account.name), theme.dim),
        None => match contact() {
            Some(contact) => Text::new(address, theme.text).add(ink!("  {}", contact.name), theme.own),
            None => Text::new(address, theme.text),
        },
    }
}

/// The miner of a block in a list.
pub(super) fn miner(row: &BlockRow, width: usize, theme: &Theme) -> Text {
    if row.own { Text::new("you", theme.own) } else { Text::new(row.miner.middle(width), theme.dim) }
}

/// A line that says that something is on its way, or that there is nothing.
pub(super) fn empty(pen: &mut Pen<'_>, area: Rect, words: &'static str) {
    let y = area.y + area.height.saturating_sub(1) / 2;
    pen.put_middle(area.x, y, area.width, &Text::new(words, pen.theme.dim));
}

/// Says what failed, and what to do about it.
pub(super) fn failure(pen: &mut Pen<'_>, area: Rect, failure: &Failure) -> u16 {
    let used = pen.paragraph(area, ink!("✗ {}", failure.words), pen.theme.bad);
    let rest = Rect { y: area.y + used, height: area.height.saturating_sub(used), ..area };
    match &failure.help {
        Some(help) => used + pen.paragraph(rest, ink!("  {help}"), pen.theme.dim),
        None => used,
    }
}

/// A box of a fixed size in the middle of an area.
pub(super) fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect::new(area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height)
}

/// The activity of a wallet in a few columns; `None` in `selected` when it cannot be chosen from.
pub(super) fn activity(
    state: &State,
    pen: &mut Pen<'_>,
    area: Rect,
    rows: &[&HistoryRow],
    selected: Option<usize>,
) {
    let theme = pen.theme;
    let height = usize::from(area.height);
    let first = first_row(selected.unwrap_or(0), rows.len(), height);
    let wide = area.width >= 104;
    for (i, row) in rows.iter().enumerate().skip(first).take(height) {
        let y = area.y + (i - first) as u16;
        if selected == Some(i) {
            pen.tint(Rect::new(area.x.saturating_sub(1), y, area.width + 2, 1), theme.selected);
        }
        let (mark, style) = sign(row, theme);
        let style = if row.is_pending() { theme.warn } else { style };
        let age = row.time_ms.map_or_else(|| "".into(), |t| format::age(state.now_ms, t));
        pen.put_right(area.x, y, 4, &Text::new(age, theme.dim));
        pen.put(area.x + 6, y, 9, &Text::new(kind_word(row.kind), style));
        pen.put(area.x + 15, y, 22, &aligned(row.amount, mark, 9, style, theme));
        let side = if wide { 46 } else { 20 };
        pen.put(area.x + 38, y, side, &other_side(row, usize::from(side), theme));
        let note = row.label.as_ref().or(row.memo.as_ref());
        let note_x = area.x + 39 + side;
        // Where there is room: the transaction and its block, before the status.
        let status_width = if area.width >= 150 { 46 } else { 9 };
        if area.width >= 150 {
            let x = area.right() - status_width;
            let txid = row.txid.as_ref().map(|id| id.middle(22)).unwrap_or_default();
            pen.put(x, y, 22, &Text::new(txid, theme.faint));
            if let PaymentStatus::Mined { height, .. } = row.status {
                pen.put_right(x + 23, y, 11, &Text::new(format::count(height), theme.dim));
            }
        }
        let note_width = (area.right().saturating_sub(status_width)).saturating_sub(note_x + 1);
        if let Some(note) = note.filter(|_| note_width >= 4) {
            let style = if row.label.is_some() { theme.accent } else { theme.dim };
            pen.put(note_x, y, note_width, &Text::new(note, style));
        }
        pen.put_right(area.right() - 9, y, 9, &status_brief(row.status, row.mark, theme));
    }
}

/// A whole amount in a panel: a word, the amount, and something after it.
pub(super) fn figure(
    pen: &mut Pen<'_>,
    area: Rect,
    y: u16,
    word: &'static str,
    value: vibecoin_primitives::Amount,
    after: Option<SafeText>,
) {
    let theme = pen.theme;
    let style = if value.is_zero() { theme.faint } else { theme.text };
    pen.put(area.x, y, 10, &Text::new(word, theme.dim));
    pen.put(area.x + 9, y, area.width.saturating_sub(9), &aligned(value, "", 7, style, theme));
    if let Some(after) = after {
        pen.put_right(area.x, y, area.width, &Text::new(after, theme.dim));
    }
}

/// The big amount of a panel.
pub(super) fn headline(
    pen: &mut Pen<'_>,
    area: Rect,
    y: u16,
    value: vibecoin_primitives::Amount,
    mark: Mark,
) {
    let theme = pen.theme;
    let text = known(value, mark, theme, theme.strong).add(" VIBE", theme.dim);
    pen.put(area.x, y, area.width, &text);
}

/// The newest activity with rewards in a row put together: a miner's history would else be nothing but rewards.
pub(super) fn grouped(rows: &[HistoryRow], most: usize) -> Vec<HistoryRow> {
    let mut out: Vec<HistoryRow> = Vec::new();
    let mut together = 1u64;
    for row in rows {
        let full = out.len() == most;
        match out.last_mut() {
            Some(last) if last.kind == HistoryKind::Mined && row.kind == HistoryKind::Mined => {
                together += 1;
                last.amount = last.amount.checked_add(row.amount).unwrap_or(last.amount);
                last.name = Some(ink!("{} block rewards", format::count(together)));
            }
            _ if full => break,
            _ => {
                together = 1;
                out.push(row.clone());
            }
        }
    }
    out
}

/// The activity panel of a wallet, as it is seen in passing.
pub(super) fn recent(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let inner = pen.panel(area, &Text::new("Activity", theme.heading), false);
    let Some(wallet) = state.wallet() else { return };
    let rows = grouped(&wallet.overview.recent, usize::from(inner.height));
    if rows.is_empty() && !wallet.overview.mark.is_known() {
        empty(pen, inner, "Nothing is proven yet. What you own appears here as soon as it is.");
    } else if rows.is_empty() {
        empty(pen, inner, "Nothing yet. What you send, receive and mine appears here.");
    } else {
        activity(state, pen, inner, &rows.iter().collect::<Vec<_>>(), None);
    }
}
