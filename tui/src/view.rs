//! Drawing: the same state gives the same frame.
//!
//! ```text
//!  VibeCoin  devnet ▸ 12,408 ● synced peers 8 ↑3 12.4 MH/s           full node  locks 4:12
//!  1 Home  2 Wallet  3 Explorer  4 Mempool  5 Mining  6 Network  7 Logs         main
//! ╭ body ─────────────────────────────────────────────────────────────────────────────────────╮
//! ╰───────────────────────────────────────────────────────────────────────────────────────────╯
//!  s send  r receive  h history  / search  ? help
//! ```
//! Deliberately absent: anything that changes the state, or that reads a clock.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::draw::{Pen, Text};
use crate::keymap::{Command, Context};
use crate::safe::ink;
use crate::state::*;
use crate::theme::Theme;
use crate::update::unavailable;

mod explorer;
mod explorer_pages;
mod first_start;
mod forks;
mod history;
mod home;
mod logs;
mod mining;
mod network;
mod network_lists;
mod overlay;
mod payment;
mod pieces;
mod pool;
mod remote;
mod remote_details;
mod send;
mod title;
mod wallet;

/// Draws the state on a frame.
pub fn view(state: &State, theme: &Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    render(state, theme, area, frame.buffer_mut());
}

/// Draws the state into a buffer.
pub fn render(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut pen = Pen { buffer, theme };
    pen.clear(area);
    if area.width < WIDTH_MIN || area.height < HEIGHT_MIN {
        too_small(&mut pen, area);
        return;
    }
    title::draw(state, &mut pen, Rect { height: 1, ..area });
    let tabs = Rect { y: area.y + 1, height: 1, ..area };
    if state.has_tabs() {
        draw_tabs(state, &mut pen, tabs);
    }
    let notice_rows = notice_lines(state, area.width).len() as u16;
    let body = Rect { y: area.y + 2, height: area.height - 3 - notice_rows, ..area };
    match &state.session {
        Session::Starting => first_start::starting(state, &mut pen, body),
        Session::FirstStart(first) => first_start::draw(state, first, &mut pen, body),
        Session::Locked(unlock) => first_start::unlock(state, unlock, &mut pen, body),
        Session::Open(_) | Session::Looking => match state.tab {
            Tab::Home => home::draw(state, &mut pen, body),
            Tab::Wallet => wallet::draw(state, &mut pen, body),
            Tab::Explorer => explorer::draw(state, &mut pen, body),
            Tab::Mempool => pool::draw(state, &mut pen, body),
            Tab::Mining => mining::draw(state, &mut pen, body),
            Tab::Network if state.settings.remote => remote::draw(state, &mut pen, body),
            Tab::Network => network::draw(state, &mut pen, body),
            Tab::Logs => logs::draw(state, &mut pen, body),
        },
    }
    notice(state, &mut pen, Rect { y: body.bottom(), height: notice_rows, ..area });
    for overlay in &state.overlays {
        overlay::draw(state, overlay, &mut pen, body);
    }
    footer(state, &mut pen, Rect { y: area.bottom() - 1, height: 1, ..area });
}

fn too_small(pen: &mut Pen<'_>, area: Rect) {
    let lines = [
        ("The terminal is too small.".into(), pen.theme.strong),
        (
            ink!("It has {} × {}; {WIDTH_MIN} × {HEIGHT_MIN} are needed.", area.width, area.height),
            pen.theme.text,
        ),
        ("Make it larger, or ^C leaves.".into(), pen.theme.dim),
    ];
    let y = area.y + area.height.saturating_sub(3) / 2;
    for (i, (line, style)) in lines.into_iter().enumerate() {
        if i < usize::from(area.height) {
            pen.put_middle(area.x, y + i as u16, area.width, &Text::new(line, style));
        }
    }
}

/// A tab's name: where there are servers, there are no peers.
const fn tab_title(state: &State, tab: Tab) -> &'static str {
    match tab {
        Tab::Network if state.settings.remote => "Servers",
        tab => tab.title(),
    }
}

/// The tabs with their columns, as they are drawn and clicked.
fn tab_places(state: &State) -> Vec<(Tab, u16, u16, Text)> {
    let mut x = 1;
    let mut places = Vec::new();
    for (i, tab) in Tab::ALL.into_iter().enumerate() {
        let text = Text::new(ink!(" {} {} ", i + 1, tab_title(state, tab)), ratatui::style::Style::new());
        let width = text.width() as u16;
        if state.has_tabs() {
            places.push((tab, x, width, text));
        }
        x += width;
    }
    places
}

fn draw_tabs(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    for (i, (tab, x, width, _)) in tab_places(state).into_iter().enumerate() {
        let here = tab == state.tab;
        let style = if here { theme.tab_here } else { theme.tab };
        let number = if here { style } else { theme.faint };
        let text = Text::new(ink!(" {} ", i + 1), number).add(tab_title(state, tab), style).add(" ", style);
        pen.put(x, area.y, width, &text);
    }
    if let Some(wallet) = state.wallet() {
        let name = Text::new(&wallet.overview.name, theme.own).add(" ", theme.dim);
        pen.put_right(area.x, area.y, area.width, &name);
    }
}

