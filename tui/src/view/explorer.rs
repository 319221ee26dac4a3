//! The explorer: the trail of pages, and the page.

use ratatui::layout::Rect;

use super::{explorer_pages, forks, home, pieces};
use crate::draw::{Pen, Text};
use crate::model::{Forks, Mark};
use crate::safe::{SafeText, ink};
use crate::state::*;

pub(super) fn draw(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let page = state.explorer.page();
    let mut corner = Text::new("/", theme.key).add(" search", theme.dim);
    // These pages have no line to say it on; the others say what they rest on themselves.
    let mark = match &page.body {
        PageBody::Block(block) => state.mark_now(block.row.mark),
        PageBody::Forks(forks) => forks.mark,
        PageBody::Blocks { .. }
        | PageBody::Transaction(_)
        | PageBody::Account(_)
        | PageBody::Loading(_)
        | PageBody::Failed { .. } => Mark::Own,
    };
    if mark != Mark::Own {
        corner = pieces::mark(mark, theme).add("   ", theme.dim).join(corner);
    }
    let room = usize::from(area.width).saturating_sub(corner.width() + 14);
    let inner = pen.panel(area, &trail(state, theme, room), true);
    pen.corner(area, &corner);
    match &page.body {
        PageBody::Blocks { rows, .. } if rows.is_empty() => pieces::empty(pen, inner, "reading blocks …"),
        PageBody::Blocks { rows, .. } => home::block_rows(state, pen, inner, rows, Some(page.selected)),
        PageBody::Block(block) => explorer_pages::block(state, block, page.selected, pen, inner),
        PageBody::Transaction(tx) => explorer_pages::transaction(state, tx, page.selected, pen, inner),
        PageBody::Account(account) => explorer_pages::account(state, account, page.selected, pen, inner),
        PageBody::Forks(Forks { branches, reorganisations, .. })
            if branches.is_empty() && reorganisations.is_empty() =>
        {
            pieces::empty(
                pen,
                inner,
                "No branch beside the active chain is known, and it was never changed over.",
            );
        }
        PageBody::Forks(forks) => forks::draw(state, forks, page.selected, pen, inner),
        PageBody::Loading(what) => {
            let y = inner.y + inner.height / 2;
            pen.put_middle(inner.x, y, inner.width, &Text::new(ink!("looking for {what} …"), theme.dim));
        }
        PageBody::Failed { what, failure } => {
            let y = inner.y + inner.height / 3;
            pen.put(inner.x, y, inner.width, &Text::new(what, theme.strong));
            let rest = Rect { y: y + 1, height: inner.bottom() - y - 1, ..inner };
            pieces::failure(pen, rest, failure);
        }
    }
}

/// The pages one came by, the last ones when there are many.
fn trail(state: &State, theme: &crate::theme::Theme, width: usize) -> Text {
    let crumbs: Vec<SafeText> = state.explorer.pages.iter().map(|p| p.body.crumb()).collect();
    let mut start = 0;
    let joined = |from: usize| crumbs[from..].iter().map(|c| c.width() + 3).sum::<usize>();
    while joined(start) + 2 > width && start + 1 < crumbs.len() {
        start += 1;
    }
    let mut text = if start > 0 { Text::new("… ▸ ", theme.faint) } else { Text::default() };
    for (i, crumb) in crumbs[start..].iter().enumerate() {
        let last = start + i + 1 == crumbs.len();
        if i > 0 {
            text = text.add(" ▸ ", theme.faint);
        }
        text = text.add(crumb, if last { theme.heading } else { theme.dim });
    }
    text
}
