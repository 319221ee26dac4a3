//! A payment under way: where it stands, and to whom it was given.

use ratatui::layout::Rect;

use super::send::{WORDS, surround};
use crate::draw::{self, Pen, Text};
use crate::format;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;

pub(super) fn progress(state: &State, progress: &Progress, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let plan = &progress.plan;
    let area = surround(state, true, pen, area);
    let inner = pen.panel(area, &Text::new("Payment", theme.heading), true);
    let x = inner.x + WORDS;
    let width = inner.right() - x;
    let mut y = inner.y + 1;

    let (headline, style) = headline(state, progress, pen);
    pen.put_middle(
        inner.x,
        y,
        inner.width,
        &Text::new(headline, style.add_modifier(ratatui::style::Modifier::BOLD)),
    );
    y += 2;
    steps(state, progress, pen, Rect { y, height: 2, ..inner });
    y += 4;

    let word = |pen: &mut Pen<'_>, y: u16, word: &'static str| {
        pen.put(inner.x, y, WORDS, &Text::new(word, theme.dim));
    };
    word(pen, y, "amount");
    pen.put(x, y, width, &draw::vibe(plan.amount, theme, theme.strong));
    word(pen, y + 1, "fee");
    pen.put(x, y + 1, width, &draw::vibe(plan.fee, theme, theme.text));
    word(pen, y + 2, "to");
    let name = plan.to_name.as_ref().map(|n| Text::new(n, theme.own)).unwrap_or_default();
    let mut line = y + 2;
    if plan.to_name.is_some() {
        pen.put(x, line, width, &name);
        line += 1;
    }
    pen.put(x, line, width, &Text::new(&plan.to, theme.text));
    y = line + 1;
    if let Some(memo) = &plan.memo {
        word(pen, y, "memo");
        y += pen.paragraph(Rect { x, y, width, height: 2 }, memo, theme.text);
    }
    word(pen, y, "sent");
    let ago = format::age(state.now_ms, progress.sent_ms);
    let ago = if ago.as_str() == "now" { ago } else { ink!("{ago} ago") };
    pen.put(
        x,
        y,
        width,
        &Text::new(ink!("{} UTC", format::moment(progress.sent_ms)), theme.text)
            .add(ink!("  {ago}"), theme.dim),
    );
    y += 1;
    if let PaymentStatus::Mined { height, .. } = progress.status {
        word(pen, y, "block");
        pen.put(x, y, width, &Text::new(format::count(height), theme.accent));
        y += 1;
    }
    if let Some(handed) = progress.handed.as_ref().filter(|_| !is_proven(progress)) {
        let style = if handed.withheld { theme.bad } else { theme.text };
        word(pen, y, "servers");
        y += pen.paragraph(Rect { x, y, width, height: 2 }, handed_words(*handed), style);
    }
    word(pen, y, "id");
    let rest = Rect { x, y, width, height: inner.bottom().saturating_sub(y) };
    pen.paragraph(rest, &progress.txid, theme.dim);
}

/// Whether nothing depends on those any more who were given it.
const fn is_proven(progress: &Progress) -> bool {
    matches!(progress.mark, Mark::Proven { .. })
}

/// The line above everything else, and its style.
fn headline(state: &State, progress: &Progress, pen: &Pen<'_>) -> (SafeText, ratatui::style::Style) {
    let theme = pen.theme;
    match (progress.status, progress.mark) {
        (PaymentStatus::Mined { done: true, height, confirmations }, Mark::Unconfirmed { .. }) => (
            ink!(
                "~ in block {} · {confirmations} of {} confirmations until it is proven",
                format::count(height),
                state.settled()
            ),
            theme.accent,
        ),
        (PaymentStatus::Mined { done: true, confirmations, .. }, Mark::Proven { .. }) => {
            (ink!("✓ proven · {} confirmations", format::count(confirmations)), theme.good)
        }
        (PaymentStatus::Unknown | PaymentStatus::Pending { .. }, _) if progress.handed.is_some() => {
            ("pending · until it is in a block that is proven".into(), theme.warn)
        }
        (PaymentStatus::Unknown, _) => ("sent; waiting to see it in the pool".into(), theme.warn),
        (PaymentStatus::Pending { place: Some(place) }, _) => {
            (ink!("pending · place {} in the pool", format::count(place)), theme.warn)
        }
        (PaymentStatus::Pending { place: None }, _) => ("pending · waiting for a block".into(), theme.warn),
        (PaymentStatus::Mined { done: false, height, .. }, _) => {
            (ink!("failed in block {}: the fee was paid, nothing moved", format::count(height)), theme.bad)
        }
        (PaymentStatus::Mined { confirmations: 1, .. }, _) => ("1 confirmation".into(), theme.good),
        (PaymentStatus::Mined { confirmations, .. }, _) => {
            (ink!("{} confirmations", format::count(confirmations)), theme.good)
        }
        (PaymentStatus::Expired, _) => {
            ("expired: it was not mined in time, and never will be".into(), theme.bad)
        }
        (PaymentStatus::Replaced, _) => ("replaced by another payment".into(), theme.dim),
    }
}

/// Whom it was given to, and what they made of it.
fn handed_words(handed: Handed) -> SafeText {
    let who = match handed.servers {
        1 => "submitted to 1 server".into(),
        n => ink!("submitted to {n} servers"),
    };
    match handed.withheld {
        false => ink!("{who}, pending until proven"),
        true => ink!("! {who}, but never passed on: no other server had it, so it was given to the others"),
    }
}

/// `●━━━━━━●━━━━━━○──────○` with a word under each.
fn steps(state: &State, progress: &Progress, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let reached = match progress.status {
        PaymentStatus::Mined { confirmations, .. } => confirmations.min(state.settled()),
        _ => 0,
    };
    let dead = matches!(progress.status, PaymentStatus::Expired | PaymentStatus::Replaced)
        || matches!(progress.status, PaymentStatus::Mined { done: false, .. });
    // No depth that is any use comes near this many.
    let stops = u16::try_from(state.settled()).unwrap_or(u16::MAX).min(12) + 1;
    let gap = (area.width.saturating_sub(20) / stops).clamp(8, 20);
    let start = area.x + (area.width - gap * (stops - 1)) / 2;
    for stop in 0..stops {
        let x = start + stop * gap;
        let done = u64::from(stop) <= reached;
        let next = u64::from(stop) == reached + 1 && !dead;
        let style = match (done, dead) {
            (true, true) => theme.bad,
            (true, false) => theme.good,
            (false, _) if next => theme.warn,
            (false, _) => theme.faint,
        };
        if stop > 0 {
            for i in 1..gap {
                pen.glyph(
                    x - gap + i,
                    area.y,
                    if done { "━" } else { "─" },
                    if done { style } else { theme.faint },
                );
            }
        }
        pen.glyph(x, area.y, if done { "●" } else { "○" }, style);
        let word: SafeText = match stop {
            0 => "sent".into(),
            last if last + 1 == stops && state.settings.remote => "proven".into(),
            n if state.settings.remote => ink!("{n}"),
            1 => "1 block".into(),
            n => ink!("{n} blocks"),
        };
        let half = word.width() as u16 / 2;
        let word_style = if done { theme.text } else { theme.dim };
        pen.put(x.saturating_sub(half), area.y + 1, 10, &Text::new(word, word_style));
    }
}
