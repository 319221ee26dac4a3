//! The history: entries, and all of the chosen one.

use ratatui::layout::Rect;

use super::pieces;
use super::wallet::filter_corner;
use crate::action::Slot;
use crate::draw::{self, Pen, Text};
use crate::format;
use crate::model::*;
use crate::safe::ink;
use crate::state::*;
use crate::theme::Theme;

pub(super) fn draw(state: &State, list: &HistoryList, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let details_height = if area.height >= 30 { 11 } else { 9 };
    let list_area = Rect { height: area.height - details_height, ..area };
    let inner = pen.panel(list_area, &title(list, theme), true);
    filter_corner(pen, list_area, Some(list.filter.word()), &list.find);
    let rows = list.shown();
    if let Some(failure) = &list.failure {
        pieces::failure(pen, inner, failure);
    } else if rows.is_empty() && state.is_waiting(Slot::History) {
        pieces::empty(pen, inner, "reading the history …");
    } else if rows.is_empty() {
        let words = if list.rows.is_empty() { "Nothing yet." } else { "Nothing of this kind." };
        pieces::empty(pen, inner, words);
    } else {
        pieces::activity(state, pen, inner, &rows, Some(list.selected));
    }
    let below = Rect { y: list_area.bottom(), height: details_height, ..area };
    let inner = pen.panel(below, &Text::new("Chosen", theme.heading), false);
    if let Some(row) = list.chosen() {
        details(state, row, pen, inner);
    }
}

/// With what the history rests on: one that is proven to its first entry is complete, and that can be said.
fn title(list: &HistoryList, theme: &Theme) -> Text {
    let title = Text::new("History", theme.heading);
    let title = match list.mark {
        Mark::Own => return title,
        mark => title.add(" · ", theme.dim).join(pieces::mark(mark, theme)),
    };
    match list.mark {
        Mark::Proven { .. } | Mark::Unconfirmed { .. } if list.more => {
            title.add(", older entries are not read yet", theme.dim)
        }
        Mark::Proven { .. } | Mark::Unconfirmed { .. } => title.add(", complete", theme.good),
        Mark::Own | Mark::Reported | Mark::Unknown => title,
    }
}

fn details(state: &State, row: &HistoryRow, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let (mark, style) = pieces::sign(row, theme);
    let first = Text::new(pieces::kind_word(row.kind), style).add(ink!("  {mark}"), style).join(draw::vibe(
        row.amount,
        theme,
        theme.strong,
    ));
    let first = if row.fee.is_zero() {
        first
    } else {
        first.add(ink!("   fee {}", format::amount_brief(row.fee)), theme.dim)
    };
    pen.put(area.x, area.y, area.width, &first);
    pen.put_right(area.x, area.y, area.width, &pieces::status_brief(row.status, row.mark, theme));
    let mut y = area.y + 1;
    let account = state.wallet().and_then(|w| w.overview.accounts.iter().find(|a| a.index == row.account));
    if let Some(account) = account {
        y = pieces::pair(pen, area, y, "account", 9, &Text::new(&account.name, theme.text));
    }
    if let Some(address) = &row.counterparty {
        y = pieces::pair(
            pen,
            area,
            y,
            if mark == "+" { "from" } else { "to" },
            9,
            &pieces::address(state, address, theme),
        );
    }
    let when = match (row.time_ms, row.status) {
        (Some(time), PaymentStatus::Mined { height, .. }) => {
            Text::new(ink!("{} UTC", format::moment(time)), theme.text)
                .add(ink!("  block {}", format::count(height)), theme.dim)
        }
        (Some(time), _) => {
            Text::new(ink!("{} UTC", format::moment(time)), theme.text).add("  not in a block yet", theme.dim)
        }
        (None, _) => Text::new("time unknown", theme.dim),
    };
    y = pieces::pair(pen, area, y, "when", 9, &when);
    if let Some(txid) = &row.txid {
        y = pieces::pair(pen, area, y, "id", 9, &Text::new(txid, theme.dim));
    }
    if let Some(memo) = &row.memo {
        y = pieces::pair(pen, area, y, "memo", 9, &Text::new(memo, theme.text));
    }
    if let Some(label) = &row.label {
        pieces::pair(pen, area, y, "note", 9, &Text::new(label, theme.accent));
    }
}
