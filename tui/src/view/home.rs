//! Home.
//!
//! ```text
//! ╭ Balance ─────────────────╮╭ Blocks ─────────────────────────────────────╮
//! │ 1,204.500 000 000 VIBE   ││ 12,408  now   312 tx  ▇▇▇▇▇▆  you           │
//! ╰──────────────────────────╯│ 12,407  2 s    18 tx  ▂       dvibe1q…f7x   │
//! ╭ Pulse ───────────────────╮│                                             │
//! ╰──────────────────────────╯╰─────────────────────────────────────────────╯
//! ╭ Activity ───────────────────────────────────────────────────────────────╮
//! ╰─────────────────────────────────────────────────────────────────────────╯
//! ```

use ratatui::layout::Rect;

use super::pieces::{self, first_row};
use crate::draw::graph::{self, Shape};
use crate::draw::{Pen, Text};
use crate::format;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;

/// Columns from which there is room for charts beside the lists.
const WIDE: u16 = 132;

pub(super) fn draw(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let wide = area.width >= WIDE;
    let activity_rows = if state.wallet().is_some() {
        if area.height >= 40 { area.height * 2 / 5 } else { 6.max(area.height.saturating_sub(15)) }
    } else {
        0
    };
    let top = Rect { height: area.height - activity_rows, ..area };
    let left_width = if wide { 46 } else { 36 };
    let charts_width = if wide { (area.width - left_width) * 2 / 5 } else { 0 };
    let left = Rect { width: left_width, ..top };
    let charts = Rect { x: top.right() - charts_width, width: charts_width, ..top };
    let blocks = Rect { x: left.right(), width: top.width - left_width - charts_width, ..top };

    let balance_rows = 8.min(left.height / 2 + 1);
    let balance = Rect { height: balance_rows, ..left };
    draw_balance(state, pen, balance);
    draw_pulse(state, wide, pen, Rect { y: balance.bottom(), height: left.height - balance_rows, ..left });
    draw_blocks(state, pen, blocks);
    if wide {
        draw_charts(state, pen, charts);
    }
    if activity_rows > 0 {
        pieces::recent(state, pen, Rect { y: top.bottom(), height: activity_rows, ..area });
    }
}

fn draw_balance(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let Some(wallet) = state.wallet() else {
        let inner = pen.panel(area, &Text::new("No wallet", theme.heading), false);
        pen.paragraph(
            inner,
            "You are looking at the chain. To hold coins, press ^L: it chooses, creates or restores a wallet.",
            theme.dim,
        );
        return;
    };
    let overview = &wallet.overview;
    let title = if overview.accounts.len() > 1 {
        Text::new("Balance", theme.heading).add(ink!(" · {} accounts", overview.accounts.len()), theme.dim)
    } else {
        Text::new("Balance", theme.heading)
    };
    let inner = pen.panel(area, &title, false);
    pieces::headline(pen, inner, inner.y, overview.total(|a| a.spendable), overview.mark);
    let under = match overview.mark {
        Mark::Own => Text::new("spendable now", theme.dim),
        mark => Text::new("spendable  ", theme.dim).join(pieces::mark(mark, theme)),
    };
    pen.put(inner.x, inner.y + 1, inner.width, &under);
    let y = inner.y + 3;
    if !overview.mark.is_known() {
        return;
    }
    if overview.mark == Mark::Own {
        pieces::figure(pen, inner, y, "maturing", overview.total(|a| a.maturing), None);
    } else {
        // The ring of rewards is proven to nobody yet: a figure that is not known is not nothing.
        pieces::pair(pen, inner, y, "maturing", 10, &Text::new("– only a node tells", theme.dim));
    }
    let next = overview.next_maturity.map(|m| {
        let blocks = m.spendable_at.saturating_sub(overview.height);
        let wait_s = blocks * state.interval_ms() / 1_000;
        ink!("+{} in {} · {}", format::amount_brief(m.amount), format::blocks(blocks), format::span(wait_s))
    });
    let incoming = overview.total(|a| a.incoming);
    let outgoing = overview.total(|a| a.outgoing);
    pen.put_right(inner.x, y + 1, inner.width, &Text::new(next.unwrap_or_default(), theme.dim));
    if inner.height >= 6 {
        let (word, value) = if outgoing.is_zero() { ("incoming", incoming) } else { ("outgoing", outgoing) };
        let sign = Some(overview.pending_mark.sign()).filter(|_| !value.is_zero());
        pieces::figure(pen, inner, y + 2, word, value, sign.map(Into::into));
    }
}