/// What the footer offers: the keys of what has the keys, each with its place.
fn footer_places(state: &State, width: u16) -> Vec<(Command, u16, u16)> {
    let context = state.context();
    let mut keys: Vec<(Command, u16)> = footer_keys(state, context)
        .into_iter()
        .map(|(key, command)| (command, ink!("{key} {}", label(state, context, command)).width() as u16))
        .collect();
    // The ways back and to the whole list are never what is left out.
    while 1 + keys.iter().map(|(_, cells)| cells + 2).sum::<u16>() > width + 1 {
        let Some(last) = keys.iter().rposition(|(c, _)| !matches!(c, Command::Help | Command::Back)) else {
            break;
        };
        keys.remove(last);
    }
    let mut x = 1;
    let mut places = Vec::with_capacity(keys.len());
    for (command, cells) in keys {
        places.push((command, x, cells));
        x += cells + 2;
    }
    places
}

fn footer_keys(state: &State, context: Context) -> Vec<(crate::keymap::Key, Command)> {
    let mut keys: Vec<_> =
        state.keymap.keys(context).into_iter().filter(|(_, c)| !c.label().is_empty()).collect();
    if context == Context::Global {
        keys.retain(|(_, c)| matches!(c, Command::Leave));
    }
    // What leads on comes first, then the rest in the order of the table.
    keys.sort_by_key(|(_, c)| u8::from(matches!(c, Command::Help | Command::Quit | Command::Back)));
    keys
}

/// The footer's word for a command, which for some depends on where one is.
fn label(state: &State, context: Context, command: Command) -> &'static str {
    match (command, context) {
        (Command::Accept, Context::Send) => "review",
        (Command::Accept, Context::Unlock) => "unlock",
        (Command::Accept, Context::Check | Context::Password | Context::Watch | Context::Restore) => "go on",
        (Command::Accept, Context::Choose) => "choose",
        (Command::Accept, Context::Wallet) => "receive",
        (Command::Accept, Context::Progress) => "open",
        (Command::Accept, Context::Contacts) => "pay",
        (Command::Accept, Context::Sign) => match state.wallet().and_then(|w| w.pages.last()) {
            Some(WalletPage::Sign(form)) if form.verifying => "verify",
            _ => "sign",
        },
        (Command::Accept, Context::Prompt | Context::Find) => "done",
        (Command::Accept, Context::Palette) => "run",
        (Command::Accept | Command::ToggleMining, Context::Mining | Context::Home) => {
            match (command, context, state.miner.as_ref().is_some_and(|m| m.running)) {
                (Command::Accept, Context::Home, _) => "open block",
                (_, _, true) => "stop mining",
                (_, _, false) => "start mining",
            }
        }
        (Command::Copy, Context::Receive | Context::Wallet | Context::Contacts) => "copy address",
        (Command::Copy, Context::Progress) => "copy id",
        (Command::Back, Context::Confirm | Context::Review) => "no, back",
        (Command::Back, Context::Help) => "close",
        (Command::Next, Context::Receive) => "next account",
        (Command::Filter, Context::Mempool) if state.pool.own_only => "all",
        (Command::Filter, Context::Mempool) => "yours only",
        (Command::ShowBans, _) if state.network.list == NetworkList::Bans => "peers",
        (Command::ShowDisagreements, _) if state.remote.list == ServerList::Disagreements => "servers",
        (Command::Accept, Context::Servers) => "details",
        (Command::Back, Context::Details) => "close",
        (Command::Follow, _) if state.logs.follow => "stop following",
        _ => command.label(),
    }
}

fn footer(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let context = state.context();
    let keys = footer_keys(state, context);
    pen.tint(area, theme.bar);
    for (command, x, width) in footer_places(state, area.width) {
        let Some((key, _)) = keys.iter().find(|(_, c)| *c == command) else { continue };
        let able = unavailable(state, command).is_none();
        let (key_style, word_style) = if able { (theme.key, theme.bar) } else { (theme.faint, theme.faint) };
        let text = Text::new(ink!("{key}"), key_style)
            .add(" ", word_style)
            .add(label(state, context, command), word_style);
        pen.put(area.x + x, area.y, width, &text);
    }
}

fn notice_lines(state: &State, width: u16) -> Vec<crate::safe::SafeText> {
    let Some(notice) = &state.notice else { return Vec::new() };
    let mut lines = notice.words.wrap(usize::from(width) - 6);
    lines.truncate(3);
    lines
}

fn notice(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let Some(notice) = &state.notice else { return };
    let style = if notice.bad { pen.theme.alarm } else { pen.theme.notice };
    pen.tint(area, style);
    for (i, line) in notice_lines(state, area.width).into_iter().enumerate() {
        let mark = match (i, notice.bad) {
            (0, true) => " ! ",
            (0, false) => " ✓ ",
            _ => "   ",
        };
        pen.put(area.x, area.y + i as u16, area.width, &Text::new(mark, style).add(line, style));
    }
}

/// The command that a click at this place asks for.
#[must_use]
pub fn clicked(state: &State, column: u16, row: u16) -> Option<Command> {
    let within = |x: u16, width: u16| (x..x + width).contains(&column);
    if state.too_small() {
        return None;
    }
    if row == 1 && state.overlays.is_empty() {
        return tab_places(state).into_iter().find(|(_, x, width, _)| within(*x, *width)).map(|(tab, ..)| {
            match tab {
                Tab::Home => Command::Home,
                Tab::Wallet => Command::Wallet,
                Tab::Explorer => Command::Explorer,
                Tab::Mempool => Command::Mempool,
                Tab::Mining => Command::Mining,
                Tab::Network => Command::Network,
                Tab::Logs => Command::Logs,
            }
        });
    }
    if row + 1 == state.size.1 {
        return footer_places(state, state.size.0)
            .into_iter()
            .find(|(_, x, width)| within(*x, *width))
            .map(|(command, ..)| command);
    }
    None
}
