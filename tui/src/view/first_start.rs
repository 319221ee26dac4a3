//! First start and the lock.

use ratatui::layout::Rect;
use vibecoin_client::password::Password;

use super::pieces::{self, middle};
use crate::action::Slot;
use crate::draw::{Pen, Text};
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;

pub(super) fn starting(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let y = area.y + area.height / 2 - 1;
    pen.put_middle(area.x, y, area.width, &Text::new("V I B E C O I N", theme.accent));
    pen.put_middle(
        area.x,
        y + 1,
        area.width,
        &Text::new(ink!("opening {} …", state.settings.network), theme.dim),
    );
}

pub(super) fn draw(state: &State, first: &FirstStart, pen: &mut Pen<'_>, area: Rect) {
    match first.step {
        Step::Choose => choose(state, first, pen, area),
        Step::Words => words(state, first, pen, area),
        Step::Check => check(first, pen, area),
        Step::Restore => restore(first, pen, area),
        Step::Watch => watch(state, first, pen, area),
        Step::Password => password(state, first, pen, area),
    }
}

/// A box in the middle with a title and the number of its step.
fn boxed(pen: &mut Pen<'_>, area: Rect, height: u16, title: &'static str, step: &'static str) -> Rect {
    let theme = pen.theme;
    let area = middle(area, 76, height);
    let inner = pen.panel(area, &Text::new(title, theme.heading), true);
    if !step.is_empty() {
        pen.corner(area, &Text::new(step, theme.dim));
    }
    Rect { x: inner.x + 1, width: inner.width - 2, ..inner }
}

fn choose(state: &State, first: &FirstStart, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let inner = boxed(pen, area, 18, "Welcome to VibeCoin", "");
    let mut y = inner.y + 1;
    let network = Text::new("This is ", theme.dim).add(&state.settings.network, theme.accent);
    let what = if state.settings.network.as_str() == "devnet" {
        ": coins to try things with, worth nothing."
    } else {
        "."
    };
    pen.put(inner.x, y, inner.width, &network.add(what, theme.dim));
    y += 2;
    for (i, (key, title, about)) in CHOICES.into_iter().enumerate() {
        if i == first.choice {
            pen.tint(Rect::new(inner.x - 1, y, inner.width + 2, 2), theme.selected);
        }
        let mark = if i == first.choice { "▸" } else { " " };
        let line =
            Text::new(mark, theme.accent).add(" ", theme.text).add(key, theme.key).add("  ", theme.text);
        pen.put(inner.x, y, inner.width, &line.add(title, theme.strong));
        pen.put(inner.x + 5, y + 1, inner.width - 5, &Text::new(about, theme.dim));
        y += 3;
    }
    if first.wallets.is_empty() {
        pen.put(
            inner.x,
            y,
            inner.width,
            &Text::new("Nothing is written before the last step; esc always goes back.", theme.faint),
        );
    } else {
        pen.put(inner.x, y, inner.width, &Text::new("esc goes back to the wallets that exist.", theme.faint));
    }
}

fn words(state: &State, first: &FirstStart, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let many = first.count == WordCount::TwentyFour;
    let rows: u16 = if many { 8 } else { 4 };
    let inner = boxed(pen, area, rows + 13, "Your words", "step 1 of 3");
    let mut y = inner.y + 1;
    let about = "Write these words on paper, in this order. They are the wallet: whoever has them has the coins, \
                 and without them nobody can bring the coins back.";
    y += pen.paragraph(Rect { y, height: 3, ..inner }, about, theme.text) + 1;
    if first.words.words().is_empty() {
        let words = if state.is_waiting(Slot::Words) { "drawing words …" } else { "no words: press n" };
        pen.put_middle(inner.x, y + rows / 2, inner.width, &Text::new(words, theme.dim));
    }
    for (i, word) in first.words.words().iter().enumerate() {
        // Down the columns, as one writes a list.
        let (column, row) = (i as u16 / rows, i as u16 % rows);
        let text =
            Text::new(ink!("{:>3}  ", i + 1), theme.faint).add(SafeText::new(word.expose()), theme.strong);
        pen.put(inner.x + 2 + column * 23, y + row, 22, &text);
    }
    y += rows + 1;
    let about = "They are shown on this screen only, and are not in the clipboard, the scrollback or a file. \
                 Next, three of them are asked back.";
    y += pen.paragraph(Rect { y, height: 3, ..inner }, about, theme.dim) + 1;
    let keys = Text::new("↵", theme.key)
        .add(" I wrote them down    ", theme.text)
        .add("t", theme.key)
        .add(if many { " 12 words are enough    " } else { " 24 words    " }, theme.dim)
        .add("n", theme.key)
        .add(" other words", theme.dim);
    pen.put(inner.x, y, inner.width, &keys);
}