/// The heartbeat: a spike for every block of the last moments.
fn heartbeat(state: &State, columns: u16) -> Vec<f64> {
    let points = usize::from(columns) * 2;
    // One value to half a column; a target interval is about six columns, so that the rhythm can be seen.
    let step_ms = (state.interval_ms().max(250) / 12).max(1);
    let mut values = vec![0.0; points];
    let now = state.blocks.first().map_or(state.now_ms, |b| state.now_ms.max(b.time_ms));
    for block in &state.blocks {
        let back = (now - block.time_ms.min(now)) / step_ms;
        let Some(at) = usize::try_from(back).ok().and_then(|back| (points - 1).checked_sub(back)) else {
            break;
        };
        values[at] = 1.0;
        if at + 1 < points && values[at + 1] == 0.0 {
            values[at + 1] = 0.25;
        }
    }
    values
}

fn draw_pulse(state: &State, with_accounts: bool, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let inner = pen.panel(area, &Text::new("Pulse", theme.heading), false);
    if let Some(age) = state.blocks.first().map(|b| format::age(state.now_ms, b.time_ms)) {
        let ago = if age.as_str() == "now" { age } else { ink!("{age} ago") };
        pen.corner(area, &Text::new("last block ", theme.dim).add(ago, theme.text));
    }
    let mut y = inner.y;
    if inner.height >= 4 {
        let rows = if inner.height >= 9 { 3 } else { 2 };
        graph::draw(pen, Rect { y, height: rows, ..inner }, &heartbeat(state, inner.width), Shape::Line);
        y += rows;
    }
    let intervals: Vec<u64> = state.blocks.iter().take(20).map(|b| b.interval_ms).collect();
    let average = if intervals.is_empty() {
        None
    } else {
        Some(intervals.iter().sum::<u64>() / intervals.len() as u64)
    };
    if let Some(average) = average.filter(|_| y < inner.bottom()) {
        let text = Text::new(format::millis(average), theme.text)
            .add(ink!("  aim {}", format::millis(state.interval_ms())), theme.dim);
        y = pieces::pair(pen, inner, y, "interval", 10, &text);
    }
    y = if state.settings.remote {
        servers_lines(state, pen, inner, y)
    } else {
        node_lines(state, pen, inner, y)
    };
    if y + 4 >= inner.bottom() {
        return;
    }
    let rest = Rect { y: y + 1, height: inner.bottom() - y - 1, ..inner };
    match state.wallet().filter(|_| with_accounts) {
        Some(wallet) => draw_accounts(wallet, pen, rest),
        None => {
            pen.put(rest.x, rest.y, rest.width, &Text::new("transactions a block", theme.dim));
            let values: Vec<f64> = state.blocks.iter().rev().map(|b| b.tx_count as f64).collect();
            let area = Rect { y: rest.y + 1, height: rest.height - 1, ..rest };
            graph::draw(pen, area, &graph::scaled(&values), Shape::Area);
        }
    }
}

/// What the servers are, and what they cost.
fn servers_lines(state: &State, pen: &mut Pen<'_>, inner: Rect, mut y: u16) -> u16 {
    let theme = pen.theme;
    let Some(view) = &state.remote.view else { return y };
    let (asked, all) = view.in_use();
    let style = if asked == 0 { theme.warn } else { theme.text };
    let mut servers = Text::new(ink!("{asked} of {all}"), style);
    if !view.disagreements.is_empty() {
        let words = ink!("  {} noted", view.disagreements.len());
        servers = servers.add(words, theme.warn);
    }
    let proof = view.proof.as_ref().map(|proof| {
        Text::new(format::bytes(proof.bytes), theme.text)
            .add(ink!("  in {}", format::brief_millis(proof.took_ms)), theme.dim)
    });
    let day =
        view.traffic.day_bytes.map(|day| Text::new(format::bytes(day), theme.text).add(" a day", theme.dim));
    for (word, text) in [("servers", Some(servers)), ("proof", proof), ("traffic", day)] {
        if let Some(text) = text.filter(|_| y < inner.bottom()) {
            y = pieces::pair(pen, inner, y, word, 10, &text);
        }
    }
    y
}

