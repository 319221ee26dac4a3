//! The miner.

use ratatui::layout::Rect;

use super::pieces::{self, pair};
use crate::draw::graph::{self, Shape};
use crate::draw::{self, Pen, Text};
use crate::format;
use crate::model::*;
use crate::safe::ink;
use crate::state::*;

pub(super) fn draw(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    if state.settings.remote {
        return elsewhere(pen, area);
    }
    let Some(miner) = &state.miner else {
        let inner = pen.panel(area, &Text::new("Mining", theme.heading), true);
        pieces::empty(pen, inner, "asking the node …");
        return;
    };
    let left_width = if area.width >= 120 { area.width / 2 } else { 42 };
    let top_height = 10.min(area.height);
    let left = Rect { width: left_width, height: top_height, ..area };
    let right = Rect { x: left.right(), width: area.width - left_width, ..left };
    engine(state, miner, pen, left);
    poh(state, miner, pen, right);
    let below = Rect { y: left.bottom(), height: area.height - top_height, ..area };
    rewards(state, miner, pen, below);
}

/// Why there is no miner behind remote servers, and what to do instead.
fn elsewhere(pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let inner = pen.panel(area, &Text::new("Mining", theme.heading), true);
    let inner = pieces::middle(inner, 70, 12);
    let mut y = inner.y;
    for (words, style) in [
        ("○ Nothing is mined here.", theme.warn),
        (
            "A block has to be built on the state of the whole chain. These screens keep only the proof that \
             a chain is the heaviest one, and believe single figures of its state with proofs of their own.",
            theme.text,
        ),
        (
            "\"vibecoin tui\" without --remote runs a node of your own, which can mine. Rewards that this \
             wallet has mined elsewhere are on Home and in the history.",
            theme.dim,
        ),
    ] {
        let rest = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
        y += pen.paragraph(rest, words, style) + 1;
    }
}

fn engine(state: &State, miner: &MinerStatus, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let inner = pen.panel(area, &Text::new("Miner", theme.heading), true);
    let mut y = inner.y;
    let head = if let Some(why) = &miner.unavailable {
        Text::new(ink!("○ {why}"), theme.warn)
    } else if miner.running {
        Text::new("● mining", theme.good)
    } else {
        Text::new("○ stopped", theme.dim)
    };
    pen.put(inner.x, y, inner.width, &head);
    y += 2;
    let paced = matches!(state.status.as_ref().map(|s| s.pace), Some(Pace::Paced { .. }));
    let rate = match miner.hash_rate {
        _ if paced => {
            Text::new(ink!("paced: a block every {}", format::millis(state.interval_ms())), theme.text)
        }
        Some(rate) if miner.running => Text::new(format::hash_rate(rate), theme.strong),
        _ => Text::new("–", theme.faint),
    };
    y = pair(pen, inner, y, "rate", 10, &rate);
    if let (false, Some(rate), Some(work)) =
        (paced, miner.hash_rate.filter(|r| *r > 0.0), state.blocks.first().map(|b| b.work))
    {
        let seconds = (work / rate).clamp(0.0, 1e15) as u64;
        y = pair(
            pen,
            inner,
            y,
            "expect",
            10,
            &Text::new(ink!("a block in {}", format::span(seconds)), theme.text),
        );
    }
    pen.put(inner.x, y, 10, &Text::new("threads", theme.dim));
    let slider = 14.min(miner.threads_max as u16).max(1);
    let share = f64::from(state.threads) / f64::from(miner.threads_max.max(1));
    pen.bar(inner.x + 10, y, slider, share, theme.graph(share));
    let count =
        Text::new(ink!(" {} of {}", state.threads, miner.threads_max), theme.text).add("  − +", theme.key);
    pen.put(inner.x + 10 + slider, y, inner.width.saturating_sub(10 + slider), &count);
    y += 1;
    y = pair(pen, inner, y, "found", 10, &Text::new(format::blocks(miner.blocks_found), theme.strong));
    if let Some((height, time)) = miner.last_found {
        let ago = format::age(state.now_ms, time);
        let ago = if ago.as_str() == "now" { ago } else { ink!("{ago} ago") };
        y = pair(
            pen,
            inner,
            y,
            "last",
            10,
            &Text::new(format::count(height), theme.accent).add(ink!("  {ago}"), theme.dim),
        );
    }
    debug_assert!(y <= inner.bottom());
}

