//! The words that are the wallet: BIP-39, twelve or twenty-four of them.
//!
//! A phrase is created from the system's randomness or restored from what somebody types. Restoring looks at one
//! word after the other, in any of the standard lists, and answers a mistake with the position and the words
//! that were probably meant. Words and passphrase are normalised (NFKD), so that composed and decomposed
//! characters, ideographic and plain spaces give the same seed.
//!
//! Deliberately absent: the derivation of keys (it is the crypto crate's) and anything that is written to disk.

use std::borrow::Cow;
use std::fmt;

use bip39::Language;
use zeroize::Zeroizing;

pub mod suggest;

#[cfg(test)]
mod tests;

/// How many words a phrase has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WordCount {
    /// 12 words, 128 bits.
    #[default]
    Twelve,
    /// 24 words, 256 bits.
    TwentyFour,
}

impl WordCount {
    /// The number of words.
    #[must_use]
    pub const fn words(self) -> usize {
        match self {
            Self::Twelve => 12,
            Self::TwentyFour => 24,
        }
    }

    /// Bytes of entropy behind them.
    #[must_use]
    pub const fn entropy_bytes(self) -> usize {
        match self {
            Self::Twelve => 16,
            Self::TwentyFour => 32,
        }
    }
}

impl TryFrom<usize> for WordCount {
    type Error = MnemonicError;

    fn try_from(words: usize) -> Result<Self, MnemonicError> {
        match words {
            12 => Ok(Self::Twelve),
            24 => Ok(Self::TwentyFour),
            other => Err(MnemonicError::WordCount(other)),
        }
    }
}

/// Why words are not a phrase.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MnemonicError {
    /// Neither 12 nor 24 words.
    #[error("a phrase has 12 or 24 words; this one has {0}")]
    WordCount(usize),
    /// A word that is in no list.
    #[error("{0}")]
    UnknownWord(UnknownWord),
    /// Every word exists, but the last bits do not fit the others.
    #[error("these words do not belong together: one of them is wrong, or two have changed places")]
    Checksum,
    /// The system has no randomness to give.
    #[error("the system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// A word that is not in the list, and what may have been meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// Its place in the phrase, counted from 1.
    pub position: usize,
    /// What was typed, normalised.
    pub word: String,
    /// The nearest words of the list, the nearest first; at most three, possibly none.
    pub suggestions: Vec<&'static str>,
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "word {}, \"{}\", is not in the word list", self.position, self.word.escape_debug())?;
        match self.suggestions.as_slice() {
            [] => Ok(()),
            [one] => write!(f, ": did you mean \"{one}\"?"),
            [first @ .., last] => {
                write!(f, ": did you mean \"{}\" or \"{last}\"?", first.join("\", \""))
            }
        }
    }
}

/// A valid phrase. Wiped when it is dropped; its debug form shows nothing.
#[derive(Clone)]
pub struct Mnemonic(bip39::Mnemonic);

impl Mnemonic {
    /// A new English phrase from the system's randomness.
    ///
    /// # Errors
    /// [`MnemonicError::Random`] when the system gives none.
    pub fn generate(count: WordCount) -> Result<Self, MnemonicError> {
        let mut entropy = Zeroizing::new([0; 32]);
        let entropy = &mut entropy[..count.entropy_bytes()];
        getrandom::fill(entropy)?;
        Self::from_entropy(Language::English, entropy)
    }

    /// The phrase of these 16 or 32 bytes in a language.
    ///
    /// # Errors
    /// [`MnemonicError::WordCount`] for another number of bytes.
    pub fn from_entropy(language: Language, entropy: &[u8]) -> Result<Self, MnemonicError> {
        let words = entropy.len().saturating_mul(3) / 4;
        let made = bip39::Mnemonic::from_entropy_in(language, entropy);
        WordCount::try_from(words)?;
        made.map(Self).map_err(|_| MnemonicError::WordCount(words))
    }

