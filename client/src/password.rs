//! Passwords, and an honest word about how good one is.

use std::fmt;

use zeroize::Zeroizing;

use crate::mnemonic::normalise;

/// A password that opens a keystore. Wiped when it is dropped; its debug form shows nothing.
///
/// It is normalised (NFKD), so that the same characters open the same file whatever keyboard wrote them.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// A password as it was typed. An empty one is a password like any other, and the worst.
    #[must_use]
    pub fn new(text: Zeroizing<String>) -> Self {
        Self(normalise(&text))
    }

    /// The bytes that are hashed.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// True if there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a guesser would have to do.
    #[must_use]
    pub fn strength(&self) -> Strength {
        Strength::of(&self.0)
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self(normalise(text))
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self::new(Zeroizing::new(text))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// How hard a password is to guess for somebody who has the keystore file.
///
/// A guess costs 64 MiB and a tenth of a second by our Argon2 parameters; a thousand machines are assumed, which
/// make ten thousand guesses a second. The number of guesses is an upper bound: nobody can know what a guesser
/// knows, so the words promise nothing beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strength {
    bits: u32,
}

/// Guesses a second that a determined guesser is thought to make.
const GUESSES_PER_SECOND: f64 = 10_000.0;

/// What everybody tries first, in lower case.
const COMMON: [&str; 20] = [
    "password", "passwort", "123456", "qwerty", "qwertz", "azerty", "abc123", "letmein", "welcome", "monkey",
    "dragon", "iloveyou", "admin", "login", "master", "secret", "vibecoin", "bitcoin", "wallet", "crypto",
];

impl Strength {
    fn of(password: &str) -> Self {
        let lower = Zeroizing::new(password.to_lowercase());
        let mut rest: Zeroizing<String> = lower.clone();
        let mut bits = 0.0;
        for common in COMMON {
            if rest.contains(common) {
                // A well-known piece is one choice among some thousand, however long it is.
                bits += 10.0;
                rest = Zeroizing::new(rest.replacen(common, "\u{0}", 1));
            }
        }
        let alphabet = alphabet_bits(password);
        let mut last: Option<char> = None;
        for c in rest.chars().filter(|c| *c != '\u{0}') {
            // What follows from the character before it (aaa, abc, 987) is hardly a choice.
            let follows = last.is_some_and(|last| u32::from(c).abs_diff(u32::from(last)) <= 1);
            bits += if follows { 1.0 } else { alphabet };
            last = Some(c);
        }
        // Truncation loses less than one bit; 1,000 is far beyond anything that matters.
        Self { bits: f64::min(bits, 1_000.0) as u32 }
    }

    /// An upper bound of the guesses, as a power of two.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.bits
    }

    /// A word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self.bits {
            0..28 => "very weak",
            28..40 => "weak",
            40..56 => "fair",
            56..68 => "good",
            _ => "strong",
        }
    }

    /// How long a thousand machines would try, at most.
    #[must_use]
    pub fn time(self) -> &'static str {
        let seconds = f64::from(self.bits.saturating_sub(1)).exp2() / GUESSES_PER_SECOND;
        match seconds {
            s if s < 1.0 => "at once",
            s if s < 60.0 => "within seconds",
            s if s < 3_600.0 => "within minutes",
            s if s < 86_400.0 => "within hours",
            s if s < 86_400.0 * 30.0 => "within days",
            s if s < 86_400.0 * 365.0 => "within months",
            s if s < 86_400.0 * 365.0 * 100.0 => "within years",
            _ => "not within a lifetime",
        }
    }
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: a thousand machines guess it {}", self.word(), self.time())
    }
}

fn alphabet_bits(password: &str) -> f64 {
    let any = |test: fn(char) -> bool| password.chars().any(test);
    let size = [
        (any(|c| c.is_ascii_lowercase()), 26.0),
        (any(|c| c.is_ascii_uppercase()), 26.0),
        (any(|c| c.is_ascii_digit()), 10.0),
        (any(|c| c.is_ascii() && !c.is_ascii_alphanumeric()), 20.0),
        (any(|c| !c.is_ascii()), 60.0),
    ];
    let size: f64 = size.into_iter().filter(|(there, _)| *there).map(|(_, size)| size).sum();
    // People choose words, not characters: random letters have 4.7 bits, those of a text less than half of it.
    f64::max(size, 1.0).log2() * 0.7
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(text: &str) -> u32 {
        Password::from(text).strength().bits()
    }

    #[test]
    fn better_passwords_are_called_better() {
        let order =
            ["", "password", "abcdefgh1", "aaaaaaaaaaaaaaaa", "sunflower", "kx7!Tq9z", "kx7!Tq9z#mP2vL0r"];
        for pair in order.windows(2) {
            assert!(bits(pair[0]) < bits(pair[1]), "{pair:?} {} {}", bits(pair[0]), bits(pair[1]));
        }
        assert_eq!(Password::from("password1").strength().word(), "very weak");
        assert_eq!(Password::from("kx7!Tq9z#mP2vL0r").strength().word(), "strong");
    }

    #[test]
    fn a_password_shows_itself_to_nobody() {
        assert_eq!(format!("{:?}", Password::from("hunter2")), "Password(..)");
    }

    #[test]
    fn composed_and_decomposed_characters_are_one_password() {
        assert_eq!(Password::from("\u{e4}").as_bytes(), Password::from("a\u{308}").as_bytes());
    }
}
