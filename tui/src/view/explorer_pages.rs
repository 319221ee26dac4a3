//! The explorer's pages of one block, one transaction, one account. What leads on is in the accent's colour.

use ratatui::layout::Rect;

use super::pieces::{self, pair};
use crate::draw::{self, Pen, Text};
use crate::format;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::State;

/// Columns of the words before the values.
const WORDS: u16 = 12;

/// The line of a link: chosen, it is tinted.
fn link(pen: &mut Pen<'_>, area: Rect, y: u16, word: &'static str, text: Text, chosen: bool) -> u16 {
    if chosen && y < area.bottom() {
        pen.tint(Rect::new(area.x - 1, y, area.width + 2, 1), pen.theme.selected);
    }
    pair(pen, area, y, word, WORDS, &text)
}

/// What a page rests on.
fn rests_on(mark: Mark, pen: &Pen<'_>) -> Text {
    match mark {
        Mark::Own => Text::new("✓ checked by this node", pen.theme.good),
        mark => pieces::mark(mark, pen.theme),
    }
}

pub(super) fn block(state: &State, block: &BlockDetail, selected: usize, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let row = &block.row;
    let mut y = pair(pen, area, area.y, "id", WORDS, &Text::new(&row.id, theme.strong));
    let confirmed = match block.confirmations {
        0 => Text::new("not on the active chain", theme.bad),
        1 => Text::new("the newest", theme.good),
        n => Text::new(ink!("{} on top", format::count(n - 1)), theme.good),
    };
    let time = Text::new(ink!("{} UTC", format::moment(row.time_ms)), theme.text)
        .add(ink!("  {} after parent   ", format::millis(row.interval_ms)), theme.dim)
        .join(confirmed);
    y = pair(pen, area, y, "time", WORDS, &time);
    y = link(pen, area, y, "parent", Text::new(&block.parent, theme.accent), selected == 0);
    let mut miner = Text::new(&row.miner, if row.own { theme.own } else { theme.accent });
    if row.own {
        miner = miner.add("  you", theme.own);
    }
    y = link(pen, area, y, "miner", miner, selected == 1);
    let reward = draw::vibe(block.reward, theme, theme.text)
        .add(ink!("  spendable from block {}", format::count(block.reward_at)), theme.dim);
    y = pair(pen, area, y, "reward", WORDS, &reward);
    let share = if row.gas_limit == 0 { 0.0 } else { row.gas_used as f64 / row.gas_limit as f64 };
    pen.put(area.x, y, WORDS, &Text::new("gas", theme.dim));
    pen.bar(area.x + WORDS, y, 16, share, theme.heat(share));
    let gas = Text::new(ink!("{}", format::count(row.gas_used)), theme.text)
        .add(ink!(" of {}", format::count(row.gas_limit)), theme.dim)
        .add(ink!("   {}", format::bytes(block.size_bytes)), theme.dim);
    pen.put(area.x + WORDS + 18, y, area.width.saturating_sub(WORDS + 18), &gas);
    y += 1;
    let work = Text::new(&block.bits, theme.text)
        .add(ink!("   nonce {}   work {}", block.nonce, format::si(row.work)), theme.dim);
    y = pair(pen, area, y, "bits", WORDS, &work);
    // The roots are for those who compare: they have room only on larger screens.
    if area.height >= 26 {
        for (word, root) in [
            ("state root", &block.state_root),
            ("tx root", &block.tx_root),
            ("receipts", &block.receipts_root),
            ("PoH record", &block.poh_hash),
            ("history", &block.history_root),
        ] {
            y = pair(pen, area, y, word, WORDS, &Text::new(root, theme.dim));
        }
    } else {
        y = pair(pen, area, y, "PoH record", WORDS, &Text::new(&block.poh_hash, theme.dim));
    }
    y += 1;
    let list = Rect { y, height: area.bottom().saturating_sub(y), ..area };
    transactions(state, &block.transactions, selected.checked_sub(2), pen, list);
}

