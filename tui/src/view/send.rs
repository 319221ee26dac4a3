//! Sending: the form and its review. Everything that a decision needs is whole.

use ratatui::layout::Rect;

use super::pieces;
use crate::action::Slot;
use crate::draw::{self, Pen, Text};
use crate::format;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;

/// Columns of the words before the fields.
pub(super) const WORDS: u16 = 12;

/// Columns of the payment's own panel where there is room for others.
const PANEL: u16 = 96;
/// Rows of it.
const PANEL_ROWS: u16 = 24;

/// On a large screen: the blocks as they come, or the contacts, beside the payment, and the activity below. Returns
/// where the payment goes.
pub(super) fn surround(state: &State, show_blocks: bool, pen: &mut Pen<'_>, area: Rect) -> Rect {
    let theme = pen.theme;
    let mut own = area;
    if area.height >= PANEL_ROWS + 8 {
        own.height = PANEL_ROWS;
        let below = Rect { y: own.bottom(), height: area.height - PANEL_ROWS, ..area };
        pieces::recent(state, pen, below);
    }
    if area.width >= PANEL + 50 {
        own.width = PANEL;
        let beside = Rect { x: own.right(), width: area.width - PANEL, ..own };
        if show_blocks {
            let inner = pen.panel(beside, &Text::new("Blocks", theme.heading), false);
            super::home::block_rows(state, pen, inner, &state.blocks, None);
        } else {
            let inner = pen.panel(beside, &Text::new("Contacts", theme.heading), false);
            let contacts = state.wallet().map(|w| w.contacts.as_slice()).unwrap_or_default();
            for (y, contact) in (inner.y..inner.bottom()).zip(contacts) {
                let text = Text::new(ink!("{:<20} ", contact.name.cut(20)), theme.own)
                    .add(&contact.address, theme.dim);
                pen.put(inner.x, y, inner.width, &text);
            }
        }
    }
    own
}

