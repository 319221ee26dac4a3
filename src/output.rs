//! What a command prints.
//!
//! With `--json` standard output carries JSON and nothing else; without it, aligned text. Messages go to standard
//! error either way. Text that people read passes through [`SafeText`], and JSON is inert: what comes from the
//! chain, a server or a file cannot move the cursor or turn the reading direction.

use std::io::{self, IsTerminal, Write};

use serde::Serialize;
use serde_json::Value;
use vibecoin_tui::safe::SafeText;

use crate::failure::{Failure, Outcome};

mod amounts;
mod paper;
#[cfg(test)]
mod tests;

pub use amounts::with_vibe;
pub use paper::{Paper, Side};

/// Where and how a command prints.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
    quiet: u8,
    /// Nobody has asked for no colours.
    colors_wanted: bool,
    /// Colours on standard output.
    color: bool,
    /// Colours on standard error.
    color_messages: bool,
}

/// A colour with a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tint {
    /// Well.
    Good,
    /// Look here.
    Caution,
    /// Wrong.
    Bad,
    /// Less important.
    Faint,
    /// More important.
    Strong,
}

impl Tint {
    const fn code(self) -> &'static str {
        match self {
            Self::Good => "32",
            Self::Caution => "33",
            Self::Bad => "31",
            Self::Faint => "2",
            Self::Strong => "1",
        }
    }
}

impl Output {
    /// As the flags and the terminal have it. `NO_COLOR`, if it is set to anything, turns colours off.
    #[must_use]
    pub fn new(json: bool, no_color: bool, quiet: u8) -> Self {
        let forbidden = no_color
            || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            json,
            quiet,
            colors_wanted: !forbidden,
            color: !forbidden && !json && io::stdout().is_terminal(),
            color_messages: !forbidden && io::stderr().is_terminal(),
        }
    }

    /// True if JSON is wanted.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// True unless a flag, `NO_COLOR` or the terminal asks for no colours.
    #[must_use]
    pub const fn colors_wanted(&self) -> bool {
        self.colors_wanted
    }

    /// True if messages may be coloured.
    #[must_use]
    pub const fn colors_messages(&self) -> bool {
        self.color_messages
    }

    /// True if standard error is a terminal that somebody watches.
    #[must_use]
    pub fn shows_progress(&self) -> bool {
        self.quiet == 0 && io::stderr().is_terminal()
    }

    /// Prints an answer: the value as JSON, each amount with its twin in VIBE, or what `human` writes.
    ///
    /// # Errors
    /// [`Failure::Pipe`] when nobody reads it.
    pub fn answer(&self, value: &impl Serialize, human: impl FnOnce(&mut Paper)) -> Outcome {
        if self.json {
            return self.value(&with_vibe(to_value(value)?));
        }
        let mut paper = Paper::new(self.color);
        human(&mut paper);
        write_out(&paper.finish())
    }

    /// Prints an answer that is JSON in either form, just as it came.
    ///
    /// # Errors
    /// [`Failure::Pipe`] when nobody reads it.
    pub fn plain(&self, value: &Value) -> Outcome {
        self.value(value)
    }

    /// Prints one item of a stream of JSON, just as it came.
    ///
    /// # Errors
    /// [`Failure::Pipe`] when nobody reads it.
    pub fn plain_item(&self, value: &Value) -> Outcome {
        write_out(&format!("{}\n", inert(&value.to_string())))
    }

    /// Prints a JSON value: in one line, or over many on a terminal.
    fn value(&self, value: &Value) -> Outcome {
        let text = if io::stdout().is_terminal() {
            serde_json::to_string_pretty(value)
        } else {
            serde_json::to_string(value)
        };
        write_out(&format!("{}\n", inert(&text.map_err(Failure::unexpected)?)))
    }

    /// Prints one item of a stream: a line of JSON, or of text.
    ///
    /// # Errors
    /// [`Failure::Pipe`] when nobody reads it.
    pub fn item(&self, value: &impl Serialize, human: impl FnOnce() -> String) -> Outcome {
        if self.json {
            let line = serde_json::to_string(&with_vibe(to_value(value)?)).map_err(Failure::unexpected)?;
            return write_out(&format!("{}\n", inert(&line)));
        }
        write_out(&format!("{}\n", SafeText::new(&human())))
    }

    /// Prints text as it is: a script, a manual page, a file for a pipe.
    ///
    /// # Errors
    /// [`Failure::Pipe`] when nobody reads it.
    pub fn raw(&self, bytes: &[u8]) -> Outcome {
        write_bytes(bytes)
    }

    /// Says something on standard error, unless quiet.
    pub fn say(&self, message: &str) {
        if self.quiet == 0 {
            message_line(&SafeText::new(message).to_string());
        }
    }

    /// Warns on standard error, unless very quiet.
    pub fn warn(&self, message: &str) {
        if self.quiet < 2 {
            message_line(&format!("{} {}", self.tinted(Tint::Caution, "warning:"), SafeText::new(message)));
        }
    }

    /// Says why the command failed: one line and a hint, or one JSON object, on standard error.
    pub fn fail(&self, failure: &Failure) {
        if matches!(failure, Failure::Pipe) {
            // Whoever closed the output knows.
            return;
        }
        if self.json {
            let object = serde_json::json!({ "error": {
                "message": failure.to_string(),
                "exit": failure.exit() as u8,
                "rule": failure.rule(),
                "hint": failure.hint(),
            }});
            return message_line(&inert(&object.to_string()));
        }
        let text = match failure {
            // A report has lines of its own making; nothing foreign is in it unescaped but the system's words.
            Failure::Unexpected(report) => format!("{report:?}"),
            expected => SafeText::new(&expected.to_string()).to_string(),
        };
        message_line(&format!("{} {text}", self.tinted(Tint::Bad, "error:")));
        if let Some(hint) = failure.hint() {
            message_line(&format!("{} {}", self.tinted(Tint::Faint, "hint:"), SafeText::new(&hint)));
        }
    }

    fn tinted(&self, tint: Tint, text: &str) -> String {
        tinted(self.color_messages, tint, text)
    }
}

/// The text between the sequences that colour it.
fn tinted(color: bool, tint: Tint, text: &str) -> String {
    if color { format!("\x1b[{}m{text}\x1b[0m", tint.code()) } else { text.to_owned() }
}

/// The same JSON, with its characters that could act on a terminal written as `\uXXXX`. Whoever parses it gets the
/// same value; whoever looks at it is shown no text that hides or turns round. ASCII needs nothing: JSON escapes its
/// control characters, all but one.
fn inert(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        let mut utf8 = [0; 4];
        let text: &str = c.encode_utf8(&mut utf8);
        if (c.is_ascii() && c != '\u{7f}') || SafeText::new(text).as_str() == text {
            out.push(c);
            continue;
        }
        let mut utf16 = [0; 2];
        for unit in c.encode_utf16(&mut utf16) {
            out.push_str(&format!("\\u{unit:04x}"));
        }
    }
    out
}

fn to_value(value: &impl Serialize) -> Outcome<Value> {
    serde_json::to_value(value).map_err(Failure::unexpected)
}

fn write_out(text: &str) -> Outcome {
    write_bytes(text.as_bytes())
}

fn write_bytes(bytes: &[u8]) -> Outcome {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(Failure::io("standard output"))
}

fn message_line(text: &str) {
    // Nobody is left to be told that standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{text}");
}