fn poh(state: &State, miner: &MinerStatus, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let inner = pen.panel(area, &Text::new("Proof of History", theme.heading), false);
    let poh = miner.poh.or_else(|| state.status.as_ref().and_then(|s| s.poh));
    let mut y = inner.y;
    match poh {
        Some(poh) => {
            y = pair(
                pen,
                inner,
                y,
                "segment",
                10,
                &Text::new(format::fine_millis(poh.segment_ms), theme.strong),
            );
            y = pair(pen, inner, y, "hashes", 10, &Text::new(format::count(poh.segment_hashes), theme.text));
            y = pair(
                pen,
                inner,
                y,
                "rate",
                10,
                &Text::new(ink!("{} hashes/s", format::si(poh.hashes_per_second)), theme.text),
            );
        }
        None => {
            pen.put(inner.x, y, inner.width, &Text::new("not computed here yet", theme.dim));
            y += 1;
        }
    }
    if inner.bottom() > y + 2 {
        pen.put(inner.x, y + 1, inner.width, &Text::new("time between blocks", theme.dim));
        let values: Vec<f64> = state.blocks.iter().rev().map(|b| b.interval_ms as f64).collect();
        let chart = Rect { y: y + 2, height: inner.bottom() - y - 2, ..inner };
        graph::draw(pen, chart, &graph::scaled(&values), Shape::Area);
    }
}

fn rewards(state: &State, miner: &MinerStatus, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let total = miner.maturing.iter().fold(0u64, |sum, m| sum.saturating_add(m.amount.beats()));
    let title =
        Text::new("Maturing rewards", theme.heading).add(ink!(" · {}", miner.maturing.len()), theme.dim);
    let inner = pen.panel(area, &title, false);
    pen.corner(area, &draw::vibe(vibecoin_primitives::Amount::from_beats(total), theme, theme.text));
    let to =
        miner.beneficiary.as_ref().or_else(|| state.wallet().and_then(Wallet::account).map(|a| &a.address));
    let inner = match to {
        Some(address) => {
            let text = Text::new("paid to  ", theme.dim).join(pieces::address(state, address, theme));
            pen.put(inner.x, inner.y, inner.width, &text);
            Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner }
        }
        None => inner,
    };
    if miner.maturing.is_empty() {
        let words = ink!(
            "None. A reward can be spent {} after its block.",
            format::blocks(state.settings.maturity_blocks)
        );
        let y = inner.y + inner.height / 2;
        pen.put_middle(inner.x, y, inner.width, &Text::new(words, theme.dim));
        return;
    }
    let columns = (inner.width / 58).max(1);
    let width = inner.width / columns;
    let height = state.height();
    for (i, reward) in miner.maturing.iter().enumerate().take(usize::from(inner.height * columns)) {
        let column = i as u16 / inner.height;
        let (x, y) = (inner.x + column * width, inner.y + i as u16 % inner.height);
        let left = reward.spendable_at.saturating_sub(height);
        let share = 1.0
            - left.min(state.settings.maturity_blocks) as f64 / state.settings.maturity_blocks.max(1) as f64;
        pen.put_right(x, y, 9, &Text::new(format::count(reward.mined_at), theme.text));
        pen.put(x + 10, y, 20, &pieces::aligned(reward.amount, "+", 4, theme.good, theme));
        pen.bar(x + 28, y, 12, share, theme.graph(share));
        let wait = ink!("in {left} · {}", format::span(left.saturating_mul(state.interval_ms()) / 1_000));
        pen.put(x + 41, y, width.saturating_sub(42), &Text::new(wait, theme.dim));
    }
}