pub(super) fn form(state: &State, wallet: &Wallet, form: &SendForm, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let area = surround(state, wallet.contacts.is_empty(), pen, area);
    let inner = pen.panel(area, &Text::new("Send", theme.heading), true);
    let field_x = inner.x + WORDS;
    let width = inner.right() - field_x;
    let mut y = inner.y;
    let here = |field| form.focus == field;

    // From
    label(pen, inner.x, y, "from", here(SendField::From));
    if let Some(account) = wallet.account() {
        let style = if here(SendField::From) { theme.field_here } else { theme.text };
        let arrows = if wallet.overview.accounts.len() > 1 { "  ◂ ▸" } else { "" };
        let text = Text::new(&account.name, style).add(arrows, theme.faint);
        pen.put(field_x, y, width, &text);
        let mark = wallet.overview.mark;
        let has = Text::new("has ", theme.dim)
            .join(pieces::known(account.spendable, mark, theme, theme.text))
            .add(" VIBE", theme.dim)
            .join(pieces::title_sign(mark, theme));
        pen.put_right(field_x, y, width, &has);
        pen.put(field_x, y + 1, width, &Text::new(&account.address, theme.dim));
    }
    y += 3;

    // To
    label(pen, inner.x, y, "to", here(SendField::To));
    pen.field(field_x, y, width, &form.to, here(SendField::To), true);
    let known = wallet.contacts.iter().find(|c| c.address.as_str() == form.to.text().trim().to_lowercase());
    let beside = known.map(|c| Text::new("✓ ", theme.good).add(&c.name, theme.own));
    below(
        pen,
        form,
        SendField::To,
        field_x,
        y + 1,
        width,
        beside.unwrap_or_else(|| hint(pen, "an address, or F2 for a contact")),
    );
    y += 3;

    // Amount
    label(pen, inner.x, y, "amount", here(SendField::Amount));
    pen.field(field_x, y, 30.min(width), &form.amount, here(SendField::Amount), true);
    pen.put(field_x + 31, y, 8, &Text::new("VIBE", theme.dim));
    let typed = form.amount.text();
    let read = match format::parse_amount(&typed) {
        Ok(amount) if !typed.is_empty() => {
            Text::new("= ", theme.dim).join(draw::vibe(amount, theme, theme.text))
        }
        _ if typed.trim().eq_ignore_ascii_case("max") => {
            Text::new("all that is spendable, less the fee", theme.text)
        }
        _ => hint(pen, "such as 1.5, or F4 for all"),
    };
    below(pen, form, SendField::Amount, field_x, y + 1, width, read);
    y += 3;

    // Price
    label(pen, inner.x, y, "price", here(SendField::Price));
    let mut x = field_x;
    for price in PriceChoice::ALL {
        let style = match (price == form.price, here(SendField::Price)) {
            (true, true) => theme.tab_here,
            (true, false) => theme.accent,
            (false, _) => theme.dim,
        };
        let mark = if price == form.price { "●" } else { "○" };
        x = pen.put(x, y, 12, &Text::new(ink!(" {mark} {} ", price.word()), style)) + 1;
    }
    let gas = form.gas();
    let cost = match (form.gas_price(wallet.prices), form.fee(wallet.prices)) {
        (Some(price), Some(fee)) => Text::new("fee ", theme.dim)
            .join(draw::vibe(fee, theme, theme.text))
            .add(ink!("  {} gas × {price}", format::count(gas)), theme.dim)
            .join(price_mark(form, wallet.prices, pen)),
        _ if form.price == PriceChoice::Own => hint(pen, "enter a price in beats for one gas"),
        _ => hint(pen, "asking for prices"),
    };
    pen.put(field_x, y + 1, width, &cost);
    y += 2;
    if form.price == PriceChoice::Own {
        label(pen, inner.x, y, "", false);
        pen.field(field_x, y, 12, &form.own_price, here(SendField::OwnPrice), true);
        let minimum = wallet.prices.map_or(1, |p| p.minimum);
        let words = hint(pen, "beats for one gas").add(ink!(", at least {minimum}"), theme.dim);
        below(pen, form, SendField::OwnPrice, field_x + 14, y, width - 14, words);
        y += 1;
    }
    y += 1;

    // Memo, valid for
    label(pen, inner.x, y, "memo", here(SendField::Memo));
    pen.field(field_x, y, width, &form.memo, here(SendField::Memo), true);
    let bytes = form.memo.text().len();
    let words = if bytes == 0 {
        hint(pen, "optional; everybody can read it, for ever")
    } else {
        Text::new(ink!("{bytes} bytes, {} gas", format::count(bytes as u64 * MEMO_BYTE_GAS)), theme.dim)
    };
    below(pen, form, SendField::Memo, field_x, y + 1, width, words);
    y += 2;
    label(pen, inner.x, y, "valid for", here(SendField::ValidFor));
    pen.field(field_x, y, 8, &form.valid_for, here(SendField::ValidFor), true);
    let blocks: Option<u64> = form.valid_for.text().trim().parse().ok().filter(|n| *n > 0);
    let words = match blocks {
        Some(n) => Text::new(
            ink!(
                "blocks, {}; not mined by then, it never is",
                format::span(n.saturating_mul(state.interval_ms()) / 1_000)
            ),
            theme.dim,
        ),
        None => Text::new("no limit: it may be mined at any time to come", theme.dim),
    };
    below(pen, form, SendField::ValidFor, field_x + 9, y, width - 9, words);
    y += 1;

    let rest = Rect { y, height: inner.bottom().saturating_sub(y), ..inner };
    if state.is_waiting(Slot::Plan) {
        pen.put(field_x, y, width, &Text::new("preparing the payment …", theme.warn));
    } else if let Some(failure) = &form.failure {
        pieces::failure(pen, rest, failure);
    }
}

