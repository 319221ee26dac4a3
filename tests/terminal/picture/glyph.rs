//! The characters that are drawn as shapes: box lines, block elements and braille.

use super::CELL;

/// The shape of `content` in the cell at (`left`, `top`), or `None` where a letter serves.
pub fn shape(content: &str, left: f32, top: f32, colour: &str) -> Option<String> {
    let mut characters = content.chars();
    let (character, None) = (characters.next()?, characters.next()) else { return None };
    match character {
        '\u{2500}'..='\u{257f}' => lines(character, left, top, colour),
        '\u{2580}'..='\u{259f}' => block(character, left, top, colour),
        '\u{2801}'..='\u{28ff}' => Some(braille(character, left, top, colour)),
        _ => None,
    }
}

/// Which arms of a box character there are: left, right, up, down; and whether its corner is round.
fn arms(character: char) -> Option<(bool, bool, bool, bool, bool)> {
    Some(match character {
        '─' | '━' | '═' | '╌' | '┄' | '┈' => (true, true, false, false, false),
        '│' | '┃' | '║' | '╎' | '┆' | '┊' => (false, false, true, true, false),
        '┌' | '┏' | '╔' => (false, true, false, true, false),
        '┐' | '┓' | '╗' => (true, false, false, true, false),
        '└' | '┗' | '╚' => (false, true, true, false, false),
        '┘' | '┛' | '╝' => (true, false, true, false, false),
        '╭' => (false, true, false, true, true),
        '╮' => (true, false, false, true, true),
        '╰' => (false, true, true, false, true),
        '╯' => (true, false, true, false, true),
        '├' | '┣' | '╠' => (false, true, true, true, false),
        '┤' | '┫' | '╣' => (true, false, true, true, false),
        '┬' | '┳' | '╦' => (true, true, false, true, false),
        '┴' | '┻' | '╩' => (true, true, true, false, false),
        '┼' | '╋' | '╬' => (true, true, true, true, false),
        _ => return None,
    })
}

fn lines(character: char, left: f32, top: f32, colour: &str) -> Option<String> {
    let (to_left, to_right, up, down, round) = arms(character)?;
    let (middle_x, middle_y) = (left + CELL.0 / 2.0, top + CELL.1 / 2.0);
    let (right, bottom) = (left + CELL.0, top + CELL.1);
    let mut path = String::new();
    if round {
        let x = if to_right { right } else { left };
        let y = if down { bottom } else { top };
        path.push_str(&format!("M{middle_x:.1} {y:.1}Q{middle_x:.1} {middle_y:.1} {x:.1} {middle_y:.1}"));
    } else {
        for (there, x, y) in [
            (to_left, left, middle_y),
            (to_right, right, middle_y),
            (up, middle_x, top),
            (down, middle_x, bottom),
        ] {
            if there {
                path.push_str(&format!("M{middle_x:.1} {middle_y:.1}L{x:.1} {y:.1}"));
            }
        }
    }
    let thick = matches!(character, '━' | '┃' | '┏' | '┓' | '┗' | '┛' | '┣' | '┫' | '┳' | '┻' | '╋');
    let width = if thick { 2.4 } else { 1.1 };
    Some(format!(
        "<path d=\"{path}\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linecap=\"square\" fill=\"none\"/>"
    ))
}

/// Block elements, in eighths and quarters of the cell.
fn block(character: char, left: f32, top: f32, colour: &str) -> Option<String> {
    let (width, height) = CELL;
    let part = |x: f32, y: f32, w: f32, h: f32, opacity: f32| {
        format!(
            "<rect x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"{colour}\" \
             fill-opacity=\"{opacity}\" shape-rendering=\"crispEdges\"/>",
            left + x * width,
            top + y * height,
            w * width,
            h * height
        )
    };
    let code = u32::from(character);
    Some(match character {
        '▀' => part(0.0, 0.0, 1.0, 0.5, 1.0),
        '▁'..='█' => {
            let eighths = (code - 0x2580) as f32 / 8.0;
            part(0.0, 1.0 - eighths, 1.0, eighths, 1.0)
        }
        '▉'..='▏' => part(0.0, 0.0, (0x2590 - code) as f32 / 8.0, 1.0, 1.0),
        '▐' => part(0.5, 0.0, 0.5, 1.0, 1.0),
        '░' => part(0.0, 0.0, 1.0, 1.0, 0.25),
        '▒' => part(0.0, 0.0, 1.0, 1.0, 0.5),
        '▓' => part(0.0, 0.0, 1.0, 1.0, 0.75),
        '▔' => part(0.0, 0.0, 1.0, 0.125, 1.0),
        '▕' => part(0.875, 0.0, 0.125, 1.0, 1.0),
        // Quadrants, as bits: upper left 1, upper right 2, lower left 4, lower right 8.
        '▖'..='▟' => {
            let bits = [4, 8, 1, 13, 9, 7, 11, 2, 6, 14][(code - 0x2596) as usize];
            (0..4)
                .filter(|bit| bits >> bit & 1 == 1)
                .map(|bit| part((bit % 2) as f32 / 2.0, (bit / 2) as f32 / 2.0, 0.5, 0.5, 1.0))
                .collect()
        }
        _ => return None,
    })
}

/// Braille patterns: charts are drawn with them, two dots wide and four high.
fn braille(character: char, left: f32, top: f32, colour: &str) -> String {
    // The bits in the order of the standard: the left column down to the third dot, the right one, then the fourth.
    const PLACES: [(u8, u8); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
    let bits = u32::from(character) - 0x2800;
    PLACES
        .iter()
        .enumerate()
        .filter(|(bit, _)| bits >> bit & 1 == 1)
        .map(|(_, (x, y))| {
            format!(
                "<circle cx=\"{:.2}\" cy=\"{:.2}\" r=\"1.35\" fill=\"{colour}\"/>",
                left + (0.28 + 0.44 * f32::from(*x)) * CELL.0,
                top + (0.125 + 0.25 * f32::from(*y)) * CELL.1
            )
        })
        .collect()
}
