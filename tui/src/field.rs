//! A line of text being typed.
//!
//! Deliberately absent: selection and undo. What a secret field held is wiped when it goes.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use zeroize::Zeroizing;

use crate::model::Secret;
use crate::safe::SafeText;

/// The most characters of a field that says nothing else.
const CHARS_MAX: usize = 512;

/// A line of text with a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Allocated once for all it may hold, so that growing leaves no copy behind.
    chars: Hidden,
    cursor: usize,
    chars_max: usize,
    secret: bool,
}

#[derive(Clone, PartialEq, Eq)]
struct Hidden(Zeroizing<Vec<char>>);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} characters", self.0.len())
    }
}

impl Default for Field {
    fn default() -> Self {
        Self::new(CHARS_MAX)
    }
}

impl Field {
    /// An empty field for up to `chars_max` characters.
    #[must_use]
    pub fn new(chars_max: usize) -> Self {
        Self {
            chars: Hidden(Zeroizing::new(Vec::with_capacity(chars_max))),
            cursor: 0,
            chars_max,
            secret: false,
        }
    }

    /// An empty field that shows dots.
    #[must_use]
    pub fn secret() -> Self {
        Self { secret: true, ..Self::default() }
    }

    /// A field with `text` in it, the cursor behind it.
    #[must_use]
    pub fn with(text: &str) -> Self {
        let mut field = Self::default();
        field.insert(text);
        field
    }

    /// What was typed.
    #[must_use]
    pub fn text(&self) -> String {
        self.chars.0.iter().collect()
    }

    /// What was typed, as a secret.
    #[must_use]
    pub fn to_secret(&self) -> Secret {
        let mut text = String::with_capacity(self.chars.0.len() * 4);
        text.extend(self.chars.0.iter());
        Secret::new(text)
    }

    /// Whether nothing was typed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chars.0.is_empty()
    }

    /// Characters typed.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chars.0.len()
    }

    /// What may be drawn before and from the cursor on; dots when it is a secret that is not `revealed`.
    #[must_use]
    pub fn shown(&self, revealed: bool) -> (SafeText, SafeText) {
        let part = |chars: &[char]| {
            if self.secret && !revealed {
                SafeText::new(&"•".repeat(chars.len()))
            } else {
                SafeText::new(&chars.iter().collect::<String>())
            }
        };
        (part(&self.chars.0[..self.cursor]), part(&self.chars.0[self.cursor..]))
    }

    /// The word that ends at the cursor.
    #[must_use]
    pub fn word_before(&self) -> String {
        let before = &self.chars.0[..self.cursor];
        before.iter().rev().take_while(|c| !c.is_whitespace()).collect::<Vec<_>>().into_iter().rev().collect()
    }

    /// Replaces the word that ends at the cursor.
    pub fn replace_word(&mut self, word: &str) {
        for _ in 0..self.word_before().chars().count() {
            self.backspace();
        }
        self.insert(word);
    }

    /// Replaces everything.
    pub fn set(&mut self, text: &str) {
        self.clear();
        self.insert(text);
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.chars.0.iter_mut().for_each(|c| *c = '\0');
        self.chars.0.clear();
        self.cursor = 0;
    }

    /// Puts `text` in at the cursor. Line ends become spaces; other control characters, and what does not fit, are
    /// left out.
    pub fn insert(&mut self, text: &str) {
        for c in text.chars() {
            let c = if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c };
            if c.is_control() || self.chars.0.len() >= self.chars_max {
                continue;
            }
            self.chars.0.insert(self.cursor, c);
            self.cursor += 1;
        }
    }

    /// What a key that is no command does. True when it did something.
    pub fn key(&mut self, event: KeyEvent) -> bool {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        if event.modifiers.contains(KeyModifiers::ALT) {
            return false;
        }
        let last = self.chars.0.len();
        match event.code {
            KeyCode::Char('a') if ctrl => self.cursor = 0,
            KeyCode::Char('e') if ctrl => self.cursor = last,
            KeyCode::Char('u') if ctrl => self.clear(),
            KeyCode::Char('w') if ctrl => {
                while self.cursor > 0 && self.chars.0[self.cursor - 1].is_whitespace() {
                    self.backspace();
                }
                while self.cursor > 0 && !self.chars.0[self.cursor - 1].is_whitespace() {
                    self.backspace();
                }
            }
            KeyCode::Char(_) if ctrl => return false,
            KeyCode::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            KeyCode::Backspace => self.backspace(),
            KeyCode::Delete if self.cursor < last => {
                self.chars.0.remove(self.cursor);
            }
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = last.min(self.cursor + 1),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = last,
            _ => return false,
        }
        true
    }

    fn backspace(&mut self) {
        if self.cursor > 0 {
            self.cursor -= 1;
            self.chars.0.remove(self.cursor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(field: &mut Field, code: KeyCode, modifiers: KeyModifiers) -> bool {
        field.key(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn typing_moving_and_taking_out() {
        let mut field = Field::with("one two");
        press(&mut field, KeyCode::Char('w'), KeyModifiers::CONTROL);
        assert_eq!(field.text(), "one ");
        press(&mut field, KeyCode::Home, KeyModifiers::NONE);
        press(&mut field, KeyCode::Char('x'), KeyModifiers::NONE);
        press(&mut field, KeyCode::Delete, KeyModifiers::NONE);
        assert_eq!(field.text(), "xne ");
        assert!(!press(&mut field, KeyCode::F(2), KeyModifiers::NONE));
    }

    #[test]
    fn pasted_line_ends_become_spaces_and_controls_vanish() {
        let mut field = Field::new(10);
        field.insert("ab\nc\u{1b}d\u{7}efghijkl");
        assert_eq!(field.text(), "ab cdefghi");
    }

    #[test]
    fn secrets_are_dots_and_never_printed() {
        let mut field = Field::secret();
        field.insert("hunter22");
        assert_eq!(field.shown(false).0.as_str(), "••••••••");
        assert_eq!(field.shown(true).0.as_str(), "hunter22");
        assert!(!format!("{field:?} {:?}", field.to_secret()).contains("hunter"));
    }

    #[test]
    fn words_are_completed_at_the_cursor() {
        let mut field = Field::with("abandon abo");
        assert_eq!(field.word_before(), "abo");
        field.replace_word("about ");
        assert_eq!(field.text(), "abandon about ");
    }
}