/// What a price rests on: a server's word, within what proven blocks show. One's own price rests on oneself.
fn price_mark(form: &SendForm, prices: Option<Prices>, pen: &Pen<'_>) -> Text {
    let Some(prices) = prices.filter(|_| form.price != PriceChoice::Own) else { return Text::default() };
    let bound = if prices.mark == Mark::Own { "" } else { " bounded by proof" };
    pieces::title_sign(prices.mark, pen.theme).add(bound, pen.theme.dim)
}

fn hint(pen: &Pen<'_>, words: &'static str) -> Text {
    Text::new(words, pen.theme.faint)
}

fn label(pen: &mut Pen<'_>, x: u16, y: u16, word: &'static str, here: bool) {
    let style = if here { pen.theme.accent } else { pen.theme.dim };
    pen.put(x, y, WORDS - 1, &Text::new(if here { "▸ " } else { "  " }, style).add(word, style));
}

/// The line below a field: what is wrong with it, else something useful. What is wrong may take the empty line after
/// it besides, so that its figures are whole.
fn below(pen: &mut Pen<'_>, form: &SendForm, field: SendField, x: u16, y: u16, width: u16, else_text: Text) {
    match form.errors.get(&field) {
        Some(error) => {
            let rows = if field == SendField::Memo { 1 } else { 2 };
            pen.paragraph(Rect { x, y, width, height: rows }, ink!("✗ {error}"), pen.theme.bad);
        }
        None => {
            pen.put(x, y, width, &else_text);
        }
    }
}

