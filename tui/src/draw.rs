//! The pen: everything that the screens put into the buffer goes through here, and it takes [`SafeText`] only.
//!
//! Deliberately absent: a function that takes a `String` or `&str` of unknown origin.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use vibecoin_primitives::Amount;

use crate::field::Field;
use crate::format;
use crate::safe::{SafeText, cells, ink};
use crate::theme::Theme;

pub(crate) mod graph;
pub(crate) mod qr;

/// Pieces of text in a row, each in its style.
#[derive(Clone, Debug, Default)]
pub struct Text(Vec<(SafeText, Style)>);

impl Text {
    /// One piece.
    pub fn new(text: impl Into<SafeText>, style: Style) -> Self {
        Self::default().add(text, style)
    }

    /// Another piece.
    #[must_use]
    pub fn add(mut self, text: impl Into<SafeText>, style: Style) -> Self {
        self.0.push((text.into(), style));
        self
    }

    /// All pieces of another text.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Cells it takes.
    pub fn width(&self) -> usize {
        self.0.iter().map(|(text, _)| text.width()).sum()
    }
}

/// A buffer and a theme.
pub struct Pen<'a> {
    /// What is drawn on.
    pub buffer: &'a mut Buffer,
    /// What with.
    pub theme: &'a Theme,
}

