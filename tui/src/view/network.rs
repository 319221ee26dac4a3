//! The network: the node itself above, below it the peers and the chosen one of them, or the bans.
//!
//! ```text
//! ╭ This node · 12D3KooW… ───────────────────────────────── received 12.4 MB · sent 3.1 MB ╮
//! │ reach  public: others reach this node · the router has opened a port                   │
//! │ at     /ip4/203.0.113.7/tcp/28423  confirmed by a peer                                 │
//! │ peers  ↑ 3 of 10   ↓ 5 of 64   known 312 good, 1,204 heard of                          │
//! │ sync   blocks 12,408 of 20,000 ██████▌···· 62 %  412 blocks/s  18 s left  3 serve      │
//! ╰────────────────────────────────────────────────────────────────────────────────────────╯
//! ╭ Peers · 8 ─────────────────────╮ ╭ Peer · 12D3KooW… ───────────────────────────────────╮
//! ```

use ratatui::layout::Rect;

use super::network_lists::{bans, goodbyes, peer, peers};
use super::pieces::{self, pair};
use crate::draw::{Pen, Text};
use crate::format;
use crate::model::*;
use crate::safe::ink;
use crate::state::*;

/// Rows of the panel about the node itself.
const OWN_ROWS: u16 = 6;
/// From so many rows of a body on, peers and bans are shown at once.
const TALL: u16 = 36;
/// Columns of the words before facts.
const INDENT: u16 = 7;

pub(super) fn draw(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let view = match (&state.network.view, &state.network.failure) {
        (Some(view), _) => view,
        (None, failure) => {
            let inner = pen.panel(area, &Text::new("Network", theme.heading), true);
            match failure {
                Some(why) => drop(pieces::failure(pen, inner, why)),
                None => pieces::empty(pen, inner, "asking the node …"),
            }
            return;
        }
    };
    if let Some(why) = &view.absent {
        let inner = pen.panel(area, &Text::new("Network", theme.heading), true);
        let y = inner.y + inner.height / 2 - 1;
        pen.put_middle(inner.x, y, inner.width, &Text::new(ink!("○ {why}."), theme.warn));
        let help = "\"vibecoin node\" runs one that meets others; these screens then show it.";
        pen.put_middle(inner.x, y + 2, inner.width, &Text::new(help, theme.dim));
        return;
    }
    let extra = if area.height >= TALL { view.own.addresses.len().clamp(1, 6) as u16 - 1 } else { 0 };
    let top = Rect { height: OWN_ROWS + extra, ..area };
    own(state, view, pen, top);
    let below = Rect { y: top.bottom(), height: area.height - top.height, ..area };
    if below.height + OWN_ROWS >= TALL {
        let half = below.height * 3 / 5;
        both_peers(state, view, pen, Rect { height: half, ..below });
        both_bans(state, view, pen, Rect { y: below.y + half, height: below.height - half, ..below });
    } else if state.network.list == NetworkList::Peers {
        both_peers(state, view, pen, below);
    } else {
        both_bans(state, view, pen, below);
    }
}

/// The list of peers, and under it the chosen one.
fn both_peers(state: &State, view: &NetworkView, pen: &mut Pen<'_>, area: Rect) {
    let about = (area.height / 3).clamp(7, 12);
    let list = Rect { height: area.height - about, ..area };
    peers(state, view, pen, list);
    peer(state, view, pen, Rect { y: list.bottom(), height: about, ..area });
}

/// Our bans, and others' of us.
fn both_bans(state: &State, view: &NetworkView, pen: &mut Pen<'_>, area: Rect) {
    let upper = Rect { height: area.height / 2, ..area };
    bans(state, view, pen, upper);
    goodbyes(state, view, pen, Rect { y: upper.bottom(), height: area.height - upper.height, ..area });
}

