//! The wallet's tab: accounts, receiving, contacts, messages.

use ratatui::layout::Rect;

use super::{history, payment, pieces, send};
use crate::draw::qr::Qr;
use crate::draw::{Pen, Text};
use crate::format;
use crate::model::Mark;
use crate::safe::{SafeText, ink};
use crate::state::*;

pub(super) fn draw(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let Some(wallet) = state.wallet() else {
        let inner = pen.panel(area, &Text::new("Wallet", pen.theme.heading), false);
        pieces::empty(pen, inner, "No wallet is open. ^L chooses, creates or restores one.");
        return;
    };
    match wallet.pages.last() {
        None => accounts(state, wallet, pen, area),
        Some(WalletPage::Send(form)) => send::form(state, wallet, form, pen, area),
        Some(WalletPage::Review(review)) => send::review(state, review, pen, area),
        Some(WalletPage::Progress(progress)) => payment::progress(state, progress, pen, area),
        Some(WalletPage::Receive(page)) => receive(wallet, page, pen, area),
        Some(WalletPage::History(list)) => history::draw(state, list, pen, area),
        Some(WalletPage::Contacts(list)) => contacts(wallet, list, pen, area),
        Some(WalletPage::Sign(form)) => sign(wallet, form, pen, area),
    }
}

/// The accounts, each in two lines, its address whole.
fn accounts(state: &State, wallet: &Wallet, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let rows = &wallet.overview.accounts;
    let list_height = (rows.len() as u16 * 3 + 3).min(area.height - 6).max(6);
    let list = Rect { height: list_height, ..area };
    let title = Text::new("Accounts", theme.heading).add(ink!(" · {}", wallet.overview.name), theme.own);
    let inner = pen.panel(list, &title, true);
    let mark = wallet.overview.mark;
    if mark != Mark::Own {
        pen.corner(list, &pieces::mark(mark, theme));
    }
    pen.put_right(inner.x, inner.y, inner.width, &Text::new("spendable", theme.faint));
    pen.put(inner.x, inner.y, 20, &Text::new("account", theme.faint));
    let shown = usize::from((inner.height.saturating_sub(1)) / 3).max(1);
    let first = pieces::first_row(wallet.selected, rows.len(), shown);
    for (i, account) in rows.iter().enumerate().skip(first).take(shown) {
        let y = inner.y + 1 + (i - first) as u16 * 3;
        if i == wallet.selected {
            pen.tint(Rect::new(inner.x - 1, y, inner.width + 2, 2), theme.selected);
        }
        let name = Text::new(ink!("{:<3}", account.index), theme.faint).add(&account.name, theme.strong);
        pen.put(inner.x, y, inner.width / 2, &name);
        pen.put_right(inner.x, y, inner.width, &pieces::known(account.spendable, mark, theme, theme.strong));
        pen.put(inner.x + 3, y + 1, inner.width - 3, &Text::new(&account.address, theme.own));
        let mut extra = Text::default();
        for (word, value, style) in [
            ("maturing", account.maturing, theme.dim),
            ("incoming", account.incoming, theme.good),
            ("outgoing", account.outgoing, theme.warn),
        ] {
            if !value.is_zero() && extra.width() == 0 {
                extra = Text::new(ink!("{word} {}", format::amount_brief(value)), style);
                extra = extra.join(pieces::title_sign(wallet.overview.pending_mark, theme));
            }
        }
        pen.put_right(inner.x, y + 1, inner.width, &extra);
    }
    let below = Rect { y: list.bottom(), height: area.bottom() - list.bottom(), ..area };
    pieces::recent(state, pen, below);
}

fn receive(wallet: &Wallet, page: &Receive, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let Some(account) = wallet.account() else { return };
    let title = Text::new("Receive", theme.heading).add(ink!(" · {}", account.name), theme.own);
    let inner = pen.panel(area, &title, true);
    let uri = crate::update::payment_uri(account.address.as_str(), page);
    // Upper case makes the code smaller: it then needs 5½ bits a character. What follows the address keeps its case.
    let code = match uri.split_once('?') {
        None => uri.to_uppercase(),
        Some((whom, query)) => format!("{}?{query}", whom.to_uppercase()),
    };
    let left_max = inner.width.saturating_sub(34);
    // The last row is the whole address on one line, whatever else there is room for.
    let roomy = Qr::fitting(&code, left_max, inner.height.saturating_sub(2)).is_some();
    let above = Rect { height: inner.height.saturating_sub(if roomy { 2 } else { 1 }), ..inner };
    let mut text_x = inner.x;
    let mut text_y = above.y;
    if let Some(qr) = Qr::fitting(&code, left_max, above.height) {
        let (columns, rows) = qr.size();
        // On a large screen code and words stand in the middle together.
        let x = inner.x + inner.width.saturating_sub(columns + 60) / 2;
        text_y = above.y + (above.height - rows) / 2;
        qr.draw(pen, Rect::new(x, text_y, columns, rows));
        text_x = x + columns + 4;
    }
    let text = Rect { x: text_x, width: inner.right() - text_x, ..above };
    let mut y = text_y;
    let section = |pen: &mut Pen<'_>, y: &mut u16, word: &'static str, value: SafeText, style| {
        pen.put(text.x, *y, text.width, &Text::new(word, theme.dim));
        let rest = Rect { y: *y + 1, height: above.bottom().saturating_sub(*y + 1), ..text };
        *y += 2 + pen.paragraph(rest, value, style);
    };
    section(pen, &mut y, "account", account.name.clone(), theme.own);
    let asked = page.amount.map_or_else(|| "any".into(), |a| ink!("{} VIBE", format::amount(a)));
    section(pen, &mut y, "amount asked for", asked, theme.text);
    section(pen, &mut y, "payment URI", SafeText::new(&uri), theme.accent);
    let rest = Rect { y, height: above.bottom().saturating_sub(y), ..text };
    pen.paragraph(
        rest,
        "Whoever scans this pays this account. The address can be used again and again.",
        theme.dim,
    );
    if text_x == inner.x {
        let rest = Rect { y: y + 3, height: above.bottom().saturating_sub(y + 3), ..text };
        pen.paragraph(rest, "A larger window shows the QR code.", theme.dim);
    }
    let line = Text::new("address  ", theme.dim).add(&account.address, theme.strong);
    let y = inner.bottom() - 1;
    if inner.width > 120 {
        pen.put_middle(inner.x, y, inner.width, &line);
    } else {
        pen.put(inner.x, y, inner.width, &line);
    }
}

