//! Draws every screen, with made-up data, as SVG files: `cargo run --example pictures -- FOLDER [COLUMNS ROWS [THEME]]`.
//!
//! The pictures come from the drawing code itself, cell by cell.

#[path = "../tests/support/mod.rs"]
mod support;

use vibecoin_tui::Theme;
use vibecoin_tui::svg::{Ground, render_svg};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("a folder is needed")?;
    let columns = arguments.next().map_or(Ok(80), |a| a.parse())?;
    let rows = arguments.next().map_or(Ok(24), |a| a.parse())?;
    let theme = arguments.next().unwrap_or_else(|| "night".to_owned());
    let theme = Theme::built_in(&theme).ok_or("no such theme")?;
    let ground = if theme.name == "day" {
        Ground { text: (0x2b, 0x2f, 0x36), behind: (0xfb, 0xfa, 0xf7) }
    } else {
        Ground::default()
    };
    std::fs::create_dir_all(&folder)?;
    let size = (columns, rows);
    for (name, mut seat) in support::gallery(size).into_iter().chain(support::remote_gallery(size)) {
        seat.theme = theme.clone();
        std::fs::write(format!("{folder}/{name}.svg"), render_svg(&seat.buffer(), ground))?;
    }
    Ok(())
}
