//! What waits: prices as a histogram, what the next block has room for, and the list in the order of mining.
//!
//! ```text
//! ╭ Prices · beats per gas ─────────────╮╭ Next block ─────────────────────────────╮
//! │  32–63  ████████▌·········  312     ││ 1,000 of 1,204 transactions              │
//! │  16–31  ███▏··············  120     ││ gas ██████▌···········  35 %             │
//! ╰─────────────────────────────────────╯╰──────────────────────────────────────────╯
//! ╭ Waiting · 1,204 ──────────────────────────────────────────────────────────────────╮
//! ```

use ratatui::layout::Rect;

use super::pieces::{self, pair};
use crate::draw::{Pen, Text};
use crate::format;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;

/// Rows of the upper panels.
const TOP_ROWS: u16 = 8;

pub(super) fn draw(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let Some(view) = &state.pool.view else {
        let inner = pen.panel(area, &Text::new("Mempool", theme.heading), true);
        match &state.pool.failure {
            Some(why) => drop(pieces::failure(pen, inner, why)),
            None => pieces::empty(pen, inner, "asking the node …"),
        }
        return;
    };
    let top = if area.height >= 40 { TOP_ROWS + 4 } else { TOP_ROWS };
    let left = Rect { width: area.width / 2, height: top, ..area };
    let right = Rect { x: left.right(), width: area.width - left.width, ..left };
    prices(view, pen, left);
    next_block(state, view, pen, right);
    list(state, view, pen, Rect { y: left.bottom(), height: area.height - top, ..area });
}

fn prices(view: &PoolView, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let title = Text::new("Prices", theme.heading)
        .add(" · beats per gas", theme.dim)
        .join(pieces::title_sign(view.mark, theme));
    let inner = pen.panel(area, &title, false);
    let bands = view.bands();
    if bands.is_empty() {
        let words = ink!("Nothing waits. At least {} are asked for.", view.price_min);
        pen.put_middle(inner.x, inner.y + inner.height / 2, inner.width, &Text::new(words, theme.dim));
        return;
    }
    let most = bands.iter().map(|band| band.count).max().unwrap_or(1);
    let bar = inner.width.saturating_sub(13 + 8);
    for (y, band) in (inner.y..inner.bottom()).zip(&bands) {
        let name =
            if band.from == band.to { ink!("{}", band.from) } else { ink!("{}–{}", band.from, band.to) };
        pen.put_right(inner.x, y, 11, &Text::new(name, theme.text));
        let share = band.count as f64 / most as f64;
        pen.bar(inner.x + 13, y, bar, share, theme.graph(share));
        pen.put_right(inner.x, y, inner.width, &Text::new(format::count(band.count), theme.text));
    }
}

fn next_block(state: &State, view: &PoolView, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let title =
        Text::new("Next block, if it came now", theme.heading).join(pieces::title_sign(view.mark, theme));
    let inner = pen.panel(area, &title, false);
    let (count, gas, bytes) = view.next_block();
    let holds = Text::new(format::count(count as u64), theme.strong)
        .add(ink!(" of {} transactions", format::count(view.transactions)), theme.dim);
    let mut y = pair(pen, inner, inner.y, "holds", 8, &holds);
    for (word, part, whole) in [("gas", gas, view.block_gas), ("bytes", bytes, view.block_bytes)] {
        let share = if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
        pen.put(inner.x, y, 8, &Text::new(word, theme.dim));
        let bar = inner.width.saturating_sub(8 + 14).min(30);
        pen.bar(inner.x + 8, y, bar, share, theme.graph(share));
        let text = Text::new(ink!(" {:.1} % ", share * 100.0), theme.text);
        pen.put(inner.x + 8 + bar, y, inner.width.saturating_sub(8 + bar), &text);
        y += 1;
    }
    y = pair(pen, inner, y, "senders", 8, &Text::new(format::count(view.senders), theme.text));
    let (used, most) = view.memory;
    let memory = ink!("{} of {}", format::bytes(used), format::bytes(most));
    y = pair(pen, inner, y, "memory", 8, &Text::new(memory, theme.text));
    let own = view.rows.iter().filter(|row| row.own).count();
    if own > 0 {
        let last = view.rows.iter().filter(|row| row.own).map(|row| row.block).max().unwrap_or_default();
        let when = u64::from(last).saturating_add(1).saturating_mul(state.interval_ms()) / 1_000;
        let text = Text::new(ink!("{own}"), theme.own)
            .add(ink!(", mined in about {}", format::span(when.max(1))), theme.dim);
        pair(pen, inner, y, "yours", 8, &text);
    }
}

