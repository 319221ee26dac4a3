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
use crate::format;
use crate::keymap::{Command, Context};
use crate::model::*;
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
mod pieces;
mod pool;
mod send;
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
    title(state, &mut pen, Rect { height: 1, ..area });
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

/// The title line: what there is room for, the least important pieces left out first.
fn title(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    pen.tint(area, theme.bar);
    let mut left: Vec<(u8, Text)> = vec![(9, Text::new(" VibeCoin ", theme.brand))];
    let mut right: Vec<(u8, Text)> = Vec::new();
    match &state.status {
        None => {
            left.push((9, Text::new(ink!(" {} ", state.settings.network), theme.strong)));
            left.push((8, Text::new("○ starting", theme.warn)));
        }
        Some(status) => {
            let height = Text::new(ink!(" {} ", status.network), theme.strong)
                .add("▸ ", theme.faint)
                .add(ink!("{} ", format::count(state.height())), theme.strong);
            left.push((9, height));
            left.push((8, sync(status, theme)));
            if let Some(depth) = status.alarm {
                left.push((9, Text::new(ink!(" ▲ {depth} reorganised "), theme.alarm)));
            } else if !status.warnings.is_empty() {
                left.push((9, Text::new(" ▲ warning ", theme.alarm)));
            }
            if let Some((all, out)) = status.peers {
                // While there is something to catch up with, who it comes from matters more than the pace.
                let rank = if matches!(status.sync, SyncState::Syncing { .. }) { 6 } else { 4 };
                let style = if all == 0 { theme.warn } else { theme.bar };
                left.push((rank, Text::new(ink!("peers {all} "), style)));
                if out > 0 {
                    left.push((2, Text::new(ink!("↑{out} "), theme.dim)));
                }
            }
            let pace = match status.pace {
                Pace::Paced { interval_ms } => ink!("paced {} ", pace_span(interval_ms)),
                Pace::HashRate(rate) => ink!("{} ", format::hash_rate(rate)),
            };
            left.push((5, Text::new(pace, theme.bar)));
            let trust = match status.trust {
                Trust::FullNode => Text::new("full node ", theme.good),
                Trust::Proven => Text::new("proven ", theme.good),
                Trust::Unverified => Text::new("unverified ", theme.bad),
            };
            right.push((7, trust));
        }
    }
    right.push((6, lock(state, theme)));
    let width = |parts: &[(u8, Text)]| parts.iter().map(|(_, t)| t.width()).sum::<usize>();
    while width(&left) + width(&right) > usize::from(area.width) {
        let Some(least) = left.iter().enumerate().min_by_key(|(_, (rank, _))| *rank).map(|(i, _)| i) else {
            break;
        };
        left.remove(least);
    }
    let join = |parts: Vec<(u8, Text)>| parts.into_iter().fold(Text::default(), |all, (_, t)| all.join(t));
    pen.put(area.x, area.y, area.width, &join(left));
    pen.put_right(area.x, area.y, area.width, &join(right));
}

fn sync(status: &ChainStatus, theme: &Theme) -> Text {
    match &status.sync {
        SyncState::Starting => Text::new("○ starting ", theme.warn),
        SyncState::Synced => Text::new("● synced ", theme.good),
        SyncState::Syncing { target, done, eta_s } => {
            let share = match done {
                Some(done) => (done.clamp(0.0, 1.0) * 100.0) as u64,
                None if *target == 0 => 0,
                None => status.height.min(*target).saturating_mul(100) / target,
            };
            let text = Text::new(ink!("◐ syncing {share} %"), theme.warn);
            match eta_s {
                Some(eta) => text.add(ink!(", {} ", format::span(*eta)), theme.dim),
                None => text.add(" ", theme.dim),
            }
        }
        SyncState::Offline(_) => Text::new("○ offline ", theme.bad),
    }
}

/// `1 s`, `20 s`, `0.5 s`
fn pace_span(ms: u64) -> crate::safe::SafeText {
    if ms.is_multiple_of(1_000) {
        format::span(ms / 1_000)
    } else {
        ink!("{}.{} s", ms / 1_000, ms % 1_000 / 100)
    }
}

fn lock(state: &State, theme: &Theme) -> Text {
    match (&state.session, state.locks_in_s()) {
        (Session::Open(_), Some(s)) => {
            let style = if s <= 30 { theme.warn } else { theme.dim };
            Text::new("◇ ", style).add(ink!("locks {} ", format::clock(s)), style)
        }
        (Session::Open(w), None) if w.overview.watch_only => Text::new("watching ", theme.own),
        (Session::Open(_), None) => Text::new("unlocked ", theme.dim),
        (Session::Locked(_), _) => Text::new("◆ locked ", theme.warn),
        (Session::Looking, _) => Text::new("no wallet ", theme.dim),
        (Session::Starting | Session::FirstStart(_), _) => Text::default(),
    }
}

/// The tabs with their columns, as they are drawn and clicked.
fn tab_places(state: &State) -> Vec<(Tab, u16, u16, Text)> {
    let mut x = 1;
    let mut places = Vec::new();
    for (i, tab) in Tab::ALL.into_iter().enumerate() {
        let text = Text::new(ink!(" {} {} ", i + 1, tab.title()), ratatui::style::Style::new());
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
        let text = Text::new(ink!(" {} ", i + 1), number).add(tab.title(), style).add(" ", style);
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