    /// Reads a phrase: words between any white space, in upper or lower case, of any standard list.
    ///
    /// # Errors
    /// The number of words is looked at first, then every word in turn, then the checksum.
    pub fn parse(text: &str) -> Result<Self, MnemonicError> {
        let text = normalise_words(text);
        let words: Vec<&str> = text.split_whitespace().collect();
        WordCount::try_from(words.len())?;
        let language = likely_language(&words);
        if let Some(unknown) = first_unknown(language, &words) {
            return Err(MnemonicError::UnknownWord(unknown));
        }
        // A phrase may be written in two lists at once (both Chinese lists share words). The seed comes from
        // the words, so whichever list accepts them gives the same keys.
        Language::ALL
            .iter()
            .filter(|list| words.iter().all(|word| list.find_word(word).is_some()))
            .find_map(|list| bip39::Mnemonic::parse_in_normalized(*list, &text).ok())
            .map(Self)
            .ok_or(MnemonicError::Checksum)
    }

    /// The words, in their order.
    pub fn words(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.words()
    }

    /// How many words there are.
    #[must_use]
    pub fn count(&self) -> WordCount {
        if self.0.word_count() == 12 { WordCount::Twelve } else { WordCount::TwentyFour }
    }

    /// The list that the words are from.
    #[must_use]
    pub fn language(&self) -> Language {
        self.0.language()
    }

    /// All words in one line.
    #[must_use]
    pub fn phrase(&self) -> Zeroizing<String> {
        let bytes = self.words().map(|word| word.len().saturating_add(1)).sum();
        let mut phrase = Zeroizing::new(String::with_capacity(bytes));
        for (at, word) in self.words().enumerate() {
            if at > 0 {
                phrase.push(' ');
            }
            phrase.push_str(word);
        }
        phrase
    }

    /// The 16 or 32 bytes behind the words.
    #[must_use]
    pub fn entropy(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.to_entropy())
    }

    /// The 64 bytes that every key of this phrase is derived from. The passphrase is part of the secret: another
    /// one, also by a single character, is another wallet, and no passphrase is ever wrong.
    #[must_use]
    pub fn seed(&self, passphrase: &str) -> Zeroizing<[u8; 64]> {
        Zeroizing::new(self.0.to_seed_normalized(&normalise(passphrase)))
    }
}

impl fmt::Debug for Mnemonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mnemonic(..)")
    }
}

/// Looks at one word while a phrase is being typed; `position` counts from 1.
///
/// # Errors
/// The word with what may have been meant, when no standard list has it. `others`, the words that are already
/// there, tell the language that the suggestions are from.
pub fn check_word(position: usize, word: &str, others: &[&str]) -> Result<(), UnknownWord> {
    let word = normalise_words(word);
    let others = normalise_words(&Zeroizing::new(others.join(" ")));
    let language = likely_language(&others.split_whitespace().chain([word.as_str()]).collect::<Vec<_>>());
    match language.find_word(&word) {
        Some(_) => Ok(()),
        None => Err(unknown(language, position, &word)),
    }
}

/// Text in the normal form that BIP-39 hashes (NFKD).
pub(crate) fn normalise(text: &str) -> Zeroizing<String> {
    let mut text = Cow::Borrowed(text);
    bip39::Mnemonic::normalize_utf8_cow(&mut text);
    Zeroizing::new(text.into_owned())
}

/// Words as the lists write them.
pub(crate) fn normalise_words(text: &str) -> Zeroizing<String> {
    Zeroizing::new(normalise(text).to_lowercase())
}

/// The list that knows most of the words; English when it is a tie.
fn likely_language(words: &[&str]) -> Language {
    let known = |list: &Language| words.iter().filter(|word| list.find_word(word).is_some()).count();
    // The last of the greatest wins, so the order is turned round for English to come last.
    Language::ALL.iter().rev().max_by_key(|list| known(list)).copied().unwrap_or_default()
}

fn first_unknown(language: Language, words: &[&str]) -> Option<UnknownWord> {
    let at = words.iter().position(|word| language.find_word(word).is_none())?;
    Some(unknown(language, at.saturating_add(1), words.get(at)?))
}

fn unknown(language: Language, position: usize, word: &str) -> UnknownWord {
    UnknownWord { position, word: word.to_owned(), suggestions: suggest::nearest(language, word) }
}