/// What the node does besides.
fn node_lines(state: &State, pen: &mut Pen<'_>, inner: Rect, mut y: u16) -> u16 {
    let theme = pen.theme;
    let poh = state.status.as_ref().and_then(|s| s.poh).or_else(|| state.miner.as_ref().and_then(|m| m.poh));
    if let Some(poh) = poh.filter(|_| y < inner.bottom()) {
        let text = Text::new(format::fine_millis(poh.segment_ms), theme.text)
            .add(ink!("  {}/s", format::si(poh.hashes_per_second)), theme.dim);
        y = pieces::pair(pen, inner, y, "PoH", 10, &text);
    }
    if y < inner.bottom() {
        let text = match state.miner.as_ref() {
            Some(m) if m.running => Text::new("● ", theme.good)
                .add("on", theme.text)
                .add(ink!("  {} found", format::blocks(m.blocks_found)), theme.dim),
            Some(_) => Text::new("○ off", theme.dim),
            None => Text::new("…", theme.faint),
        };
        y = pieces::pair(pen, inner, y, "mining", 10, &text);
    }
    if let Some(kept) = state.status.as_ref().and_then(|s| s.kept).filter(|_| y < inner.bottom()) {
        y = pieces::pair(pen, inner, y, "store", 10, &Text::new(format::bytes(kept.disk_bytes), theme.text));
        if y < inner.bottom() {
            let states = match kept.archive {
                true => "all".into(),
                false => ink!("from block {}", format::count(kept.states_from)),
            };
            y = pieces::pair(pen, inner, y, "states", 10, &Text::new(states, theme.dim));
        }
        if kept.ticks_from > 0 && y < inner.bottom() {
            let text = Text::new(ink!("from block {}", format::count(kept.ticks_from)), theme.dim);
            y = pieces::pair(pen, inner, y, "ticks", 10, &text);
        }
    }
    y
}

/// The accounts and what each can spend, the chosen one marked.
fn draw_accounts(wallet: &Wallet, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    pen.put(area.x, area.y, area.width, &Text::new("accounts", theme.dim));
    for (i, account) in wallet.overview.accounts.iter().enumerate().take(usize::from(area.height - 1)) {
        let y = area.y + 1 + i as u16;
        let name = if i == wallet.selected { theme.own } else { theme.text };
        pen.put(area.x, y, 20, &Text::new(&account.name, name));
        pen.put_right(
            area.x,
            y,
            area.width,
            &pieces::known(account.spendable, wallet.overview.mark, theme, theme.text),
        );
    }
}

fn draw_blocks(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let inner = pen.panel(area, &Text::new("Blocks", theme.heading), true);
    if state.blocks.is_empty() {
        let words = match state.settings.remote && state.status.is_none() {
            true => "nothing is proven yet",
            false => "waiting for the first block",
        };
        pieces::empty(pen, inner, words);
        return;
    }
    block_rows(state, pen, inner, &state.blocks, Some(state.home_selected));
}

