//! The lists of the network's tab, and the peer that is chosen.

use ratatui::layout::Rect;

use super::pieces::{self, pair};
use crate::draw::{Pen, Text};
use crate::format;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;

/// Columns of the words before facts.
const INDENT: u16 = 7;
/// Columns of a node's whole id.
const ID: u16 = 52;

/// Where the columns of the table of peers begin, and how wide they are. All but the first three are figures.
struct Columns {
    place: (u16, u16),
    agent: (u16, u16),
    height: (u16, u16),
    latency: (u16, u16),
    received: (u16, u16),
    sent: (u16, u16),
    score: (u16, u16),
    /// The time that it is connected for, where there is room.
    age: Option<(u16, u16)>,
    /// Its id or the reason for its score, where there is room.
    rest: Option<(u16, u16)>,
}

impl Columns {
    fn of(width: u16) -> Self {
        let (place, agent) = match width {
            0..=99 => (21, 14),
            100..=139 => (28, 22),
            _ => (30, 24),
        };
        let mut x = 2;
        let mut next = |width: u16| {
            let column = (x, width);
            x += width + 1;
            column
        };
        let mut columns = Self {
            place: next(place),
            agent: next(agent),
            height: next(9),
            latency: next(6),
            received: next(7),
            sent: next(7),
            score: next(4),
            age: None,
            rest: None,
        };
        if width >= 100 {
            columns.age = Some(next(6));
        }
        if let Some(room) = width.checked_sub(x + 1).filter(|room| *room >= 12) {
            columns.rest = Some((x + 1, room));
        }
        columns
    }
}

pub(super) fn peers(state: &State, view: &NetworkView, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let here = state.network.list == NetworkList::Peers;
    let out = view.peers.iter().filter(|peer| peer.outbound).count();
    let title = Text::new("Peers", theme.heading)
        .add(ink!(" · {} ", view.peers.len()), theme.dim)
        .add(ink!("↑{out}"), theme.dim);
    let inner = pen.panel(area, &title, here);
    if let Some(why) = &view.unavailable {
        pen.paragraph(inner, why, theme.warn);
        return;
    }
    if view.peers.is_empty() {
        pieces::empty(pen, inner, "Nobody is connected. \"a\" tells the node of a peer.");
        return;
    }
    let columns = Columns::of(inner.width);
    let heads = [
        (Some(columns.height), "height"),
        (Some(columns.latency), "ms"),
        (Some(columns.received), "in"),
        (Some(columns.sent), "out"),
        (Some(columns.score), "bad"),
        (columns.age, "for"),
    ];
    let put_head = |pen: &mut Pen<'_>, (x, width), word| {
        pen.put(inner.x + x, inner.y, width, &Text::new(word, theme.faint))
    };
    put_head(pen, columns.place, "peer");
    put_head(pen, columns.agent, "client");
    for (column, word) in heads {
        if let Some((x, width)) = column {
            pen.put_right(inner.x + x, inner.y, width, &Text::new(word, theme.faint));
        }
    }
    if let Some(rest) = columns.rest {
        put_head(pen, rest, "node, or what it did wrong");
    }
    let rows = usize::from(inner.height - 1);
    let first = pieces::first_row(state.network.peer, view.peers.len(), rows);
    for (y, (i, row)) in (inner.y + 1..).zip(view.peers.iter().enumerate().skip(first).take(rows)) {
        if here && i == state.network.peer {
            pen.tint(Rect::new(inner.x - 1, y, inner.width + 2, 1), theme.selected);
        }
        peer_row(state, row, &columns, pen, inner.x, y);
    }
}

