//! The log.

use ratatui::layout::Rect;

use super::wallet::filter_corner;
use crate::draw::{Pen, Text};
use crate::format;
use crate::model::LogLevel;
use crate::safe::ink;
use crate::state::State;

pub(super) fn draw(state: &State, pen: &mut Pen<'_>, area: Rect) {
    let theme = pen.theme;
    let what = if state.settings.remote { "Log of the light client" } else { "Log" };
    let title = Text::new(what, theme.heading).add(
        if state.logs.follow { " · following" } else { " · standing still" },
        if state.logs.follow { theme.good } else { theme.warn },
    );
    let inner = pen.panel(area, &title, true);
    let level = match state.logs.level {
        LogLevel::Trace => "everything",
        LogLevel::Debug => "debug and graver",
        LogLevel::Info => "info and graver",
        LogLevel::Warn => "warnings and errors",
        LogLevel::Error => "errors only",
    };
    filter_corner(pen, area, Some(level), &state.logs.filter);
    if state.logs.shown().next().is_none() {
        let words = if state.settings.own_node || !state.logs.lines.is_empty() {
            "No line passes the filter."
        } else if state.settings.remote {
            "Nothing has happened yet. Servers have logs of their own, which nobody could check."
        } else {
            "The log of this node is its operator's: this program may not read it."
        };
        super::pieces::empty(pen, inner, words);
        return;
    }
    // From the newest line upwards; a line that is too long goes on below its message's beginning.
    let target_width: usize = if inner.width >= 110 { 20 } else { 9 };
    let indent = 9 + 6 + target_width as u16 + 1;
    let mut y = inner.bottom();
    for line in state.logs.shown().rev().skip(state.logs.back) {
        let message = line.message.wrap(usize::from(inner.width - indent));
        let rows = message.len() as u16;
        if y < inner.y + rows {
            break;
        }
        y -= rows;
        let (word, style) = match line.level {
            LogLevel::Trace => ("trace ", theme.faint),
            LogLevel::Debug => ("debug ", theme.dim),
            LogLevel::Info => ("info  ", theme.good),
            LogLevel::Warn => ("warn  ", theme.warn),
            LogLevel::Error => ("error ", theme.bad),
        };
        let head = Text::new(ink!("{} ", format::time_of_day(line.time_ms)), theme.faint)
            .add(word, style)
            .add(line.target.cut(target_width), theme.dim);
        pen.put(inner.x, y, indent, &head);
        let style = if line.level >= LogLevel::Warn { style } else { theme.text };
        for (i, part) in message.into_iter().enumerate() {
            pen.put(inner.x + indent, y + i as u16, inner.width - indent, &Text::new(part, style));
        }
    }
}