fn check(first: &FirstStart, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let inner = boxed(pen, area, 15, "Three words back", "step 2 of 3");
    let mut y = inner.y + 1;
    pen.put(inner.x, y, inner.width, &Text::new("Look at your paper, and enter these words.", theme.text));
    y += 2;
    for (n, place) in first.asked.into_iter().enumerate() {
        let here = first.focus == n;
        let style = if here { theme.accent } else { theme.dim };
        pen.put(
            inner.x,
            y,
            12,
            &Text::new(ink!("{}word {}", if here { "▸ " } else { "  " }, place + 1), style),
        );
        pen.field(inner.x + 12, y, 22, &first.answers[n], here, true);
        if first.wrong[n] {
            pen.put(
                inner.x + 36,
                y,
                inner.width - 36,
                &Text::new(ink!("✗ this is not word {}", place + 1), theme.bad),
            );
        }
        y += 2;
    }
    if let Some((_, error)) = first.error.as_ref().filter(|(n, _)| !first.wrong[(*n).min(2)]) {
        pen.put(inner.x, y, inner.width, &Text::new(error, theme.warn));
    }
    y += 1;
    let keys = Text::new("↵", theme.key)
        .add(" next    ", theme.text)
        .add("esc", theme.key)
        .add(" see the words again", theme.dim);
    pen.put(inner.x, y, inner.width, &keys);
}

