//! A buffer as a picture: SVG text, cell by cell, so that pictures of the screens are made by the code that draws
//! the screens.
//!
//! Lines, blocks and braille dots are drawn as shapes, since fonts differ in them. Deliberately absent: anything that
//! depends on a font being there beyond its cells being of one width.

use std::fmt::Write;

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

/// Pixels of a cell.
const CELL: (f64, f64) = (9.0, 19.0);
const FONT_PX: f64 = 15.0;
const MARGIN: f64 = 12.0;

/// The colours that "default" stands for.
#[derive(Clone, Copy, Debug)]
pub struct Ground {
    /// Of text.
    pub text: (u8, u8, u8),
    /// Behind it.
    pub behind: (u8, u8, u8),
}

impl Default for Ground {
    fn default() -> Self {
        Self { text: (0xd5, 0xda, 0xe3), behind: (0x0e, 0x11, 0x16) }
    }
}

/// Draws a buffer.
#[must_use]
pub fn render_svg(buffer: &Buffer, ground: Ground) -> String {
    let area = buffer.area();
    let (width, height) = (f64::from(area.width) * CELL.0, f64::from(area.height) * CELL.1);
    let mut out = String::new();
    // Writing into a string cannot fail.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n\
         <rect width=\"{w}\" height=\"{h}\" rx=\"10\" fill=\"{back}\"/>\n\
         <g font-family=\"'JetBrains Mono','DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"{FONT_PX}\" \
         xml:space=\"preserve\" transform=\"translate({MARGIN} {MARGIN})\">\n",
        w = width + 2.0 * MARGIN,
        h = height + 2.0 * MARGIN,
        back = hex(ground.behind),
    );
    for y in 0..area.height {
        backgrounds(buffer, y, ground, &mut out);
    }
    for y in 0..area.height {
        foregrounds(buffer, y, ground, &mut out);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

struct Look {
    text: (u8, u8, u8),
    behind: (u8, u8, u8),
    bold: bool,
    italic: bool,
    underlined: bool,
    dim: bool,
}

fn look(cell: &ratatui::buffer::Cell, ground: Ground) -> Look {
    let modifier = cell.modifier;
    let mut text = rgb(cell.fg, ground.text);
    let mut behind = rgb(cell.bg, ground.behind);
    if modifier.contains(Modifier::REVERSED) {
        std::mem::swap(&mut text, &mut behind);
    }
    Look {
        text,
        behind,
        bold: modifier.contains(Modifier::BOLD),
        italic: modifier.contains(Modifier::ITALIC),
        underlined: modifier.contains(Modifier::UNDERLINED),
        dim: modifier.contains(Modifier::DIM),
    }
}

fn backgrounds(buffer: &Buffer, y: u16, ground: Ground, out: &mut String) {
    let mut x = 0;
    while x < buffer.area().width {
        let behind = look(&buffer[(x, y)], ground).behind;
        let start = x;
        while x < buffer.area().width && look(&buffer[(x, y)], ground).behind == behind {
            x += 1;
        }
        if behind != ground.behind {
            rect(
                out,
                f64::from(start) * CELL.0,
                f64::from(y) * CELL.1,
                f64::from(x - start) * CELL.0,
                CELL.1,
                &hex(behind),
            );
        }
    }
}

fn foregrounds(buffer: &Buffer, y: u16, ground: Ground, out: &mut String) {
    for x in 0..buffer.area().width {
        let cell = &buffer[(x, y)];
        let symbol = cell.symbol();
        let look = look(cell, ground);
        let (left, top) = (f64::from(x) * CELL.0, f64::from(y) * CELL.1);
        let colour = hex(look.text);
        if look.underlined {
            rect(out, left, top + CELL.1 - 2.0, CELL.0, 1.0, &colour);
        }
        let Some(c) = symbol.chars().next().filter(|c| *c != ' ') else { continue };
        if shape(c, left, top, &colour, out) {
            continue;
        }
        let weight = if look.bold { " font-weight=\"bold\"" } else { "" };
        let slant = if look.italic { " font-style=\"italic\"" } else { "" };
        let opacity = if look.dim { " opacity=\"0.6\"" } else { "" };
        let _ = writeln!(
            out,
            "<text x=\"{left:.1}\" y=\"{:.1}\" fill=\"{colour}\"{weight}{slant}{opacity}>{}</text>",
            top + CELL.1 * 0.74,
            escape(symbol)
        );
    }
}

/// Draws lines, blocks and dots; false for what is a letter.
fn shape(c: char, x: f64, y: f64, colour: &str, out: &mut String) -> bool {
    let (w, h) = CELL;
    let (mx, my) = (x + w / 2.0, y + h / 2.0);
    match c {
        '▀' => rect(out, x, y, w, h / 2.0, colour),
        '█' => rect(out, x, y, w, h, colour),
        '▁'..='▇' => {
            let part = h * f64::from(c as u32 - 0x2580) / 8.0;
            rect(out, x, y + h - part, w, part, colour);
        }
        '▉'..='▏' => rect(out, x, y, w * f64::from(0x2590 - c as u32) / 8.0, h, colour),
        '\u{2801}'..='\u{28ff}' => {
            let bits = c as u32 - 0x2800;
            for (bit, column, row) in
                [(0, 0, 0), (1, 0, 1), (2, 0, 2), (3, 1, 0), (4, 1, 1), (5, 1, 2), (6, 0, 3), (7, 1, 3)]
            {
                if bits >> bit & 1 == 1 {
                    let cx = x + w * (0.25 + 0.5 * f64::from(column));
                    let cy = y + h * (0.125 + 0.25 * f64::from(row));
                    let _ =
                        writeln!(out, "<circle cx=\"{cx:.1}\" cy=\"{cy:.1}\" r=\"1.75\" fill=\"{colour}\"/>");
                }
            }
        }
        '─' | '│' | '╭' | '╮' | '╰' | '╯' | '├' | '┤' | '┼' | '━' => {
            let path = match c {
                '─' | '━' => format!("M{x} {my}h{w}"),
                '│' => format!("M{mx} {y}v{h}"),
                '╭' => format!("M{mx} {}V{}q0 -4 4 -4H{}", y + h, my + 4.0, x + w),
                '╮' => format!("M{x} {my}H{}q4 0 4 4V{}", mx - 4.0, y + h),
                '╰' => format!("M{mx} {y}V{}q0 4 4 4H{}", my - 4.0, x + w),
                '╯' => format!("M{mx} {y}V{}q0 4 -4 4H{x}", my - 4.0),
                '├' => format!("M{mx} {y}v{h}M{mx} {my}H{}", x + w),
                '┤' => format!("M{mx} {y}v{h}M{x} {my}H{mx}"),
                _ => format!("M{mx} {y}v{h}M{x} {my}h{w}"),
            };
            let thick = if c == '━' { 2.4 } else { 1.2 };
            let _ = writeln!(
                out,
                "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{thick}\"/>"
            );
        }
        _ => return false,
    }
    true
}

fn rect(out: &mut String, x: f64, y: f64, w: f64, h: f64, colour: &str) {
    let _ = writeln!(
        out,
        "<rect x=\"{x:.2}\" y=\"{y:.2}\" width=\"{w:.2}\" height=\"{h:.2}\" fill=\"{colour}\" shape-rendering=\"crispEdges\"/>"
    );
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn hex((r, g, b): (u8, u8, u8)) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// The colour as most terminals show it.
const fn rgb(colour: Color, default: (u8, u8, u8)) -> (u8, u8, u8) {
    match colour {
        Color::Reset => default,
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Black => (0x15, 0x19, 0x20),
        Color::Red => (0xcc, 0x55, 0x55),
        Color::Green => (0x5f, 0xb8, 0x7a),
        Color::Yellow => (0xd6, 0xa8, 0x4b),
        Color::Blue => (0x4f, 0x86, 0xc6),
        Color::Magenta => (0xa9, 0x70, 0xc9),
        Color::Cyan => (0x4f, 0xb3, 0xc4),
        Color::Gray => (0xa8, 0xae, 0xb8),
        Color::DarkGray => (0x5a, 0x61, 0x6d),
        Color::LightRed => (0xff, 0x7b, 0x7b),
        Color::LightGreen => (0x8c, 0xe0, 0xa4),
        Color::LightYellow => (0xf2, 0xd0, 0x80),
        Color::LightBlue => (0x7c, 0xb5, 0xff),
        Color::LightMagenta => (0xc9, 0xa0, 0xe8),
        Color::LightCyan => (0x84, 0xdc, 0xea),
        Color::White => (0xff, 0xff, 0xff),
        Color::Indexed(n) => (n, n, n),
    }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn letters_are_escaped_and_shapes_are_shapes() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        buffer.set_string(0, 0, "<█⣿─", Style::new().fg(Color::Rgb(1, 2, 3)));
        let svg = render_svg(&buffer, Ground::default());
        assert!(svg.contains("&lt;</text>") && svg.contains("#010203"));
        assert_eq!(svg.matches("<circle").count(), 8);
        assert_eq!(svg.matches("<text").count(), 1);
    }
}
