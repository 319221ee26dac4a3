//! The explorer's pages and the way between them.

use super::{copy, is_move, moved, page_rows};
use crate::action::{Effect, Slot};
use crate::backend::{Reply, Request};
use crate::keymap::Command;
use crate::model::*;
use crate::safe::{SafeText, ink};
use crate::state::*;

/// Blocks fetched at a time.
const BLOCKS_PAGE: usize = 100;
/// Pages that can be gone back to.
const PAGES_MAX: usize = 50;

/// Shows the tab, with blocks in it.
pub(super) fn open_tab(state: &mut State, fx: &mut Vec<Effect>) {
    // The tab's key, pressed on the tab, goes back to where it begins.
    if state.tab == Tab::Explorer {
        state.explorer.pages.truncate(1);
        state.forget(Slot::Page);
    }
    state.tab = Tab::Explorer;
    fill_blocks(state, fx);
}

fn fill_blocks(state: &mut State, fx: &mut Vec<Effect>) {
    let known = state.blocks.clone();
    if let Some(Page { body: PageBody::Blocks { rows, .. }, .. }) = state.explorer.pages.first_mut() {
        if rows.is_empty() {
            *rows = known;
        }
        if rows.is_empty() && !state.is_waiting(Slot::Blocks) {
            let request = Request::Blocks { below: None, limit: state.blocks_wanted() };
            fx.push(state.ask(Slot::Blocks, request));
        }
    }
}

/// Opens what a link leads to, above the present page.
pub(super) fn follow(state: &mut State, link: Link, fx: &mut Vec<Effect>) {
    fill_blocks(state, fx);
    let (what, request) = match link {
        Link::Block(BlockRef::Height(height)) => {
            (ink!("block {}", crate::format::count(height)), Request::Block(BlockRef::Height(height)))
        }
        Link::Block(BlockRef::Id(id)) => (ink!("block {}", id.middle(13)), Request::Block(BlockRef::Id(id))),
        Link::Transaction(txid) => (ink!("tx {}", txid.middle(13)), Request::Transaction(txid)),
        Link::Account(address) => (ink!("account {}", address.middle(15)), Request::Account(address)),
    };
    load(state, what, request, fx);
}

/// Looks for whatever goes by `text`.
pub(super) fn search(state: &mut State, text: &str, fx: &mut Vec<Effect>) {
    state.tab = Tab::Explorer;
    fill_blocks(state, fx);
    let text = text.trim();
    load(state, ink!("“{}”", SafeText::new(text).middle(24)), Request::Search(text.to_owned()), fx);
}

pub(super) fn open_forks(state: &mut State, fx: &mut Vec<Effect>) {
    state.tab = Tab::Explorer;
    fill_blocks(state, fx);
    // Asked for again where they are shown already, they are fetched anew and not stacked.
    if state.explorer.pages.len() > 1 && matches!(state.explorer.page().body, PageBody::Forks(_)) {
        state.explorer.pages.pop();
    }
    load(state, "forks".into(), Request::Forks, fx);
}

fn load(state: &mut State, what: SafeText, request: Request, fx: &mut Vec<Effect>) {
    if matches!(state.explorer.page().body, PageBody::Loading(_) | PageBody::Failed { .. }) {
        state.explorer.pages.pop();
    }
    if state.explorer.pages.len() >= PAGES_MAX {
        state.explorer.pages.remove(1);
    }
    state.explorer.pages.push(Page::new(PageBody::Loading(what)));
    fx.push(state.ask(Slot::Page, request));
}