fn restore(first: &FirstStart, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let inner = boxed(pen, area, 19, "Restore from words", "step 1 of 2");
    let mut y = inner.y + 1;
    pen.put(
        inner.x,
        y,
        inner.width,
        &Text::new("Enter the 12 or 24 words, with spaces between them.", theme.text),
    );
    y += 2;
    // The words in lines of their own, the cursor at the end of what is before it.
    let (before, after) = first.typed.shown(true);
    let text = ink!("{before}{}{after}", if first.focus == 0 { "▏" } else { "" });
    let lines = text.wrap(usize::from(inner.width) - 2);
    let style = if first.focus == 0 { theme.field_here } else { theme.field };
    pen.tint(Rect::new(inner.x, y, inner.width, 4), style);
    let first_line = lines.len().saturating_sub(4);
    for (i, line) in lines.into_iter().skip(first_line).enumerate() {
        pen.put(inner.x + 1, y + i as u16, inner.width - 2, &Text::new(line, style));
    }
    y += 4;
    let typed = first.typed.text();
    let count = typed.split_whitespace().count();
    let counted = if count == 1 { ink!("1 word") } else { ink!("{count} words") };
    pen.put_right(inner.x, y, inner.width, &Text::new(counted, theme.dim));
    let suggestions = Phrase::suggest(&first.typed.word_before());
    if first.focus == 0 && !suggestions.is_empty() && !first.typed.word_before().is_empty() {
        let joined = suggestions.join("  ");
        let text = Text::new("tab ", theme.key).add(SafeText::new(&joined), theme.accent);
        pen.put(inner.x, y, inner.width - 12, &text);
    }
    y += 2;
    match &first.verdict {
        Some(WordsVerdict::Unknown { place, word, suggestions }) => {
            pen.put(
                inner.x,
                y,
                inner.width,
                &Text::new(ink!("✗ word {place}, “{}”, is not in the list", word.cut(24)), theme.bad),
            );
            if !suggestions.is_empty() {
                let joined = SafeText::new(&suggestions.join(", "));
                pen.put(
                    inner.x,
                    y + 1,
                    inner.width,
                    &Text::new("  perhaps ", theme.dim).add(joined, theme.accent),
                );
            }
        }
        Some(WordsVerdict::Count(n)) => {
            pen.put(
                inner.x,
                y,
                inner.width,
                &Text::new(ink!("✗ a wallet has 12 or 24 words; these are {n}"), theme.bad),
            );
        }
        Some(WordsVerdict::Checksum) => {
            let words = "✗ every word exists, but not together: one is wrong, or two have changed places";
            pen.paragraph(Rect { y, height: 2, ..inner }, words, theme.bad);
        }
        None => {
            let words = if count == 12 || count == 24 { "↵ goes on" } else { "" };
            pen.put(inner.x, y, inner.width, &Text::new(words, theme.good));
        }
    }
    y += 3;
    match &first.passphrase {
        Some(field) => {
            pen.put(inner.x, y, 12, &Text::new("passphrase", theme.dim));
            pen.field(inner.x + 12, y, 40, field, first.focus == 1, first.revealed);
            let words = "every passphrase opens some wallet: a mistake opens an empty one";
            pen.put(inner.x, y + 1, inner.width, &Text::new(words, theme.dim));
        }
        None => {
            let text = Text::new("F2", theme.key).add(" if these words have a passphrase besides", theme.dim);
            pen.put(inner.x, y, inner.width, &text);
        }
    }
}

fn watch(state: &State, first: &FirstStart, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let inner = boxed(pen, area, 14, "Watch an address", "");
    let mut y = inner.y + 1;
    pen.put(
        inner.x,
        y,
        inner.width,
        &Text::new("What it holds and does is shown; nothing can be spent from here.", theme.text),
    );
    y += 2;
    for (n, word, field) in [(0, "address", &first.address), (1, "name", &first.name)] {
        labelled(pen, inner, y, word, field, first.focus == n, true);
        error_below(first, n, pen, inner, y + 1);
        y += 3;
    }
    if state.is_waiting(Slot::Open) {
        pen.put(inner.x, y, inner.width, &Text::new("opening …", theme.warn));
    }
}

fn labelled(
    pen: &mut Pen<'_>,
    area: Rect,
    y: u16,
    word: &'static str,
    field: &crate::field::Field,
    here: bool,
    revealed: bool,
) {
    let style = if here { pen.theme.accent } else { pen.theme.dim };
    pen.put(area.x, y, 13, &Text::new(if here { "▸ " } else { "  " }, style).add(word, style));
    pen.field(area.x + 13, y, area.width - 13, field, here, revealed);
}

fn error_below(first: &FirstStart, field: usize, pen: &mut Pen<'_>, area: Rect, y: u16) {
    if let Some((_, error)) = first.error.as_ref().filter(|(n, _)| *n == field) {
        let rest = Rect::new(area.x + 13, y, area.width - 13, 2);
        pen.paragraph(rest, ink!("✗ {error}"), pen.theme.bad);
    }
}

