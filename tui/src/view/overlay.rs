//! What lies over a screen.

use ratatui::layout::Rect;

use super::pieces::middle;
use crate::draw::{Pen, Text};
use crate::keymap::{Command, Context};
use crate::model::Mark;
use crate::safe::{SafeText, ink};
use crate::state::*;
use crate::theme::Theme;
use crate::update::unavailable;

pub(super) fn draw(state: &State, overlay: &Overlay, pen: &mut Pen<'_>, area: Rect) {
    match overlay {
        Overlay::Help { scroll } => help(state, *scroll, pen, area),
        Overlay::Palette(p) => palette(state, p, pen, area),
        Overlay::Confirm(question) => confirm(question, pen, area),
        Overlay::Prompt(p) => prompt(p, pen, area),
        Overlay::Find(field) => find(field, pen, area),
        Overlay::Details { scroll } => super::remote_details::overlay(state, *scroll, pen, area),
    }
}

pub(super) fn boxed(pen: &mut Pen<'_>, area: Rect, title: &Text) -> Rect {
    pen.clear(area);
    pen.panel(area, title, true)
}

/// The keys of the screen below, then those that work everywhere.
fn help(state: &State, scroll: usize, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let area = middle(area, 76, area.height - 1);
    let context = state.context_below();
    let inner =
        boxed(pen, area, &Text::new("Help", theme.heading).add(ink!(" · {}", context.title()), theme.accent));
    let mut lines: Vec<Text> = Vec::new();
    for (section, own) in [(context, true), (Context::Global, false)] {
        if !own && context == Context::Global {
            continue;
        }
        if !own {
            legend(state, theme, &mut lines);
            lines.push(Text::default());
            lines.push(Text::new("Everywhere", theme.heading));
        }
        for (_, command) in state.keymap.keys(section) {
            let keys = state.keymap.keys_of(context, command);
            // What the screen itself uses a key for is listed there already.
            let listed = !own && state.keymap.keys(context).iter().any(|(_, c)| *c == command);
            if keys.is_empty() || listed {
                continue;
            }
            let shown: Vec<String> = keys.iter().map(ToString::to_string).collect();
            let able = unavailable(state, command);
            let (key, word) =
                if able.is_none() { (theme.key, theme.text) } else { (theme.faint, theme.faint) };
            let line = Text::new(ink!("{:<16}", shown.join("  ")), key).add(command.help(), word);
            lines.push(match able {
                None => line,
                Some(why) => line.add(ink!("  ({why})"), theme.faint),
            });
        }
    }
    let height = usize::from(inner.height);
    let start = scroll.min(lines.len().saturating_sub(height));
    for (i, line) in lines.iter().skip(start).take(height).enumerate() {
        pen.put(inner.x, inner.y + i as u16, inner.width, line);
    }
    if lines.len() > height {
        let text = Text::new(
            ink!("{}–{} of {}", start + 1, (start + height).min(lines.len()), lines.len()),
            theme.dim,
        );
        pen.corner(area, &text);
    }
}

/// What the marks say, where figures have some.
fn legend(state: &State, theme: &Theme, lines: &mut Vec<Text>) {
    if !state.settings.remote {
        return;
    }
    lines.push(Text::default());
    lines.push(Text::new("What stands beside a figure", theme.heading));
    for (mark, words) in Mark::LEGEND {
        lines.push(Text::new(ink!("{:<16}", mark.sign()), theme.strong).add(words, theme.text));
    }
}

fn palette(state: &State, palette: &Palette, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let box_area = middle(area, 72, 16.min(area.height));
    let inner = boxed(pen, box_area, &Text::new("Command", theme.heading));
    pen.put(inner.x, inner.y, 2, &Text::new(": ", theme.key));
    pen.field(inner.x + 2, inner.y, inner.width - 2, &palette.field, true, true);
    let rows = usize::from(inner.height - 2);
    if palette.matches.is_empty() {
        pen.put(inner.x, inner.y + 2, inner.width, &Text::new("No command goes by that.", theme.dim));
    }
    let first = super::pieces::first_row(palette.selected, palette.matches.len(), rows);
    let below = state.context_below();
    for (i, command) in palette.matches.iter().enumerate().skip(first).take(rows) {
        let y = inner.y + 2 + (i - first) as u16;
        if i == palette.selected {
            pen.tint(Rect::new(inner.x - 1, y, inner.width + 2, 1), theme.selected);
        }
        let why = unavailable(state, *command);
        let (name, about) =
            if why.is_none() { (theme.strong, theme.dim) } else { (theme.faint, theme.faint) };
        pen.put(inner.x, y, 16, &Text::new(command.name(), name));
        let words = why.unwrap_or_else(|| command.help().into());
        pen.put(inner.x + 17, y, inner.width - 24, &Text::new(words, about));
        let key = state.keymap.keys_of(below, *command).first().map(|k| ink!("{k}"));
        if let Some(key) = key.filter(|_| *command != Command::Quit || below != Context::Send) {
            pen.put_right(inner.x, y, inner.width, &Text::new(key, theme.key));
        }
    }
}

