//! A screen as an SVG picture, so that the README shows what the program really draws.
//!
//! Letters are text in the reader's own monospace font; what must join (lines, blocks, braille, QR codes) is drawn
//! as shapes, since fonts differ in how they fill a cell.

mod glyph;

use std::fmt::Write;

use vt100::{Cell, Color, Screen};

/// Width and height of a cell, in the picture's units.
pub const CELL: (f32, f32) = (8.4, 17.0);
const MARGIN: f32 = 14.0;
/// The bar with the three dots above the screen.
const BAR: f32 = 26.0;
const BACKGROUND: &str = "#0e1116";
const FOREGROUND: &str = "#d5dae3";

/// The picture of `screen` with `title` in its bar.
pub fn svg(screen: &Screen, title: &str) -> String {
    let (rows, columns) = screen.size();
    let width = f32::from(columns) * CELL.0 + 2.0 * MARGIN;
    let height = f32::from(rows) * CELL.1 + 2.0 * MARGIN + BAR;
    let mut picture = String::new();
    writeln!(
        picture,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" font-family=\"'DejaVu Sans Mono',ui-monospace,Menlo,Consolas,monospace\" \
         font-size=\"14\" xml:space=\"preserve\">"
    )
    .unwrap();
    writeln!(picture, "<rect width=\"100%\" height=\"100%\" rx=\"9\" fill=\"{BACKGROUND}\"/>").unwrap();
    for (index, colour) in ["#ff5f57", "#febc2e", "#28c840"].iter().enumerate() {
        let x = MARGIN + 6.0 + index as f32 * 19.0;
        writeln!(picture, "<circle cx=\"{x}\" cy=\"18\" r=\"5.5\" fill=\"{colour}\"/>").unwrap();
    }
    writeln!(
        picture,
        "<text x=\"{:.1}\" y=\"22\" fill=\"#8a93a3\" font-size=\"12\" text-anchor=\"middle\">{}</text>",
        width / 2.0,
        escaped(title)
    )
    .unwrap();
    writeln!(picture, "<g transform=\"translate({MARGIN} {})\">", MARGIN + BAR).unwrap();
    for row in 0..rows {
        draw_row(&mut picture, screen, row, columns);
    }
    picture.push_str("</g>\n</svg>\n");
    picture
}

/// How a run of cells looks.
#[derive(Clone, PartialEq)]
struct Look {
    foreground: String,
    background: Option<String>,
    bold: bool,
    italic: bool,
    underline: bool,
    dim: bool,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        let mut foreground = colour(cell.fgcolor()).unwrap_or_else(|| FOREGROUND.to_owned());
        let mut background = colour(cell.bgcolor());
        if cell.inverse() {
            let under = background.unwrap_or_else(|| BACKGROUND.to_owned());
            background = Some(std::mem::replace(&mut foreground, under));
        }
        Self {
            foreground,
            background,
            bold: cell.bold(),
            italic: cell.italic(),
            underline: cell.underline(),
            dim: cell.dim(),
        }
    }
}

fn draw_row(picture: &mut String, screen: &Screen, row: u16, columns: u16) {
    let top = f32::from(row) * CELL.1;
    let mut column = 0;
    while column < columns {
        let Some(cell) = screen.cell(row, column) else { break };
        let look = Look::of(cell);
        let start = column;
        // A run of cells that look the same is one rectangle and one text.
        let mut text = String::new();
        let mut shapes = String::new();
        while let Some(cell) = (column < columns).then(|| screen.cell(row, column)).flatten() {
            if Look::of(cell) != look {
                break;
            }
            let content = if cell.has_contents() { cell.contents() } else { " " };
            let left = f32::from(column) * CELL.0;
            match glyph::shape(content, left, top, &look.foreground) {
                Some(shape) => {
                    shapes.push_str(&shape);
                    text.push(' ');
                }
                None if cell.is_wide_continuation() => {}
                None => text.push_str(content),
            }
            column += 1;
        }
        if let Some(background) = &look.background {
            let width = f32::from(column - start) * CELL.0;
            writeln!(
                picture,
                "<rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{width:.2}\" height=\"{}\" fill=\"{background}\" \
                 shape-rendering=\"crispEdges\"/>",
                f32::from(start) * CELL.0,
                CELL.1
            )
            .unwrap();
        }
        draw_text(picture, &text, start, top, &look);
        if !shapes.is_empty() {
            let opacity = if look.dim { " opacity=\"0.6\"" } else { "" };
            writeln!(picture, "<g{opacity}>{shapes}</g>").unwrap();
        }
    }
}

/// Words are placed one by one, so that a font of another width cannot push a column out of line.
fn draw_text(picture: &mut String, text: &str, start: u16, top: f32, look: &Look) {
    let mut column = start;
    for word in text.split_inclusive(' ') {
        let letters = word.trim_end();
        if !letters.is_empty() {
            let mut style = String::new();
            if look.bold {
                style.push_str(" font-weight=\"bold\"");
            }
            if look.italic {
                style.push_str(" font-style=\"italic\"");
            }
            if look.underline {
                style.push_str(" text-decoration=\"underline\"");
            }
            if look.dim {
                style.push_str(" opacity=\"0.6\"");
            }
            let count = letters.chars().count() as f32;
            writeln!(
                picture,
                "<text x=\"{:.1}\" y=\"{:.1}\" textLength=\"{:.1}\" fill=\"{}\"{style}>{}</text>",
                f32::from(column) * CELL.0,
                top + 13.0,
                count * CELL.0,
                look.foreground,
                escaped(letters)
            )
            .unwrap();
        }
        column += word.chars().count() as u16;
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A terminal colour as the web writes it; `None` is the terminal's own.
fn colour(colour: Color) -> Option<String> {
    const NAMED: [&str; 16] = [
        "#2b303b", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#c8ccd4", "#6b7385",
        "#f0868e", "#b1d792", "#f2d08f", "#7fc0f5", "#d893ea", "#73cdd8", "#ffffff",
    ];
    match colour {
        Color::Default => None,
        Color::Idx(index @ 0..=15) => Some(NAMED[usize::from(index)].to_owned()),
        Color::Idx(index @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let cube = index - 16;
            Some(format!("#{:02x}{:02x}{:02x}", level(cube / 36), level(cube / 6 % 6), level(cube % 6)))
        }
        Color::Idx(index) => {
            let grey = 8 + 10 * (index - 232);
            Some(format!("#{grey:02x}{grey:02x}{grey:02x}"))
        }
        Color::Rgb(red, green, blue) => Some(format!("#{red:02x}{green:02x}{blue:02x}")),
    }
}
