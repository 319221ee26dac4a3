//! The title line: what there is room for, the least important pieces left out first.
//!
//! ```text
//!  VibeCoin  devnet ▸ 12,408 ● synced peers 8 ↑3 12.4 MH/s           full node  ◇ locks 4:12
//!  VibeCoin  testnet ▸ 12,408 ● following servers 2 of 3                proven  ◇ locks 4:12
//!  VibeCoin  testnet                                unverified · proving 34 %  ◇ locks 4:12
//! ```

use ratatui::layout::Rect;

use crate::draw::{Pen, Text};
use crate::format;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;
use crate::theme::Theme;

/// Pieces in a row, each with how much it matters: what never goes has 9.
type Pieces = Vec<(u8, Text)>;

pub(super) fn draw(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    pen.tint(area, theme.bar);
    let mut left: Pieces = vec![(9, Text::new(" VibeCoin ", theme.brand))];
    let mut right: Pieces = Vec::new();
    match &state.status {
        Some(status) => {
            chain(state, status, theme, &mut left);
            right.push((7, trust(state, status.trust, theme)));
        }
        None => {
            left.push((9, Text::new(ink!(" {} ", state.settings.network), theme.strong)));
            if state.settings.remote {
                servers(state, theme, &mut left);
                right.push((7, trust(state, Trust::Unverified, theme)));
            } else {
                left.push((8, Text::new("○ starting", theme.warn)));
            }
        }
    }
    right.push((6, lock(state, theme)));
    let width = |parts: &Pieces| parts.iter().map(|(_, t)| t.width()).sum::<usize>();
    while width(&left) + width(&right) > usize::from(area.width) {
        let Some(least) = left.iter().enumerate().min_by_key(|(_, (rank, _))| *rank).map(|(i, _)| i) else {
            break;
        };
        left.remove(least);
    }
    let join = |parts: Pieces| parts.into_iter().fold(Text::default(), |all, (_, t)| all.join(t));
    pen.put(area.x, area.y, area.width, &join(left));
    pen.put_right(area.x, area.y, area.width, &join(right));
}

/// What is known of the chain.
fn chain(state: &State, status: &ChainStatus, theme: &Theme, left: &mut Pieces) {
    let height = Text::new(ink!(" {} ", status.network), theme.strong)
        .add("▸ ", theme.faint)
        .add(ink!("{} ", format::count(state.height())), theme.strong);
    left.push((9, height));
    left.push((8, if state.settings.remote { standing(state, status, theme) } else { sync(status, theme) }));
    let cautions = state.remote.view.as_ref().is_some_and(RemoteView::is_grave);
    if let Some(depth) = status.alarm {
        left.push((9, Text::new(ink!(" ▲ {depth} reorganised "), theme.alarm)));
    } else if cautions || !status.warnings.is_empty() {
        left.push((9, Text::new(" ▲ warning ", theme.alarm)));
    }
    if state.settings.remote {
        servers(state, theme, left);
    } else if let Some((all, out)) = status.peers {
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
    // Whom one looks through matters more than the pace of what one sees.
    left.push((if state.settings.remote { 3 } else { 5 }, Text::new(pace, theme.bar)));
}

/// How many of the servers are asked.
fn servers(state: &State, theme: &Theme, left: &mut Pieces) {
    let Some(view) = &state.remote.view else { return };
    let (asked, all) = view.in_use();
    let style = if asked == 0 { theme.warn } else { theme.bar };
    left.push((4, Text::new(ink!("servers {asked} of {all} "), style)));
}

/// On what everything here is believed.
fn trust(state: &State, trust: Trust, theme: &Theme) -> Text {
    match trust {
        Trust::FullNode => Text::new("full node ", theme.good),
        Trust::Proven => Text::new("proven ", theme.good),
        Trust::Unverified if state.settings.remote => {
            let standing = state.remote.view.as_ref().map(|view| view.standing).unwrap_or_default();
            let style = if standing == Standing::AllFalse { theme.bad } else { theme.warn };
            Text::new("unverified", theme.bad).add(ink!(" · {} ", standing.unproven()), style)
        }
        Trust::Unverified => Text::new("unverified ", theme.bad),
    }
}

/// How it stands with the servers, once something is proven.
fn standing(state: &State, status: &ChainStatus, theme: &Theme) -> Text {
    match state.remote.view.as_ref().map(|view| view.standing).unwrap_or_default() {
        Standing::Asking => Text::new("◐ asking ", theme.warn),
        Standing::Proving => Text::new("◐ proving ", theme.warn),
        Standing::Following => Text::new("● following ", theme.good),
        Standing::Stale => {
            let age = format::age(state.now_ms, status.tip_time_ms);
            Text::new(ink!("○ stale {age} "), theme.warn)
        }
        Standing::Unreachable => Text::new("○ no server ", theme.bad),
        Standing::NoProof => Text::new("○ no proof ", theme.bad),
        Standing::AllFalse => Text::new("○ all servers lie ", theme.bad),
        Standing::ClockWrong => Text::new("○ clock is wrong ", theme.bad),
    }
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
fn pace_span(ms: u64) -> SafeText {
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