pub(super) fn run(state: &mut State, command: Command, fx: &mut Vec<Effect>) {
    let rows = page_rows(state);
    let page = state.explorer.page_mut();
    let links = page.body.links();
    match command {
        Command::Accept | Command::Right => {
            if let Some(link) = links.get(page.selected).cloned() {
                follow(state, link, fx);
            }
        }
        Command::Copy => {
            let text = match (&page.body, links.get(page.selected)) {
                (PageBody::Transaction(tx), _) if page.selected == 0 => tx.row.txid.to_string(),
                (PageBody::Block(b), _) if page.selected == 0 => b.row.id.to_string(),
                (PageBody::Account(account), _) => account.address.to_string(),
                (_, Some(link)) => link.text(),
                (_, None) => return,
            };
            copy(state, "text", text, fx);
        }
        Command::Back | Command::Left => {
            if state.explorer.pages.len() > 1 {
                state.explorer.pages.pop();
                state.forget(Slot::Page);
            } else if command == Command::Back {
                state.tab = Tab::Home;
            }
        }
        command if is_move(command) => {
            page.selected = moved(page.selected, links.len(), rows, command);
            let below = match &page.body {
                PageBody::Blocks { rows: blocks, more: true } if page.selected + rows >= blocks.len() => {
                    blocks.last().map(|b| b.height)
                }
                _ => None,
            };
            if let Some(below) = below.filter(|_| !state.is_waiting(Slot::Blocks)) {
                let request =
                    Request::Blocks { below: Some(below), limit: BLOCKS_PAGE.min(state.blocks_wanted()) };
                fx.push(state.ask(Slot::Blocks, request));
            }
        }
        _ => {}
    }
}

/// New blocks have come: the list grows at its top, and what was chosen stays chosen unless it was the newest.
pub(super) fn tip_moved(state: &mut State) {
    let newest = state.blocks.clone();
    let Some(Page { body: PageBody::Blocks { rows, .. }, selected }) = state.explorer.pages.first_mut()
    else {
        return;
    };
    let Some(oldest_new) = newest.last().map(|b| b.height) else { return };
    if rows.is_empty() {
        return;
    }
    let chosen = rows.get(*selected).map(|r| r.height);
    let gap = rows.first().is_some_and(|r| r.height + 1 < oldest_new);
    if gap {
        // So many blocks came at once that the list has a hole: it begins anew.
        *rows = newest;
        *selected = 0;
        return;
    }
    rows.retain(|r| r.height < oldest_new);
    rows.splice(0..0, newest);
    if let Some(height) = chosen.filter(|_| *selected > 0) {
        *selected = rows.iter().position(|r| r.height == height).unwrap_or(0);
    }
}

/// Blocks have come, either the newest or those below the list.
pub(super) fn take_blocks(state: &mut State, new: Vec<BlockRow>) {
    let Some(highest) = new.first().map(|b| b.height) else {
        if let Some(Page { body: PageBody::Blocks { more, .. }, .. }) = state.explorer.pages.first_mut() {
            *more = false;
        }
        return;
    };
    let lowest = new.last().map_or(0, |b| b.height);
    let below = match state.explorer.pages.first_mut() {
        Some(Page { body: PageBody::Blocks { rows, more }, .. }) => {
            *more = lowest > 0;
            let below = rows.last().is_some_and(|last| highest < last.height);
            if below {
                rows.extend(new.iter().cloned());
            }
            below
        }
        _ => false,
    };
    // Blocks that came while these were on their way stay above them.
    let newest = state.blocks.first().map_or(0, |b| b.height);
    if !below && highest.saturating_add(BLOCKS_KEPT as u64) >= newest {
        state.blocks.retain(|known| known.height > highest);
        state.blocks.extend(new);
        state.blocks.truncate(BLOCKS_KEPT);
        tip_moved(state);
        if let Some(Page { body: PageBody::Blocks { rows, .. }, .. }) = state.explorer.pages.first_mut()
            && rows.is_empty()
            && state.tab == Tab::Explorer
        {
            rows.clone_from(&state.blocks);
        }
    }
}

/// What a page asked for has come, or not.
pub(super) fn take_page(state: &mut State, result: Result<Reply, Failure>) {
    let page = state.explorer.page_mut();
    let PageBody::Loading(what) = &page.body else { return };
    let what = what.clone();
    page.body = match result {
        Ok(Reply::Block(block) | Reply::Found(Found::Block(block))) => PageBody::Block(block),
        Ok(Reply::Transaction(tx) | Reply::Found(Found::Transaction(tx))) => PageBody::Transaction(tx),
        Ok(Reply::Account(account) | Reply::Found(Found::Account(account))) => PageBody::Account(account),
        Ok(Reply::Forks(forks)) => PageBody::Forks(forks),
        Ok(_) => PageBody::Failed {
            what,
            failure: Failure {
                words: "nothing goes by that".into(),
                help: Some(
                    "a height, a block or transaction id in hex, an address, or a name or note of yours"
                        .into(),
                ),
                field: None,
            },
        },
        Err(failure) => PageBody::Failed { what, failure },
    };
}
