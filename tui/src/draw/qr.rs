//! A QR code of half blocks: two modules in a cell.

use qrcode::{Color as Module, EcLevel, QrCode};
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use super::Pen;

/// A code, and the light modules around it.
pub(crate) struct Qr {
    modules: Vec<bool>,
    side: u16,
    quiet: u16,
    /// A module is half a cell, or, where there is room, two cells.
    large: bool,
}

impl Qr {
    /// The code of `text`, when there is one, that fits into an area of `columns` and `rows` cells. Readers ask for
    /// four light modules around it; two, or one, do where four do not fit.
    pub(crate) fn fitting(text: &str, columns: u16, rows: u16) -> Option<Self> {
        [EcLevel::M, EcLevel::L].into_iter().find_map(|level| {
            let code = QrCode::with_error_correction_level(text.as_bytes(), level).ok()?;
            let side = u16::try_from(code.width()).ok()?;
            let quiet = [4, 2, 1].into_iter().find(|q| {
                let whole = side + 2 * q;
                whole <= columns && whole.div_ceil(2) <= rows
            })?;
            let modules = code.to_colors().into_iter().map(|m| m == Module::Dark).collect();
            let large = (side + 2 * quiet) * 2 <= columns && side + 2 * quiet <= rows;
            Some(Self { modules, side, quiet, large })
        })
    }

    /// Columns and rows that it takes.
    pub(crate) const fn size(&self) -> (u16, u16) {
        let whole = self.side + 2 * self.quiet;
        if self.large { (whole * 2, whole) } else { (whole, whole.div_ceil(2)) }
    }

    fn dark(&self, x: u16, y: u16) -> bool {
        let (Some(x), Some(y)) = (x.checked_sub(self.quiet), y.checked_sub(self.quiet)) else { return false };
        x < self.side
            && y < self.side
            && self.modules[usize::from(y) * usize::from(self.side) + usize::from(x)]
    }

    /// Draws it from the area's upper left corner, dark on light whatever the theme: many readers know no other way
    /// round. Only without any colour it is drawn by what is left blank.
    pub(crate) fn draw(&self, pen: &mut Pen<'_>, area: Rect) {
        let (columns, rows) = self.size();
        let mono = pen.theme.name == "plain";
        let light =
            if mono { Style::new().reversed() } else { Style::new().fg(Color::Black).bg(Color::White) };
        for row in 0..rows.min(area.height) {
            for column in 0..columns.min(area.width) {
                let (upper, lower) = if self.large {
                    (self.dark(column / 2, row), self.dark(column / 2, row))
                } else {
                    (self.dark(column, row * 2), self.dark(column, row * 2 + 1))
                };
                let glyph = match (upper, lower) {
                    (false, false) => " ",
                    (true, false) => "▀",
                    (false, true) => "▄",
                    (true, true) => "█",
                };
                pen.glyph(area.x + column, area.y + row, glyph, light);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_upper_case_uri_fits_the_smallest_screen() {
        let uri = "VIBE:DVIBE1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQCDPEYW";
        let qr = Qr::fitting(uri, 40, 20).unwrap();
        assert!(qr.size().0 <= 40 && qr.size().1 <= 20);
        assert!(Qr::fitting(uri, 20, 10).is_none());
    }

    #[test]
    fn the_finder_patterns_are_in_three_corners() {
        let qr = Qr::fitting("VIBECOIN", 40, 30).unwrap();
        let (q, s) = (qr.quiet, qr.side);
        assert!(!qr.dark(q - 1, q));
        for (x, y) in [(q, q), (q + s - 1, q), (q, q + s - 1)] {
            assert!(qr.dark(x, y));
        }
        assert!(!qr.dark(q + 1, q + 1));
    }
}