impl Pen<'_> {
    /// Writes within `width` cells from (`x`, `y`), what does not fit ending in `…`; returns the next free column.
    pub fn put(&mut self, x: u16, y: u16, width: u16, text: &Text) -> u16 {
        let area = *self.buffer.area();
        if y < area.y || y >= area.bottom() || x >= area.right() {
            return x;
        }
        let end = x.saturating_add(width).min(area.right());
        let mut x = x;
        let last = text.0.len().saturating_sub(1);
        for (i, (piece, style)) in text.0.iter().enumerate() {
            let room = usize::from(end.saturating_sub(x));
            if room == 0 {
                break;
            }
            let rest: usize = text.0[i + 1..].iter().map(|(t, _)| t.width()).sum();
            // The last piece that has room shows that there is more.
            let piece = if i < last && piece.width() == room && rest > 0 {
                piece.cut(room - 1)
            } else {
                piece.clone()
            };
            x = self.write(x, y, end, &piece.cut(room), *style);
        }
        x
    }

    /// Writes cell by cell: a character with its marks to a cell, a wide one to two, whatever clusters they might
    /// form. What stands in a cell can thereby never be wider than the cell.
    fn write(&mut self, x: u16, y: u16, end: u16, text: &SafeText, style: Style) -> u16 {
        let mut x = x;
        let mut last = None;
        for c in text.as_str().chars() {
            let width = cells(c) as u16;
            if width == 0 {
                if let Some(cell) = last.and_then(|at| self.buffer.cell_mut(at)) {
                    let mut symbol = cell.symbol().to_owned();
                    symbol.push(c);
                    cell.set_symbol(&symbol);
                }
                continue;
            }
            if x + width > end {
                break;
            }
            if let Some(cell) = self.buffer.cell_mut((x, y)) {
                cell.set_char(c).set_style(style);
            }
            if width == 2
                && let Some(cell) = self.buffer.cell_mut((x + 1, y))
            {
                cell.set_symbol(" ").set_style(style);
            }
            last = Some((x, y));
            x += width;
        }
        x
    }

    /// Writes at the right end of `width` cells from `x`.
    pub fn put_right(&mut self, x: u16, y: u16, width: u16, text: &Text) {
        let taken = u16::try_from(text.width()).unwrap_or(u16::MAX).min(width);
        self.put(x + width - taken, y, taken, text);
    }

    /// Writes in the middle of `width` cells from `x`.
    pub fn put_middle(&mut self, x: u16, y: u16, width: u16, text: &Text) {
        let taken = u16::try_from(text.width()).unwrap_or(u16::MAX).min(width);
        self.put(x + (width - taken) / 2, y, taken, text);
    }

    /// Writes `text` in lines of the area's width from its top; returns the lines used, at most its height.
    pub fn paragraph(&mut self, area: Rect, text: impl Into<SafeText>, style: Style) -> u16 {
        let mut used = 0;
        for line in text.into().wrap(usize::from(area.width)) {
            if used >= area.height {
                break;
            }
            self.put(area.x, area.y + used, area.width, &Text::new(line, style));
            used += 1;
        }
        used
    }

    /// Styles every cell of an area.
    pub fn tint(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area.intersection(*self.buffer.area()), style);
    }

    /// Empties an area, down to the theme's background.
    pub fn clear(&mut self, area: Rect) {
        let area = area.intersection(*self.buffer.area());
        for y in area.top()..area.bottom() {
            for x in area.left()..area.right() {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.reset();
                    cell.set_style(self.theme.text);
                    cell.set_bg(self.theme.background);
                }
            }
        }
    }

    /// Draws a frame with a title, and returns what is inside, one column of air on both sides.
    pub fn panel(&mut self, area: Rect, title: &Text, has_keys: bool) -> Rect {
        let style = if has_keys { self.theme.border_here } else { self.theme.border };
        if area.width < 4 || area.height < 2 {
            return Rect::default();
        }
        let (right, bottom) = (area.right() - 1, area.bottom() - 1);
        for x in area.x + 1..right {
            self.glyph(x, area.y, "─", style);
            self.glyph(x, bottom, "─", style);
        }
        for y in area.y + 1..bottom {
            self.glyph(area.x, y, "│", style);
            self.glyph(right, y, "│", style);
        }
        self.glyph(area.x, area.y, "╭", style);
        self.glyph(right, area.y, "╮", style);
        self.glyph(area.x, bottom, "╰", style);
        self.glyph(right, bottom, "╯", style);
        if title.width() > 0 {
            let padded = Text::new(" ", style).join(title.clone()).add(" ", style);
            self.put(area.x + 1, area.y, area.width - 3, &padded);
        }
        Rect::new(area.x + 2, area.y + 1, area.width - 4, area.height - 2)
    }

    /// Writes into the upper right corner of a frame.
    pub fn corner(&mut self, area: Rect, text: &Text) {
        let padded = Text::new(" ", self.theme.border).join(text.clone()).add(" ", self.theme.border);
        self.put_right(area.x + 1, area.y, area.width.saturating_sub(3), &padded);
    }

    /// Puts one of our own glyphs into a cell.
    pub fn glyph(&mut self, x: u16, y: u16, glyph: &'static str, style: Style) {
        if let Some(cell) = self.buffer.cell_mut((x, y)) {
            cell.set_symbol(glyph);
            cell.set_style(style);
        }
    }

    /// A bar of `width` cells, filled to `level` of 1, in eighths of a cell.
    pub fn bar(&mut self, x: u16, y: u16, width: u16, level: f64, style: Style) {
        const PARTS: [&str; 8] = [" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
        let eighths = (level.clamp(0.0, 1.0) * f64::from(width) * 8.0).round() as u16;
        for i in 0..width {
            let here = eighths.saturating_sub(i * 8);
            match here {
                0 => self.glyph(x + i, y, "·", self.theme.faint),
                8.. => self.glyph(x + i, y, "█", style),
                part => self.glyph(x + i, y, PARTS[usize::from(part)], style),
            }
        }
    }

    /// A text field of `width` cells with its cursor when it has the keys. A text that is longer than the field shows
    /// the part around the cursor.
    pub fn field(&mut self, x: u16, y: u16, width: u16, field: &Field, has_keys: bool, revealed: bool) {
        let style = if has_keys { self.theme.field_here } else { self.theme.field };
        self.tint(Rect::new(x, y, width, 1), style);
        let (before, after) = field.shown(revealed);
        let (x, width) = (x + 1, width.saturating_sub(2));
        let room = usize::from(width);
        let before = if before.width() > room { tail(&before, room) } else { before };
        let end = self.put(x, y, width, &Text::new(before, style));
        self.put(end, y, (x + width).saturating_sub(end), &Text::new(after, style));
        if has_keys {
            self.tint(Rect::new(end.min(x + width), y, 1, 1), Style::new().reversed());
        }
    }
}

/// The last cells of a text, `…` before them.
fn tail(text: &SafeText, room: usize) -> SafeText {
    let mut used = 1;
    let mut start = text.as_str().len();
    for (at, c) in text.as_str().char_indices().rev() {
        used += cells(c);
        if used > room {
            break;
        }
        start = at;
    }
    ink!("…{}", &text.as_str()[start..])
}

/// `1,204.500 000 000`, its parts in falling weight.
#[must_use]
pub fn amount(amount: Amount, theme: &Theme, style: Style) -> Text {
    let parts = format::amount_parts(amount);
    let rest = if parts.rest_is_zero { theme.faint } else { theme.dim };
    Text::new(parts.whole, style).add(parts.first, style).add(parts.rest, rest)
}

/// The same with its unit.
#[must_use]
pub fn vibe(value: Amount, theme: &Theme, style: Style) -> Text {
    amount(value, theme, style).add(" VIBE", theme.dim)
}
