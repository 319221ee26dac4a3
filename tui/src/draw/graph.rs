//! Graphs of braille dots: two columns and four rows of them in a cell.

use ratatui::layout::Rect;

use super::{Pen, Text};
use crate::safe::ink;

/// Dots of a cell, by row from the bottom and column.
const DOTS: [[u32; 2]; 4] = [[0x40, 0x80], [0x04, 0x20], [0x02, 0x10], [0x01, 0x08]];

/// Whether the area below the values is filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Filled from the ground.
    Area,
    /// A line, joined where it jumps.
    Line,
}

/// Draws `values`, each from 0 to 1, the last at the right end, over the whole area. There are two values to a
/// column; earlier ones that do not fit are left out.
pub(crate) fn draw(pen: &mut Pen<'_>, area: Rect, values: &[f64], shape: Shape) {
    if area.width == 0 || area.height == 0 {
        return;
    }
    let columns = usize::from(area.width) * 2;
    let dots_high = usize::from(area.height) * 4;
    let skip = values.len().saturating_sub(columns);
    let values = &values[skip..];
    let pad = columns - values.len();
    let height = |i: usize| -> Option<usize> {
        let value = *values.get(i.checked_sub(pad)?)?;
        Some((value.clamp(0.0, 1.0) * (dots_high - 1) as f64).round() as usize)
    };
    for cell_x in 0..usize::from(area.width) {
        let mut cells = vec![0u32; usize::from(area.height)];
        for (side, column) in [cell_x * 2, cell_x * 2 + 1].into_iter().enumerate() {
            let Some(top) = height(column) else { continue };
            let before = column.checked_sub(1).and_then(height).unwrap_or(top);
            let (from, to) = match shape {
                Shape::Area => (0, top),
                Shape::Line => (before.min(top), before.max(top)),
            };
            for dot in from..=to {
                cells[dot / 4] |= DOTS[dot % 4][side];
            }
        }
        for (row, bits) in cells.iter().enumerate() {
            if *bits == 0 {
                continue;
            }
            let level = (row as f64 + 0.5) / f64::from(area.height);
            let style = pen.theme.graph(level);
            let Some(glyph) = char::from_u32(0x2800 + bits) else { continue };
            let y = area.bottom() - 1 - row as u16;
            pen.put(area.x + cell_x as u16, y, 1, &Text::new(ink!("{glyph}"), style));
        }
    }
}

/// Scales values to the range from 0 to their greatest, with a little air above.
#[must_use]
pub(crate) fn scaled(values: &[f64]) -> Vec<f64> {
    let top = values.iter().copied().fold(0.0, f64::max) * 1.08;
    if top <= 0.0 {
        return vec![0.0; values.len()];
    }
    values.iter().map(|v| v / top).collect()
}