fn transactions(state: &State, rows: &[TxRow], selected: Option<usize>, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    if area.height < 2 {
        return;
    }
    let title = match rows.len() {
        0 => ink!("no transactions"),
        1 => ink!("1 transaction"),
        n => ink!("{} transactions", format::count(n as u64)),
    };
    pen.put(area.x, area.y, area.width, &Text::new(title, theme.heading));
    let height = usize::from(area.height - 1);
    let first = pieces::first_row(selected.unwrap_or(0), rows.len(), height);
    let side = usize::from(area.width.saturating_sub(41) / 2).min(46);
    for (i, tx) in rows.iter().enumerate().skip(first).take(height) {
        let y = area.y + 1 + (i - first) as u16;
        if selected == Some(i) {
            pen.tint(Rect::new(area.x - 1, y, area.width + 2, 1), theme.selected);
        }
        let mark = if tx.done { Text::new("  ", theme.good) } else { Text::new("× ", theme.bad) };
        pen.put(area.x, y, 13, &mark.join(Text::new(tx.txid.middle(10), theme.accent)));
        let mut x = area.x + 14;
        for (i, address) in [Some(&tx.from), tx.to.as_ref()].into_iter().enumerate() {
            if i == 1 {
                pen.put(x, y, 2, &Text::new("→ ", theme.faint));
                x += 2;
            }
            let text = match address {
                Some(address) => party(state, address, side, pen),
                None => Text::new("new contract", theme.dim),
            };
            pen.put(x, y, side as u16, &text);
            x += side as u16 + 1;
        }
        pen.put_right(
            x,
            y,
            area.right().saturating_sub(x),
            &Text::new(format::amount_brief(tx.value), theme.text),
        );
    }
}

/// An address in a list: by name when it has one.
fn party(state: &State, address: &SafeText, width: usize, pen: &Pen<'_>) -> Text {
    let theme = pen.theme;
    let wallet = state.wallet();
    let own = wallet.and_then(|w| w.overview.accounts.iter().find(|a| a.address == *address));
    let contact = wallet.and_then(|w| w.contacts.iter().find(|c| c.address == *address));
    match (own, contact) {
        (Some(account), _) => Text::new(ink!("you · {}", account.name).cut(width), theme.own),
        (None, Some(contact)) => Text::new(contact.name.cut(width), theme.own),
        (None, None) => Text::new(address.middle(width), theme.text),
    }
}