/// A list of blocks with its head. What is left out at little width: the id, then the gas.
pub(super) fn block_rows(
    state: &State,
    pen: &mut Pen<'_>,
    area: Rect,
    blocks: &[BlockRow],
    selected: Option<usize>,
) {
    let theme = pen.theme;
    let wide = area.width >= 84;
    let head = theme.faint;
    let height_x = area.x;
    let age_x = area.x + 10;
    let tx_x = area.x + 16;
    let bar_x = area.x + 24;
    let bar = if area.width >= 60 {
        16
    } else if area.width >= 44 {
        8
    } else {
        5
    };
    let miner_x = bar_x + bar + if wide { 12 } else { 2 };
    let miner_width = if wide { 18 } else { area.right().saturating_sub(miner_x).min(18) };
    let id_x = miner_x + miner_width + 2;
    pen.put_right(height_x, area.y, 8, &Text::new("height", head));
    pen.put_right(age_x, area.y, 4, &Text::new("age", head));
    pen.put_right(tx_x, area.y, 6, &Text::new("tx", head));
    pen.put(bar_x, area.y, bar, &Text::new(if bar > 5 { "gas used" } else { "gas" }, head));
    pen.put(miner_x, area.y, miner_width, &Text::new("miner", head));
    if wide {
        pen.put(id_x, area.y, area.right().saturating_sub(id_x), &Text::new("id", head));
    }
    let rows = usize::from(area.height.saturating_sub(1));
    let first = first_row(selected.unwrap_or(0), blocks.len(), rows);
    for (i, block) in blocks.iter().enumerate().skip(first).take(rows) {
        let y = area.y + 1 + (i - first) as u16;
        if Some(i) == selected {
            pen.tint(Rect::new(area.x.saturating_sub(1), y, area.width + 2, 1), theme.selected);
        }
        let style = if i == 0 { theme.strong } else { theme.text };
        pen.put_right(height_x, y, 8, &Text::new(format::count(block.height), style));
        pen.put(height_x + 8, y, 1, &pieces::sign_of(state.mark_now(block.mark), theme));
        pen.put_right(age_x, y, 4, &Text::new(format::age(state.now_ms, block.time_ms), theme.dim));
        let count = if block.tx_count == 0 { theme.faint } else { theme.text };
        pen.put_right(tx_x, y, 6, &Text::new(format::count(block.tx_count), count));
        let share = if block.gas_limit == 0 { 0.0 } else { block.gas_used as f64 / block.gas_limit as f64 };
        pen.bar(bar_x, y, bar, share.max(if block.gas_used > 0 { 0.07 } else { 0.0 }), theme.heat(share));
        if wide {
            let gas = if block.gas_used == 0 { "–".into() } else { format::si(block.gas_used as f64) };
            pen.put_right(bar_x + bar + 1, y, 9, &Text::new(ink!("{gas} gas"), theme.dim));
        }
        pen.put(miner_x, y, miner_width, &pieces::miner(block, usize::from(miner_width), theme));
        if wide {
            let width = area.right().saturating_sub(id_x);
            pen.put(id_x, y, width, &Text::new(block.id.middle(usize::from(width)), theme.faint));
        }
    }
}

fn draw_charts(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let newest_last = || state.blocks.iter().rev();
    let intervals: Vec<f64> = newest_last().map(|b| b.interval_ms as f64).collect();
    let paced = matches!(state.status.as_ref().map(|s| s.pace), Some(Pace::Paced { .. }));
    let third = area.height / 3;
    let rects = [
        Rect { height: third, ..area },
        Rect { y: area.y + third, height: third, ..area },
        Rect { y: area.y + 2 * third, height: area.height - 2 * third, ..area },
    ];
    let mut chart = |rect: Rect, title: &'static str, now: SafeText, shape, values: &[f64]| {
        let inner = pen.panel(rect, &Text::new(title, theme.heading), false);
        pen.corner(rect, &Text::new(now, theme.text));
        graph::draw(pen, inner, &graph::scaled(values), shape);
    };
    let last = state.blocks.first();
    chart(
        rects[0],
        "Block interval",
        last.map(|b| format::millis(b.interval_ms)).unwrap_or_default(),
        Shape::Line,
        &intervals,
    );
    if paced {
        let values: Vec<f64> = newest_last().map(|b| b.tx_count as f64).collect();
        let now = last.map(|b| format::count(b.tx_count)).unwrap_or_default();
        chart(rects[1], "Transactions a block", now, Shape::Area, &values);
    } else {
        let values: Vec<f64> =
            newest_last().map(|b| b.work / (b.interval_ms.max(1) as f64 / 1_000.0)).collect();
        let smooth: Vec<f64> = values.windows(8).map(|w| w.iter().sum::<f64>() / w.len() as f64).collect();
        let now = smooth.last().map(|v| format::hash_rate(*v)).unwrap_or_default();
        chart(rects[1], "Hash rate", now, Shape::Area, &smooth);
    }
    let gas: Vec<f64> = newest_last().map(|b| b.gas_used as f64).collect();
    let now = last.map(|b| ink!("{} of {}", format::si(b.gas_used as f64), format::si(b.gas_limit as f64)));
    chart(rects[2], "Gas a block", now.unwrap_or_default(), Shape::Area, &gas);
}