fn peer_row(state: &State, row: &PeerRow, columns: &Columns, pen: &mut Pen<'_>, left: u16, y: u16) {
    let theme = pen.theme;
    let (arrow, style) = if row.outbound { ("↑", theme.good) } else { ("↓", theme.accent) };
    pen.put(left, y, 1, &Text::new(arrow, style));
    let place = row.place.middle(usize::from(columns.place.1));
    let style = if row.relay.is_some() { theme.dim } else { theme.text };
    pen.put(left + columns.place.0, y, columns.place.1, &Text::new(place, style));
    pen.put(left + columns.agent.0, y, columns.agent.1, &Text::new(&row.agent, theme.dim));
    let mut right = |(x, width): (u16, u16), text: Text| pen.put_right(left + x, y, width, &text);
    let unknown = || Text::new("–", theme.faint);
    right(
        columns.height,
        row.height.map_or_else(unknown, |height| Text::new(format::count(height), theme.text)),
    );
    right(columns.latency, row.latency_ms.map_or_else(unknown, |ms| Text::new(ink!("{ms:.0}"), theme.text)));
    right(columns.received, Text::new(format::bytes(row.bytes.0), theme.dim));
    right(columns.sent, Text::new(format::bytes(row.bytes.1), theme.dim));
    let (score, most) = row.score;
    let bad = match score {
        0 => Text::new("–", theme.faint),
        score if score.saturating_mul(2) >= most => Text::new(ink!("{score}"), theme.bad),
        score => Text::new(ink!("{score}"), theme.warn),
    };
    right(columns.score, bad);
    if let Some(age) = columns.age {
        right(age, Text::new(format::age(state.now_ms, row.since_ms), theme.dim));
    }
    if let Some((x, width)) = columns.rest {
        let text = match row.faults.first() {
            Some(fault) if score > 0 => Text::new(&fault.reason, theme.warn),
            _ => Text::new(row.id.middle(usize::from(width)), theme.faint),
        };
        pen.put(left + x, y, width, &text);
    }
}

/// Everything about the chosen peer, the reasons for its score last: they are as many as there is room for.
pub(super) fn peer(state: &State, view: &NetworkView, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let Some(peer) = view.peers.get(state.network.peer) else {
        pen.panel(area, &Text::new("Peer", theme.heading), false);
        return;
    };
    let title = Text::new("Peer", theme.heading).add(" · ", theme.dim).add(&peer.id, theme.own);
    let inner = pen.panel(area, &title, false);
    let age = |then| format::age(state.now_ms, then);
    let mut at = Text::new(&peer.address, theme.text);
    if let Some(relay) = &peer.relay {
        at = at.add("  by relay ", theme.warn).add(relay.middle(20), theme.dim);
    }
    let mut y = pair(pen, inner, inner.y, "at", INDENT, &at);
    let way = if peer.outbound { "we went to it" } else { "it came to us" };
    let mut says = Text::new(&peer.agent, theme.text)
        .add(ink!("  {way} {} ago, for ", age(peer.since_ms)), theme.dim)
        .add(&peer.kind, theme.dim);
    if !peer.capabilities.is_empty() {
        says = says.add("  can: ", theme.faint).add(&peer.capabilities, theme.dim);
    }
    y = pair(pen, inner, y, "is", INDENT, &says);
    y = pair(pen, inner, y, "bytes", INDENT, &kinds(peer, usize::from(inner.width - INDENT), pen));
    let waits = if peer.in_flight.is_empty() { "nothing".into() } else { peer.in_flight.clone() };
    let mut asked = Text::new(waits, theme.text);
    if let Some((kind, time)) = &peer.last {
        asked = asked
            .add("  said last: ", theme.dim)
            .add(kind, theme.text)
            .add(ink!(", {}", age(*time)), theme.dim);
    }
    y = pair(pen, inner, y, "asked", INDENT, &asked);
    faults(state, peer, pen, Rect { y, height: inner.bottom().saturating_sub(y), ..inner });
}

/// Received and sent by kind of message, as many kinds as have room.
fn kinds(peer: &PeerRow, width: usize, pen: &Pen<'_>) -> Text {
    let theme = pen.theme;
    let mut all = Text::new("in/out ", theme.faint);
    for (kind, received, sent) in &peer.kinds {
        let one = Text::new(ink!(" {kind} "), theme.dim)
            .add(ink!("{}/{}", format::bytes(*received), format::bytes(*sent)), theme.text);
        if all.width() + one.width() > width {
            break;
        }
        all = all.join(one);
    }
    all
}