fn contacts(wallet: &Wallet, list: &ContactList, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let title = if list.picking { "Pay whom?" } else { "Contacts" };
    let inner = pen.panel(area, &Text::new(title, theme.heading), true);
    filter_corner(pen, area, None, &list.find);
    let shown = list.shown(&wallet.contacts);
    if wallet.contacts.is_empty() {
        pieces::empty(pen, inner, "Nobody yet. Press a to add somebody you pay.");
        return;
    }
    if shown.is_empty() {
        pieces::empty(pen, inner, "Nobody goes by that.");
        return;
    }
    let rows = usize::from(inner.height);
    let first = pieces::first_row(list.selected, shown.len(), rows);
    for (i, contact) in shown.into_iter().enumerate().skip(first).take(rows) {
        let y = inner.y + (i - first) as u16;
        if i == list.selected {
            pen.tint(Rect::new(inner.x - 1, y, inner.width + 2, 1), theme.selected);
        }
        pen.put(inner.x, y, 24, &Text::new(contact.name.cut(23), theme.own));
        pen.put(inner.x + 25, y, inner.width.saturating_sub(25), &Text::new(&contact.address, theme.text));
    }
}

/// Says in a panel's corner how its list is narrowed.
pub(super) fn filter_corner(pen: &mut Pen<'_>, area: Rect, kind: Option<&'static str>, find: &str) {
    let theme = pen.theme;
    let mut text = Text::default();
    if let Some(kind) = kind {
        text = text.add("show ", theme.dim).add(kind, theme.accent);
    }
    if !find.is_empty() {
        text = text.add("  / ", theme.dim).add(SafeText::new(find), theme.accent);
    }
    if text.width() > 0 {
        pen.corner(area, &text);
    }
}

fn sign(wallet: &Wallet, form: &SignForm, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let title = if form.verifying { "Verify a message" } else { "Sign a message" };
    let inner = pen.panel(area, &Text::new(title, theme.heading), true);
    let width = inner.width;
    let mut y = inner.y + 1;
    let field = |pen: &mut Pen<'_>, y: &mut u16, word: &'static str, field, here| {
        pen.put(inner.x, *y, width, &Text::new(word, theme.dim));
        pen.field(inner.x, *y + 1, width, field, here, true);
        *y += 3;
    };
    if form.verifying {
        field(pen, &mut y, "who is said to have signed", &form.address, form.focus == 0);
        field(pen, &mut y, "message", &form.message, form.focus == 1);
        field(pen, &mut y, "signature", &form.signature, form.focus == 2);
        match form.verified {
            Some(true) => {
                let words = "✓ This is their signature, under exactly this message.";
                pen.put(inner.x, y, width, &Text::new(words, theme.good));
            }
            Some(false) => {
                let words = "✗ This is not their signature under this message.";
                pen.put(inner.x, y, width, &Text::new(words, theme.bad));
            }
            None => {}
        }
    } else {
        if let Some(account) = wallet.account() {
            pen.put(inner.x, y, width, &Text::new("signed by", theme.dim));
            let who = Text::new(&account.address, theme.own).add(ink!("  {}", account.name), theme.dim);
            pen.put(inner.x, y + 1, width, &who);
            y += 3;
        }
        field(pen, &mut y, "message", &form.message, true);
        if let Some(signed) = &form.signed {
            pen.put(
                inner.x,
                y,
                width,
                &Text::new("signature of ", theme.dim).add(&signed.message, theme.text),
            );
            let rest = Rect { y: y + 1, height: inner.bottom().saturating_sub(y + 1), ..inner };
            y += 2 + pen.paragraph(rest, &signed.signature, theme.strong);
        } else {
            let words = "A signed message proves that you hold this address. It can never be a payment.";
            pen.paragraph(Rect { y, height: 2, ..inner }, words, theme.dim);
        }
    }
    if let Some(error) = &form.error {
        pen.put(inner.x, y.min(inner.bottom() - 1), width, &Text::new(ink!("✗ {error}"), theme.bad));
    }
}
