//! Why somebody is banned, in a line that fits on a screen.

use std::fmt;
use std::io::{self, Read};

use borsh::{BorshDeserialize, BorshSerialize};

/// One line of at most [`Reason::BYTES_MAX`] bytes, without control characters.
#[derive(Clone, PartialEq, Eq, Hash, BorshSerialize)]
pub struct Reason(Box<str>);

impl Reason {
    /// The longest line.
    pub const BYTES_MAX: usize = 160;

    /// The text as such a line: what is too long is cut, control characters become spaces.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut line = String::with_capacity(text.len().min(Self::BYTES_MAX));
        for letter in text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }) {
            if line.len() + letter.len_utf8() > Self::BYTES_MAX {
                break;
            }
            line.push(letter);
        }
        Self(line.into())
    }

    /// The line.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl BorshDeserialize for Reason {
    /// Refuses what [`Reason::new`] would change.
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let text = String::deserialize_reader(reader)?;
        let line = Self::new(&text);
        if *line.0 == *text { Ok(line) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}
