//! Colours by role. The drawing code knows roles; the files under `assets/themes` know colours.

use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

/// Why a theme file is none.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// Not TOML, a role is missing, or there is one too many.
    #[error("the theme cannot be read: {0}")]
    Format(#[from] toml::de::Error),
    /// A role's words are not a colour and attributes.
    #[error("{role}: `{words}` is no colour (\"#rrggbb\", an ANSI name or default, then bold, dim, …)")]
    Colour {
        /// The role.
        role: &'static str,
        /// What it was given.
        words: String,
    },
}

/// What the terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourDepth {
    /// None, or `NO_COLOR` asks for none.
    Mono,
    /// The sixteen of ANSI.
    Sixteen,
    /// 24 bits.
    #[default]
    True,
}

impl ColourDepth {
    /// From the values of `NO_COLOR`, `COLORTERM` and `TERM`.
    #[must_use]
    pub fn detect(no_color: Option<&str>, colorterm: Option<&str>, term: Option<&str>) -> Self {
        if no_color.is_some_and(|v| !v.is_empty()) || term == Some("dumb") {
            return Self::Mono;
        }
        let full = |v: &str| v.contains("truecolor") || v.contains("24bit");
        if colorterm.is_some_and(full) || term.is_some_and(|t| t.contains("direct")) {
            Self::True
        } else {
            Self::Sixteen
        }
    }
}

macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident),* $(,)?) => {
        /// A style for every role that something on the screen can have.
        #[derive(Clone, Debug)]
        pub struct Theme {
            /// Its name.
            pub name: String,
            /// Behind everything.
            pub background: Color,
            $($(#[$doc])* pub $role: Style,)*
            graph: Vec<Color>,
            heat: Vec<Color>,
        }

        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            name: String,
            background: String,
            $($role: String,)*
            graph: Vec<String>,
            heat: Vec<String>,
        }

        impl FromStr for Theme {
            type Err = ThemeError;

            fn from_str(text: &str) -> Result<Self, ThemeError> {
                let file: File = toml::from_str(text)?;
                Ok(Self {
                    background: colour("background", &file.background)?,
                    $($role: style(stringify!($role), &file.$role)?,)*
                    graph: file.graph.iter().map(|c| colour("graph", c)).collect::<Result<_, _>>()?,
                    heat: file.heat.iter().map(|c| colour("heat", c)).collect::<Result<_, _>>()?,
                    name: file.name,
                })
            }
        }
    };
}

roles! {
    /// Ordinary text.
    text,
    /// What the eye should find first.
    strong,
    /// Second rank.
    dim,
    /// Third rank: zeros, separators, hints.
    faint,
    /// What can be acted on.
    accent,
    /// What is one's own.
    own,
    /// Good news, money coming in.
    good,
    /// Something to look at.
    warn,
    /// Bad news.
    bad,
    /// The name in the title line.
    brand,
    /// The title line.
    bar,
    /// A tab.
    tab,
    /// The tab one is on.
    tab_here,
    /// A key in the footer.
    key,
    /// A frame.
    border,
    /// The frame of what has the keys.
    border_here,
    /// A panel's title, a column's head.
    heading,
    /// The chosen row.
    selected,
    /// A text field.
    field,
    /// The text field that has the keys.
    field_here,
    /// A notice.
    notice,
    /// A notice of something bad.
    alarm,
}

impl Theme {
    /// The built-in theme called `name`: `night`, `day`, `sixteen` or `plain`.
    #[must_use]
    pub fn built_in(name: &str) -> Option<Self> {
        let text = match name {
            "night" => include_str!("../../assets/themes/night.toml"),
            "day" => include_str!("../../assets/themes/day.toml"),
            "sixteen" => include_str!("../../assets/themes/sixteen.toml"),
            "plain" => include_str!("../../assets/themes/plain.toml"),
            _ => return None,
        };
        Some(text.parse().expect("the built-in themes are read by a test"))
    }

    /// The default for what the terminal can show.
    #[must_use]
    pub fn for_depth(depth: ColourDepth) -> Self {
        let name = match depth {
            ColourDepth::Mono => "plain",
            ColourDepth::Sixteen => "sixteen",
            ColourDepth::True => "night",
        };
        Self::built_in(name).expect("the three names exist")
    }