fn own(state: &State, view: &NetworkView, pen: &mut Pen<'_>, area: Rect) {
    let (theme, own) = (pen.theme, &view.own);
    let wide = area.width >= 110;
    let id = own.id.middle(if wide { 52 } else { 24 });
    let title = Text::new("This node", theme.heading).add(" · ", theme.dim).add(id, theme.own);
    let inner = pen.panel(area, &title, false);
    let (received, sent) = own.bytes;
    let traffic = ink!("received {} · sent {}", format::bytes(received), format::bytes(sent));
    pen.corner(area, &Text::new(traffic, theme.dim));
    let style = match own.reachable {
        Reach::Unknown => theme.dim,
        Reach::Good => theme.good,
        Reach::Poor => theme.warn,
    };
    let mut reach = Text::new(&own.reach, style);
    if own.paused {
        reach = Text::new("paused: nobody is dialled or let in", theme.warn);
    } else if !own.router.is_empty() {
        reach = reach.add(" · ", theme.faint).add(&own.router, theme.dim);
    }
    let mut y = pair(pen, inner, inner.y, "reach", INDENT, &reach);
    y = addresses(own, pen, inner, y);
    let count = |(there, wanted): (u32, u32)| {
        Text::new(format::count(there.into()), theme.strong).add(ink!(" of {wanted}   "), theme.dim)
    };
    let (tried, new) = own.known;
    let people = Text::new("↑ ", theme.accent)
        .join(count(own.outbound))
        .add("↓ ", theme.accent)
        .join(count(own.inbound))
        .add("known ", theme.dim)
        .add(format::count(tried), theme.text)
        .add(" good, ", theme.dim)
        .add(format::count(new), theme.text)
        .add(" heard of", theme.dim);
    y = pair(pen, inner, y, "peers", INDENT, &people);
    sync(state, &view.sync, pen, inner, y);
}

/// As many of the node's addresses as there are rows, the first at least.
fn addresses(own: &OwnNode, pen: &mut Pen<'_>, inner: Rect, y: u16) -> u16 {
    let theme = pen.theme;
    let rows = usize::from(inner.height).saturating_sub(3).max(1);
    if own.addresses.is_empty() {
        return pair(pen, inner, y, "at", INDENT, &Text::new("nowhere: it only goes to others", theme.dim));
    }
    let hidden = own.addresses.len().saturating_sub(rows);
    let mut y = y;
    for (i, (address, how)) in own.addresses.iter().take(rows).enumerate() {
        let more = if hidden > 0 && i + 1 == rows { ink!("  and {hidden} more") } else { "".into() };
        let room = usize::from(inner.width - INDENT).saturating_sub(how.width() + more.width() + 2);
        let text = Text::new(address.middle(room), theme.text)
            .add("  ", theme.dim)
            .add(how, theme.dim)
            .add(more, theme.faint);
        y = pair(pen, inner, y, if i == 0 { "at" } else { "" }, INDENT, &text);
    }
    y
}

fn sync(state: &State, sync: &SyncRow, pen: &mut Pen<'_>, inner: Rect, y: u16) {
    let theme = pen.theme;
    let Some(what) = &sync.what else {
        let height = format::count(state.height());
        let words = if state.status.as_ref().is_some_and(|s| s.sync == SyncState::Synced) {
            Text::new("● as far as its peers, ", theme.good).add(ink!("at {height}"), theme.dim)
        } else {
            Text::new("○ nobody to catch up with yet", theme.warn)
        };
        pair(pen, inner, y, "sync", INDENT, &words);
        return;
    };
    let head = Text::new(ink!("{what} "), theme.warn)
        .add(format::count(sync.at), theme.strong)
        .add(ink!(" of {} ", format::count(sync.to)), theme.dim);
    let mut tail = Text::new(ink!(" {:.0} %", sync.done.clamp(0.0, 1.0) * 100.0), theme.strong);
    if let Some(rate) = &sync.rate {
        tail = tail.add(ink!("  {rate}"), theme.text);
    }
    if let Some(eta) = sync.eta_s {
        tail = tail.add(ink!("  {} left", format::span(eta)), theme.text);
    }
    if sync.servers > 0 {
        let word = if sync.servers == 1 { "serves" } else { "serve" };
        tail = tail.add(ink!("  {} {word}", sync.servers), theme.dim);
    }
    if sync.stalling > 0 {
        tail = tail.add(ink!(", {} slowly", sync.stalling), theme.warn);
    }
    pair(pen, inner, y, "sync", INDENT, &head);
    let x = inner.x + INDENT + head.width() as u16;
    let room = inner.right().saturating_sub(x + tail.width() as u16);
    let bar = room.min(30);
    if bar >= 4 {
        pen.bar(x, y, bar, sync.done, theme.graph(sync.done));
    }
    let x = if bar >= 4 { x + bar } else { x };
    pen.put(x, y, inner.right().saturating_sub(x), &tail);
}