fn faults(state: &State, peer: &PeerRow, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let (score, most) = peer.score;
    let style = if score == 0 { theme.good } else { theme.warn };
    let score = Text::new(ink!("{score} of {most} points to a ban"), style);
    let line = |fault: &FaultRow| {
        let age = format::age(state.now_ms, fault.time_ms);
        Text::new(ink!("+{} ", fault.points), theme.warn)
            .add(&fault.reason, theme.text)
            .add(ink!(", {age}"), theme.dim)
    };
    match peer.faults.split_first() {
        None => drop(pair(pen, area, area.y, "score", INDENT, &score)),
        Some((newest, older)) => {
            let first = score.add(": ", theme.dim).join(line(newest));
            let mut y = pair(pen, area, area.y, "score", INDENT, &first);
            for fault in older {
                y = pair(pen, area, y, "", INDENT, &line(fault));
            }
        }
    }
}

pub(super) fn bans(state: &State, view: &NetworkView, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let here = state.network.list == NetworkList::Bans;
    let title = Text::new("Banned", theme.heading).add(ink!(" · {}", view.bans.len()), theme.dim);
    let inner = pen.panel(area, &title, here);
    if let Some(why) = &view.unavailable {
        pen.paragraph(inner, why, theme.warn);
        return;
    }
    if view.bans.is_empty() {
        pieces::empty(pen, inner, "Nobody is banned.");
        return;
    }
    // Where there is no room for all of an id, the question before a ban ends shows it whole.
    let who_width = if inner.width >= 110 { ID } else { 32 };
    let rows = usize::from(inner.height);
    let first = pieces::first_row(state.network.ban, view.bans.len(), rows);
    for (y, (i, ban)) in (inner.y..).zip(view.bans.iter().enumerate().skip(first).take(rows)) {
        if here && i == state.network.ban {
            pen.tint(Rect::new(inner.x - 1, y, inner.width + 2, 1), theme.selected);
        }
        pen.put(inner.x, y, who_width, &Text::new(ban.who.middle(usize::from(who_width)), theme.text));
        let left = format::span(ban.until_ms.saturating_sub(state.now_ms) / 1_000);
        let by = if ban.by_operator { "you" } else { "the node" };
        let x = inner.x + who_width + 1;
        pen.put_right(x, y, 9, &Text::new(left, theme.dim));
        let rest = Text::new(ink!("by {by:<9}"), theme.faint).add(&ban.reason, theme.warn);
        pen.put(x + 10, y, inner.right().saturating_sub(x + 10), &rest);
    }
}

pub(super) fn goodbyes(state: &State, view: &NetworkView, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let banned = view.goodbyes.iter().filter(|word| word.banned).count();
    let title = Text::new("Who wanted nothing more of this node", theme.heading)
        .add(ink!(" · {banned} banned it"), if banned > 0 { theme.warn } else { theme.dim });
    let inner = pen.panel(area, &title, false);
    if view.goodbyes.is_empty() {
        pieces::empty(pen, inner, "Nobody has said goodbye.");
        return;
    }
    let wide = inner.width >= 110;
    for (y, word) in (inner.y..inner.bottom()).zip(&view.goodbyes) {
        let age = format::age(state.now_ms, word.time_ms);
        pen.put_right(inner.x, y, 5, &Text::new(age, theme.dim));
        let who: SafeText = if wide { ink!("{} {}", word.id, word.place) } else { word.place.middle(22) };
        let who_width = if wide { ID + 24 } else { 22 };
        pen.put(inner.x + 6, y, who_width, &Text::new(who, theme.text));
        let reason = if word.banned {
            Text::new("banned this node: ", theme.bad).add(&word.reason, theme.warn)
        } else {
            Text::new(&word.reason, theme.dim)
        };
        let x = inner.x + 7 + who_width;
        pen.put(x, y, inner.right().saturating_sub(x), &reason);
    }
}
