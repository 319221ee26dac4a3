//! The first minutes of a wallet: words that are shown, and three of them asked back.
//!
//! Words that nobody has proven to have written down are never made a wallet by this path: a [`NewWords`] becomes
//! a [`Secret`] only through [`NewWords::confirm`]. Until then they are in memory only, so whoever stops in
//! between starts again with other words and has lost nothing, for no address was ever shown.

use zeroize::Zeroizing;

use crate::keystore::Secret;
use crate::mnemonic::{Mnemonic, MnemonicError, WordCount, normalise_words};

/// How many words are asked back.
pub const ASKED: usize = 3;

/// A word that was asked back is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("word {0} is another one: look at what you wrote down")]
pub struct WrongWord(pub usize);

/// New words that are not confirmed yet. Wiped when dropped.
#[derive(Debug)]
pub struct NewWords {
    mnemonic: Mnemonic,
    asked: [usize; ASKED],
}

impl NewWords {
    /// New words from the system's randomness, and which of them will be asked back.
    ///
    /// # Errors
    /// [`MnemonicError::Random`].
    pub fn generate(count: WordCount) -> Result<Self, MnemonicError> {
        Ok(Self { mnemonic: Mnemonic::generate(count)?, asked: choose(count.words())? })
    }

    /// The words to write down.
    #[must_use]
    pub const fn mnemonic(&self) -> &Mnemonic {
        &self.mnemonic
    }

    /// The positions that are asked back, counted from 1, ascending.
    #[must_use]
    pub const fn asked(&self) -> [usize; ASKED] {
        self.asked
    }

    /// Looks at one answer.
    ///
    /// # Errors
    /// [`WrongWord`] names the position, never the word.
    pub fn check(&self, position: usize, answer: &str) -> Result<(), WrongWord> {
        let word = position.checked_sub(1).and_then(|at| self.mnemonic.words().nth(at));
        let answer = normalise_words(answer.trim());
        if word.is_some_and(|word| word == answer.as_str()) { Ok(()) } else { Err(WrongWord(position)) }
    }

    /// The secret, once the answers in the order of [`asked`](Self::asked) are right.
    ///
    /// # Errors
    /// [`WrongWord`] with the first that is wrong, and the words to ask again.
    pub fn confirm(
        self,
        answers: [&str; ASKED],
        passphrase: Zeroizing<String>,
    ) -> Result<Secret, (Self, WrongWord)> {
        let wrong = self.asked.iter().zip(answers).find_map(|(at, answer)| self.check(*at, answer).err());
        match wrong {
            Some(wrong) => Err((self, wrong)),
            None => Ok(Secret::new(self.mnemonic, passphrase)),
        }
    }
}

/// Different positions up to `count`, ascending.
fn choose(count: usize) -> Result<[usize; ASKED], MnemonicError> {
    let mut chosen = [0; ASKED];
    for place in 0..ASKED {
        let random = usize::try_from(getrandom::u32()?).unwrap_or(usize::MAX);
        // One of those that are left; the small bias of the remainder is of no use to anybody.
        let mut position = 1 + random % (count - place);
        for earlier in chosen.iter().take(place) {
            position += usize::from(position >= *earlier);
        }
        chosen[place] = position;
        chosen[..=place].sort_unstable();
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_positions_differ_and_cover_all_words() {
        let mut seen = BTreeSet::new();
        for _ in 0..2_000 {
            let chosen = choose(12).unwrap();
            assert!(chosen[0] < chosen[1] && chosen[1] < chosen[2], "{chosen:?}");
            seen.extend(chosen);
        }
        assert_eq!(seen, (1..=12).collect());
    }

    #[test]
    fn only_the_right_words_make_a_wallet() {
        let new = NewWords::generate(WordCount::TwentyFour).unwrap();
        let words: Vec<&str> = new.mnemonic().words().collect();
        let right = new.asked().map(|at| words[at - 1]);
        let phrase = new.mnemonic().phrase();
        let last = new.asked()[2];
        let (new, wrong) = new.confirm([right[0], right[1], "nonsense"], Zeroizing::default()).unwrap_err();
        assert_eq!(wrong, WrongWord(last));
        assert!(!wrong.to_string().contains(right[2]));
        let shouted = right[0].to_uppercase();
        let secret =
            new.confirm([&format!(" {shouted} "), right[1], right[2]], Zeroizing::default()).unwrap();
        assert_eq!(*secret.mnemonic().phrase(), *phrase);
    }
}