pub(super) fn transaction(state: &State, tx: &TxDetail, selected: usize, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let row = &tx.row;
    let mut y = pair(pen, area, area.y, "id", WORDS, &Text::new(&row.txid, theme.strong));
    let status = match tx.status {
        PaymentStatus::Unknown => Text::new("unknown", theme.warn),
        PaymentStatus::Pending { place: Some(place) } => {
            Text::new(ink!("pending, place {place} in the pool"), theme.warn)
        }
        PaymentStatus::Pending { place: None } => Text::new("pending", theme.warn),
        PaymentStatus::Mined { done: false, .. } => {
            Text::new("failed: the fee was paid, nothing moved", theme.bad)
        }
        PaymentStatus::Mined { confirmations: 1, .. } => Text::new("1 confirmation", theme.good),
        PaymentStatus::Mined { confirmations, .. } => {
            Text::new(ink!("{} confirmations", format::count(confirmations)), theme.good)
        }
        PaymentStatus::Expired => Text::new("expired", theme.bad),
        PaymentStatus::Replaced => Text::new("replaced", theme.dim),
    };
    y = pair(
        pen,
        area,
        y,
        "status",
        WORDS,
        &status.add("   ", theme.dim).join(rests_on(state.mark_now(tx.mark), pen)),
    );
    y += 1;
    y = link(pen, area, y, "from", pieces::address(state, &row.from, theme), selected == 0);
    let mut next = 1;
    match &row.to {
        Some(to) => {
            y = link(pen, area, y, "to", pieces::address(state, to, theme), selected == 1);
            next = 2;
        }
        None => y = pair(pen, area, y, "to", WORDS, &Text::new("a new contract", theme.dim)),
    }
    y = pair(pen, area, y, "amount", WORDS, &draw::vibe(row.value, theme, theme.strong));
    let fee = draw::vibe(row.fee, theme, theme.text);
    let gas = match tx.gas_used {
        Some(used) => ink!("  {} gas × {}", format::count(used), format::count(tx.gas_price)),
        None => ink!("  at most {} gas × {}", format::count(tx.gas_limit), format::count(tx.gas_price)),
    };
    let receipt = Text::new("  ", theme.dim).join(pieces::sign_of(tx.receipt, theme));
    y = pair(pen, area, y, "fee", WORDS, &fee.add(gas, theme.dim).join(receipt));
    y += 1;
    if let Some(id) = &tx.block {
        y = link(pen, area, y, "block", Text::new(id, theme.accent), selected == next);
        if let PaymentStatus::Mined { height, .. } = tx.status {
            let place = tx.position.map(|p| ink!("  transaction {} in it", p + 1)).unwrap_or_default();
            y = pair(
                pen,
                area,
                y,
                "height",
                WORDS,
                &Text::new(format::count(height), theme.text).add(place, theme.dim),
            );
        }
    }
    if let Some(time) = tx.time_ms {
        let ago = format::age(state.now_ms, time);
        let text = Text::new(ink!("{} UTC", format::moment(time)), theme.text);
        let text = if ago.as_str() == "now" { text } else { text.add(ink!("  {ago} ago"), theme.dim) };
        y = pair(pen, area, y, "time", WORDS, &text);
    }
    let until =
        if tx.valid_until == 0 { "no limit".into() } else { ink!("block {}", format::count(tx.valid_until)) };
    let text = Text::new(until, theme.text).add(
        ink!("   payment number {}   {}", format::count(tx.nonce), format::bytes(tx.size_bytes)),
        theme.dim,
    );
    y = pair(pen, area, y, "valid until", WORDS, &text);
    if let Some(memo) = &tx.memo {
        y += 1;
        pen.put(area.x, y, WORDS, &Text::new("memo", theme.dim));
        let rest = Rect::new(area.x + WORDS, y, area.width - WORDS, area.bottom().saturating_sub(y));
        let used = pen.paragraph(rest, memo, theme.text);
        let more = memo.wrap(usize::from(rest.width)).len().saturating_sub(usize::from(used));
        if more > 0 && rest.height > 0 {
            let last = Rect::new(rest.x, rest.bottom() - 1, rest.width, 1);
            pen.clear(last);
            let words = ink!("… {} lines more: a larger window shows them", more + 1);
            pen.put(last.x, last.y, last.width, &Text::new(words, theme.warn));
        }
    }
}

pub(super) fn account(
    state: &State,
    account: &AccountDetail,
    selected: usize,
    pen: &mut Pen<'_>,
    area: Rect,
) {
    let theme = pen.theme;
    let mut y = pair(pen, area, area.y, "address", WORDS, &Text::new(&account.address, theme.strong));
    if let Some(name) = &account.name {
        let whose = if account.own { "  yours" } else { "  your contact" };
        y = pair(pen, area, y, "name", WORDS, &Text::new(name, theme.own).add(whose, theme.dim));
    }
    y = pair(pen, area, y, "balance", WORDS, &draw::vibe(account.balance, theme, theme.strong));
    let counts = Text::new(ink!("{} sent", format::count(account.nonce)), theme.text)
        .add(ink!("   {} entries of activity", format::count(account.activity_count)), theme.dim)
        .add(if account.has_code { "   a contract" } else { "" }, theme.warn);
    y = pair(pen, area, y, "payments", WORDS, &counts);
    y = pair(pen, area, y, "", WORDS, &rests_on(account.mark, pen));
    y += 1;
    let list = Rect { y, height: area.bottom().saturating_sub(y), ..area };
    pen.put(list.x, list.y, list.width, &Text::new("activity", theme.heading));
    let rows: Vec<&HistoryRow> = account.entries.iter().collect();
    let below = Rect { y: y + 1, height: list.height.saturating_sub(1), ..list };
    if rows.is_empty() {
        pieces::empty(pen, below, "This account has never been used.");
    } else {
        pieces::activity(state, pen, below, &rows, Some(selected));
    }
}