    /// The colour of a graph at `level` of its height, 0 to 1.
    #[must_use]
    pub fn graph(&self, level: f64) -> Style {
        Style::new().fg(blend(&self.graph, level))
    }

    /// From calm to hot, 0 to 1.
    #[must_use]
    pub fn heat(&self, level: f64) -> Style {
        Style::new().fg(blend(&self.heat, level))
    }
}

/// Between the two stops around `level` when both are full colours, else the nearer stop.
fn blend(stops: &[Color], level: f64) -> Color {
    let Some(last) = stops.len().checked_sub(1) else { return Color::Reset };
    let place = level.clamp(0.0, 1.0) * last as f64;
    let below = (place.floor() as usize).min(last);
    let above = (below + 1).min(last);
    let share = place - below as f64;
    match (stops[below], stops[above]) {
        (Color::Rgb(r1, g1, b1), Color::Rgb(r2, g2, b2)) => {
            let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * share).round() as u8;
            Color::Rgb(mix(r1, r2), mix(g1, g2), mix(b1, b2))
        }
        (low, high) => {
            if share < 0.5 {
                low
            } else {
                high
            }
        }
    }
}

fn colour(role: &'static str, words: &str) -> Result<Color, ThemeError> {
    match words {
        "default" => Ok(Color::Reset),
        _ => words.parse().map_err(|_| ThemeError::Colour { role, words: words.to_owned() }),
    }
}

fn style(role: &'static str, words: &str) -> Result<Style, ThemeError> {
    let wrong = || ThemeError::Colour { role, words: words.to_owned() };
    let mut style = Style::new();
    let mut parts = words.split_whitespace();
    while let Some(part) = parts.next() {
        style = match part {
            "bold" => style.add_modifier(Modifier::BOLD),
            "dim" => style.add_modifier(Modifier::DIM),
            "italic" => style.add_modifier(Modifier::ITALIC),
            "underlined" => style.add_modifier(Modifier::UNDERLINED),
            "reversed" => style.add_modifier(Modifier::REVERSED),
            "on" => style.bg(colour(role, parts.next().ok_or_else(wrong)?)?),
            name => style.fg(colour(role, name)?),
        };
    }
    Ok(style)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_built_in_theme_is_whole() {
        for name in ["night", "day", "sixteen", "plain"] {
            assert_eq!(Theme::built_in(name).unwrap().name, name);
        }
        assert!(Theme::built_in("none").is_none());
    }

    #[test]
    fn plain_has_no_colour() {
        let theme = Theme::built_in("plain").unwrap();
        for style in [theme.text, theme.bad, theme.brand, theme.selected, theme.graph(0.7), theme.heat(1.0)] {
            assert!(matches!(style.fg, None | Some(Color::Reset)));
            assert!(style.bg.is_none());
        }
    }

    #[test]
    fn the_terminal_decides_the_depth() {
        assert_eq!(ColourDepth::detect(Some("1"), Some("truecolor"), None), ColourDepth::Mono);
        assert_eq!(ColourDepth::detect(Some(""), Some("truecolor"), None), ColourDepth::True);
        assert_eq!(ColourDepth::detect(None, None, Some("xterm-256color")), ColourDepth::Sixteen);
    }

    #[test]
    fn gradients_mix_full_colours_only() {
        let night = Theme::built_in("night").unwrap();
        assert_eq!(night.graph(0.0).fg, Some(Color::Rgb(0x27, 0x50, 0x7a)));
        assert_eq!(night.graph(1.0).fg, Some(Color::Rgb(0x8f, 0xe3, 0xff)));
        let sixteen = Theme::built_in("sixteen").unwrap();
        assert_eq!(sixteen.graph(0.6).fg, Some(Color::Cyan));
    }

    #[test]
    fn a_wrong_colour_names_its_role() {
        let text = include_str!("../../assets/themes/plain.toml")
            .replace("accent   = \"default bold\"", "accent = \"mauvish\"");
        assert!(text.parse::<Theme>().unwrap_err().to_string().contains("accent"));
    }
}