fn password(state: &State, first: &FirstStart, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let step = if first.restoring { "step 2 of 2" } else { "step 3 of 3" };
    let inner = boxed(pen, area, 18, "Name and password", step);
    let mut y = inner.y + 1;
    let about = "The password encrypts the wallet on this computer. It is not a copy of the words: \
                 they stay the only way back.";
    y += pen.paragraph(Rect { y, height: 2, ..inner }, about, theme.text) + 1;
    labelled(pen, inner, y, "name", &first.name, first.focus == 0, true);
    error_below(first, 0, pen, inner, y + 1);
    y += 3;
    labelled(pen, inner, y, "password", &first.password, first.focus == 1, first.revealed);
    if first.error.as_ref().is_none_or(|(n, _)| *n != 1) {
        strength(first, pen, Rect::new(inner.x + 13, y + 1, inner.width - 13, 1));
    }
    error_below(first, 1, pen, inner, y + 1);
    y += 3;
    labelled(pen, inner, y, "again", &first.repeat, first.focus == 2, first.revealed);
    error_below(first, 2, pen, inner, y + 1);
    y += 3;
    let line = if state.is_waiting(Slot::Open) {
        Text::new("making the wallet: this takes a moment on purpose …", theme.warn)
    } else {
        Text::new("↵", theme.key)
            .add(" go on    ", theme.text)
            .add("F2", theme.key)
            .add(" show what is typed", theme.dim)
    };
    pen.put(inner.x, y, inner.width, &line);
}

/// How good the password is, as an upper bound, in a bar and in words.
fn strength(first: &FirstStart, pen: &mut Pen<'_>, area: Rect) {
    if first.password.is_empty() {
        let words = "several words that do not belong together are good";
        pen.put(area.x, area.y, area.width, &Text::new(words, pen.theme.faint));
        return;
    }
    let strength = Password::from(first.password.to_secret().expose()).strength();
    let level = f64::from(strength.bits()) / 72.0;
    let style = match strength.bits() {
        0..40 => pen.theme.bad,
        40..56 => pen.theme.warn,
        _ => pen.theme.good,
    };
    pen.bar(area.x, area.y, 10, level, style);
    let words = Text::new(ink!(" {}", strength.word()), style)
        .add(ink!(" · 1,000 machines: {}", strength.time()), pen.theme.dim);
    pen.put(area.x + 10, area.y, area.width - 10, &words);
}

pub(super) fn unlock(state: &State, unlock: &Unlock, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let wallets = unlock.wallets.len().min(6) as u16;
    let inner = boxed(pen, area, wallets + 10, "Unlock", "");
    let mut y = inner.y + 1;
    if unlock.by_itself {
        pen.put(
            inner.x,
            y,
            inner.width,
            &Text::new("The wallet locked itself after a while without a key.", theme.dim),
        );
    } else {
        pen.put(inner.x, y, inner.width, &Text::new("Welcome back.", theme.dim));
    }
    y += 2;
    let first = pieces::first_row(unlock.selected, unlock.wallets.len(), usize::from(wallets));
    for (i, wallet) in unlock.wallets.iter().enumerate().skip(first).take(usize::from(wallets)) {
        let chosen = i == unlock.selected;
        if chosen {
            pen.tint(Rect::new(inner.x - 1, y, inner.width + 2, 1), theme.selected);
        }
        let mark = if chosen { "▸ " } else { "  " };
        let text =
            Text::new(mark, theme.accent).add(&wallet.name, if chosen { theme.strong } else { theme.text });
        pen.put(inner.x, y, inner.width, &text);
        let about = if wallet.damaged.is_some() {
            Text::new("damaged", theme.bad)
        } else if wallet.watch_only {
            Text::new("watches only", theme.dim)
        } else {
            Text::default()
        };
        pen.put_right(inner.x, y, inner.width, &about);
        y += 1;
    }
    y += 1;
    if unlock.chosen().is_some_and(|w| w.watch_only) {
        pen.put(inner.x, y, inner.width, &Text::new("needs no password", theme.dim));
    } else {
        labelled(pen, inner, y, "password", &unlock.password, true, unlock.revealed);
    }
    y += 1;
    let rest = Rect::new(inner.x + 13, y, inner.width - 13, 3);
    if state.is_waiting(Slot::Open) {
        pen.put(rest.x, y, rest.width, &Text::new("unlocking …", theme.warn));
    } else if let Some(failure) = &unlock.error {
        pieces::failure(pen, rest, failure);
    }
}