fn list(state: &State, view: &PoolView, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let pool = &state.pool;
    let which = if pool.own_only { " · yours only" } else { "" };
    let title = Text::new("Waiting", theme.heading)
        .add(ink!(" · {}", format::count(view.transactions)), theme.dim)
        .add(which, theme.warn)
        .join(pieces::title_sign(view.mark, theme));
    let inner = pen.panel(area, &title, true);
    let listed = view.rows.len() as u64;
    let mut corner = pieces::mark(view.mark, theme);
    if listed < view.transactions {
        let gap = if corner.width() > 0 { " · " } else { "" };
        let more = ink!("{gap}the first {} are listed", format::count(listed));
        corner = corner.add(more, theme.dim);
    }
    if corner.width() > 0 {
        pen.corner(area, &corner);
    }
    let rows: Vec<&PoolRow> = pool.shown().collect();
    if rows.is_empty() {
        let words = if pool.own_only { "None of your payments waits." } else { "Nothing waits." };
        pieces::empty(pen, inner, words);
        return;
    }
    let wide = inner.width >= 120;
    let side: u16 = if wide { (inner.width - 62) / 2 } else { 13 };
    let columns: [(u16, u16, &'static str); 6] = [
        (0, 5, "for"),
        (6, 7, "price"),
        (14, 21, "VIBE"),
        (36, side, "from"),
        (37 + side, side, "to"),
        (38 + 2 * side, 12, "block"),
    ];
    for (i, (x, width, word)) in columns.into_iter().enumerate() {
        let head = Text::new(word, theme.faint);
        if i < 3 {
            pen.put_right(inner.x + x, inner.y, width, &head);
        } else {
            pen.put(inner.x + x, inner.y, width, &head);
        }
    }
    let height = usize::from(inner.height - 1);
    let first = pieces::first_row(pool.selected, rows.len(), height);
    for (y, (i, row)) in (inner.y + 1..).zip(rows.into_iter().enumerate().skip(first).take(height)) {
        if i == pool.selected {
            pen.tint(Rect::new(inner.x - 1, y, inner.width + 2, 1), theme.selected);
        }
        let style = if row.own { theme.own } else { theme.text };
        pen.put_right(inner.x, y, 5, &Text::new(format::age(state.now_ms, row.since_ms), theme.dim));
        pen.put_right(inner.x + 6, y, 7, &Text::new(format::count(row.price), style));
        pen.put_right(inner.x + 14, y, 21, &Text::new(format::amount_brief(row.value), style));
        let who = |address: &SafeText| {
            Text::new(address.middle(usize::from(side)), if row.own { theme.own } else { theme.dim })
        };
        pen.put(inner.x + 36, y, side, &who(&row.from));
        let to = row.to.as_ref().map_or_else(|| Text::new("new contract", theme.dim), who);
        pen.put(inner.x + 37 + side, y, side, &to);
        let block = match row.block {
            0 => Text::new("next", theme.good),
            more => Text::new(ink!("in {}", format::blocks(u64::from(more) + 1)), theme.dim),
        };
        pen.put(inner.x + 38 + 2 * side, y, inner.width.saturating_sub(38 + 2 * side), &block);
    }
}