fn confirm(question: &Question, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let (title, lines, yes): (&'static str, Vec<Text>, &'static str) = match question {
        Question::RemoveContact { name, address } => (
            "Remove a contact",
            vec![
                Text::new(name, theme.own).add(" is taken out of the address book:", theme.text),
                Text::new(address, theme.strong),
                Text::new("Payments made to them stay in the history.", theme.dim),
            ],
            " remove",
        ),
        Question::BanPeer { id, place } => (
            "Ban a node",
            vec![
                Text::new(id, theme.strong),
                Text::new("at ", theme.text)
                    .add(place, theme.own)
                    .add(" is disconnected now, and for a day", theme.text),
                Text::new("neither dialled nor let in, wherever it is.", theme.text),
                Text::new("Other nodes at its address are not touched.", theme.dim),
            ],
            " ban it",
        ),
        Question::BanAddress { ip, there } => (
            "Ban an address",
            vec![
                Text::new("Everybody at ", theme.text).add(ip, theme.strong).add(":", theme.text),
                Text::new(ink!("{there} connected now, disconnected at once;"), theme.text),
                Text::new("for a day nobody there is dialled or let in.", theme.text),
                Text::new("A node banned so can come back from another address.", theme.dim),
            ],
            " ban it",
        ),
        Question::Unban { who, reason } => (
            "End a ban",
            vec![
                Text::new(who, theme.strong),
                Text::new("was banned: ", theme.dim).add(reason, theme.text),
                Text::new("It may be dialled and let in again from now on.", theme.text),
            ],
            " end it",
        ),
        Question::LeaveWhileSending => (
            "Leave now?",
            vec![
                Text::new("A payment is being signed and sent at this moment.", theme.text),
                Text::new("If you leave, it may or may not have gone out:", theme.warn),
                Text::new("the history will tell when you come back.", theme.dim),
            ],
            " leave",
        ),
        Question::DropWords => (
            "Give these words up?",
            vec![
                Text::new("No wallet was made of them, so nothing is lost.", theme.text),
                Text::new("If you wrote them down, throw that paper away:", theme.text),
                Text::new("coming back shows other words.", theme.dim),
            ],
            " give them up",
        ),
    };
    let area = middle(area, 66, lines.len() as u16 + 6);
    let inner = boxed(pen, area, &Text::new(title, theme.warn));
    let mut y = inner.y + 1;
    for line in &lines {
        pen.put(inner.x, y, inner.width, line);
        y += 1;
    }
    let keys =
        Text::new("y", theme.key).add(yes, theme.text).add("    n", theme.key).add(" go back", theme.text);
    pen.put(inner.x, y + 1, inner.width, &keys);
}

fn prompt(prompt: &Prompt, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let area = middle(area, 76, 8);
    let inner = boxed(pen, area, &Text::new(prompt.purpose.title(), theme.heading));
    let mut hint: SafeText = prompt.purpose.hint().into();
    if let Purpose::ContactName { address } = &prompt.purpose {
        hint = SafeText::new(address);
    }
    pen.put(inner.x, inner.y, inner.width, &Text::new(hint, theme.dim));
    pen.field(inner.x, inner.y + 2, inner.width, &prompt.field, true, true);
    if let Some(error) = &prompt.error {
        let rest = Rect { y: inner.y + 3, height: inner.height - 3, ..inner };
        pen.paragraph(rest, ink!("✗ {error}"), theme.bad);
    }
}

/// A line at the bottom of the body.
fn find(field: &crate::field::Field, pen: &mut Pen<'_>, area: Rect) {
    let y = area.bottom() - 1;
    pen.clear(Rect { y, height: 1, ..area });
    pen.put(area.x, y, 3, &Text::new(" / ", pen.theme.key));
    pen.field(area.x + 3, y, area.width - 4, field, true, true);
}