pub(super) fn review(state: &State, review: &Review, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let plan = &review.plan;
    let area = surround(state, true, pen, area);
    let (title, question) = match &plan.kind {
        PlanKind::Payment => ("Review · this is what will be signed", "Sign this and send it?"),
        PlanKind::SpeedUp { .. } => {
            ("Review · the same payment at a higher price", "Sign this in the place of the waiting one?")
        }
        PlanKind::Cancel { .. } => (
            "Review · a payment of nothing, in the place of a waiting one",
            "Cancel the waiting payment like this?",
        ),
    };
    let inner = pen.panel(area, &Text::new(title, theme.heading), true);
    let x = inner.x + WORDS;
    let width = inner.right() - x;
    let mut y = inner.y;
    let word = |pen: &mut Pen<'_>, y: u16, word: &'static str| {
        pen.put(inner.x, y, WORDS, &Text::new(word, theme.dim));
    };

    word(pen, y, "from");
    pen.put(x, y, width, &Text::new(&plan.account_name, theme.own));
    pen.put(x, y + 1, width, &Text::new(&plan.from, theme.text));
    y += 2;
    word(pen, y, "to");
    let name = match &plan.to_name {
        Some(name) => Text::new(name, theme.own),
        None => Text::new("not in your contacts: compare every character", theme.warn),
    };
    pen.put(x, y, width, &name);
    pen.put(x, y + 1, width, &Text::new(&plan.to, theme.strong));
    y += 3;

    let money = |pen: &mut Pen<'_>, y: u16, value, style, after: Text| {
        let text = pieces::aligned(value, "", 10, style, theme);
        // The whole nine decimals, also when they are zeros: nothing is left out here.
        let parts = format::amount_parts(value);
        let text = if parts.rest_is_zero {
            Text::new(ink!("{:>10}{}", parts.whole, parts.first), style).add(parts.rest, theme.faint)
        } else {
            text
        };
        let end = pen.put(x, y, width, &text.add(" VIBE", theme.dim));
        pen.put(end + 2, y, (x + width).saturating_sub(end + 2), &after);
    };
    word(pen, y, "amount");
    money(pen, y, plan.amount, theme.strong, Text::default());
    word(pen, y + 1, "fee");
    let price = ink!("{} gas × {} beats", format::count(plan.gas), format::count(plan.gas_price));
    money(pen, y + 1, plan.fee, theme.text, Text::new(price, theme.dim));
    word(pen, y + 2, "together");
    let total = plan.amount.checked_add(plan.fee).unwrap_or(plan.amount);
    money(pen, y + 2, total, theme.strong, Text::default());
    word(pen, y + 3, "balance");
    let now = Text::new("now  ", theme.dim).join(pieces::mark(plan.mark, theme));
    money(pen, y + 3, plan.balance_before, theme.dim, now);
    word(pen, y + 4, "");
    money(pen, y + 4, plan.balance_after, theme.text, Text::new("after", theme.dim));
    y += 6;

    word(pen, y, "memo");
    match &plan.memo {
        Some(memo) => {
            let rest = Rect { x, y, width, height: inner.bottom().saturating_sub(y + 4).max(2) };
            y += whole_memo(pen, rest, memo, review.memo_line);
        }
        None => {
            pen.put(x, y, width, &Text::new("none", theme.faint));
            y += 1;
        }
    }
    word(pen, y, "valid until");
    let until = if plan.valid_until == 0 {
        Text::new("no limit", theme.text)
    } else {
        let blocks = plan.valid_until.saturating_sub(state.height());
        let time = format::span(blocks.saturating_mul(state.interval_ms()) / 1_000);
        Text::new(ink!("block {}", format::count(plan.valid_until)), theme.text)
            .add(ink!("  {}, {time} from now", format::blocks(blocks)), theme.dim)
    };
    let until = until.add(ink!("   payment number {}", format::count(plan.nonce)), theme.dim);
    pen.put(x, y, width, &until);
    y += 1;
    if let PlanKind::SpeedUp { replaces } | PlanKind::Cancel { replaces } = &plan.kind {
        word(pen, y, "replaces");
        let rest = Rect { x, y, width, height: inner.bottom().saturating_sub(y) };
        y += pen.paragraph(rest, replaces, theme.dim);
    }
    if plan.mark != Mark::Own {
        word(pen, y, "price");
        let words = "a server's suggestion is held against what proven blocks show";
        pen.put(x, y, width, &Text::new(words, theme.dim));
        y += 1;
    }
    for warning in &plan.warnings {
        let rest = Rect { y, height: inner.bottom().saturating_sub(y + 1), ..inner };
        y += pen.paragraph(rest, ink!("! {warning}"), theme.warn);
    }

    let last = inner.bottom() - 1;
    if let Some(failure) = &review.failure {
        let top = y.min(last.saturating_sub(1));
        pieces::failure(pen, Rect { y: top, height: inner.bottom() - top, ..inner }, failure);
    } else if state.is_waiting(Slot::Send) {
        pen.put(inner.x, last, inner.width, &Text::new("signing and sending …", theme.warn));
    } else {
        let text = Text::new(question, theme.strong)
            .add("   y", theme.key)
            .add(" sign and send", theme.text)
            .add("   n", theme.key)
            .add(" go back", theme.text);
        pen.put(inner.x, last, inner.width, &text);
    }
}

/// The memo: all of it, or as much as fits and how to see the rest. Returns the rows used.
fn whole_memo(pen: &mut Pen<'_>, area: Rect, memo: &SafeText, first: usize) -> u16 {
    let lines = memo.wrap(usize::from(area.width));
    let rows = usize::from(area.height);
    if lines.len() <= rows {
        return pen.paragraph(area, memo, pen.theme.text);
    }
    let shown = rows - 1;
    let first = first.min(lines.len() - shown);
    let words = ink!("lines {} to {} of {}: ↑ ↓ show the rest", first + 1, first + shown, lines.len());
    let warn = Text::new(words, pen.theme.warn);
    for (y, line) in (area.y..).zip(lines.into_iter().skip(first).take(shown)) {
        pen.put(area.x, y, area.width, &Text::new(line, pen.theme.text));
    }
    pen.put(area.x, area.bottom() - 1, area.width, &warn);
    area.height
}
