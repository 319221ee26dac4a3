//! Text that is safe to draw.
//!
//! Whatever comes from the chain, a server, a file or the clipboard may carry characters that move the cursor, turn
//! the reading direction round, hide, or pile up over their neighbours. [`SafeText`] shows each of them as a visible
//! escape, and it is the only kind of text that the drawing code takes: the view models hold no `String`.
//!
//! Deliberately absent: a way to get the original back. What is sent on (a memo, a password) never passes here.

use std::fmt;

use unicode_width::UnicodeWidthChar;

/// The most characters of one text that are kept; what is cut off is counted at its end.
pub const CHARS_MAX: usize = 4096;

/// The most marks without a width of their own that may stand over one base character.
const MARKS_MAX: usize = 2;

/// A text in which every character occupies the cells it seems to occupy.
///
/// The mapping is injective below [`CHARS_MAX`]: two different originals never look the same by their escapes, since
/// a backslash is written as two.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeText(Box<str>);

impl SafeText {
    /// Makes `foreign` safe.
    #[must_use]
    pub fn new(foreign: &str) -> Self {
        let mut out = String::with_capacity(foreign.len());
        let mut has_base = false;
        let mut marks = 0;
        for (count, c) in foreign.chars().enumerate() {
            if count == CHARS_MAX {
                let rest = foreign.chars().count() - CHARS_MAX;
                out.push_str(&format!("… (+{rest} characters)"));
                break;
            }
            match Kind::of(c) {
                Kind::Plain => {
                    out.push(c);
                    has_base = true;
                    marks = 0;
                }
                Kind::Mark if has_base && marks < MARKS_MAX => {
                    out.push(c);
                    marks += 1;
                }
                Kind::Mark | Kind::Hostile => {
                    escape(c, &mut out);
                    has_base = false;
                    marks = 0;
                }
            }
        }
        Self(out.into())
    }

    /// A text that this crate put together from its own words, numbers and texts that are safe already.
    pub(crate) fn ours(text: String) -> Self {
        debug_assert!(!text.chars().any(|c| matches!(Kind::of(c), Kind::Hostile) && c != '\\'));
        Self(text.into())
    }

    /// The safe form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The cells it takes. They are counted character by character, as they are drawn: clusters that terminals
    /// measure differently do not exist here.
    #[must_use]
    pub fn width(&self) -> usize {
        self.0.chars().map(cells).sum()
    }

    /// Whether there is nothing to draw.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text within `cells`, its end replaced by `…` when it is longer.
    #[must_use]
    pub fn cut(&self, cells: usize) -> Self {
        if self.width() <= cells {
            return self.clone();
        }
        let mut out = String::new();
        let mut used = 0;
        for c in self.0.chars() {
            let width = self::cells(c);
            if used + width + 1 > cells {
                break;
            }
            out.push(c);
            used += width;
        }
        if cells > 0 {
            out.push('…');
        }
        Self(out.into())
    }

    /// Both ends of a text of single-cell characters, `…` between them, when it is longer than `cells`.
    /// For lists only: where a decision is taken, an address is shown whole.
    #[must_use]
    pub fn middle(&self, cells: usize) -> Self {
        if self.width() <= cells || cells < 5 {
            return self.cut(cells);
        }
        let chars: Vec<char> = self.0.chars().collect();
        let tail = (cells - 1) / 3;
        let head = cells - 1 - tail;
        let mut out: String = chars[..head].iter().collect();
        out.push('…');
        out.extend(&chars[chars.len() - tail..]);
        Self(out.into())
    }

    /// The text in lines of at most `cells`, broken at spaces where there are some.
    #[must_use]
    pub fn wrap(&self, cells: usize) -> Vec<Self> {
        let cells = cells.max(2);
        let mut lines = Vec::new();
        let mut line = String::new();
        let mut used = 0;
        for word in self.0.split_inclusive(' ') {
            let word_cells: usize = word.trim_end().chars().map(self::cells).sum();
            if !line.is_empty() && used + word_cells > cells {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            for c in word.chars() {
                if used + self::cells(c) > cells {
                    if c == ' ' {
                        continue;
                    }
                    lines.push(std::mem::take(&mut line));
                    used = 0;
                }
                line.push(c);
                used += self::cells(c);
            }
        }
        lines.push(line);
        lines.into_iter().map(|line| Self(line.trim_end().into())).collect()
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Only text from the program itself lives for ever.
impl From<&'static str> for SafeText {
    fn from(own: &'static str) -> Self {
        Self::ours(own.to_owned())
    }
}

impl From<&SafeText> for SafeText {
    fn from(text: &SafeText) -> Self {
        text.clone()
    }
}

/// Puts a [`SafeText`] together like `format!`, out of numbers, own words and texts that are safe already.
macro_rules! ink {
    ($($part:tt)*) => { $crate::safe::SafeText::ours(format!($($part)*)) };
}
pub(crate) use ink;

/// The cells of a character.
pub(crate) fn cells(c: char) -> usize {
    c.width().unwrap_or(0)
}

enum Kind {
    Plain,
    Mark,
    Hostile,
}

impl Kind {
    fn of(c: char) -> Self {
        if is_hostile(c) {
            return Self::Hostile;
        }
        match c.width() {
            None => Self::Hostile,
            Some(0) => Self::Mark,
            Some(1 | 2) => Self::Plain,
            // Terminals agree on one cell and on two.
            Some(_) => Self::Hostile,
        }
    }
}

/// Characters that are invisible, act on others, or stand for nothing.
const fn is_hostile(c: char) -> bool {
    matches!(
        c as u32,
        0x00..=0x1f | 0x7f..=0x9f          // control
        | 0x5c                             // the escape character itself
        | 0xa0 | 0x1680 | 0x2000..=0x200a | 0x202f | 0x205f | 0x3000 // spaces that are not the space
        | 0xad | 0x034f | 0x061c | 0x180b..=0x180f // soft hyphen, joiner, Arabic mark, Mongolian selectors
        | 0x115f..=0x1160 | 0x17b4..=0x17b5 | 0x3164 | 0xffa0 // fillers
        | 0x200b..=0x200f | 0x2028..=0x202e | 0x2060..=0x206f // zero width, bidirectional, separators
        | 0xfe00..=0xfe0f | 0xfeff | 0xfff0..=0xfffb // selectors, byte order mark, annotations
        | 0xe000..=0xf8ff                  // private use
        | 0x1d173..=0x1d17a | 0x1bca0..=0x1bca3 // invisible musical and shorthand controls
        | 0xe0000..=0xe0fff | 0xf0000..=0x10_ffff // tags, selectors, private planes
    ) || (c as u32) & 0xfffe == 0xfffe
}

fn escape(c: char, out: &mut String) {
    match c {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => out.push_str(&format!("\\u{{{:x}}}", c as u32)),
    }
}

#[cfg(test)]
mod tests;
