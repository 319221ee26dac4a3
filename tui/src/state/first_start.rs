//! First start, and a locked wallet.

use crate::field::Field;
use crate::keymap::Context;
use crate::model::*;
use crate::safe::SafeText;

/// Where first start is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// What to do.
    #[default]
    Choose,
    /// The new words.
    Words,
    /// Three of them asked back.
    Check,
    /// Old words typed.
    Restore,
    /// An address to watch.
    Watch,
    /// Name and password.
    Password,
}

/// First start. Nothing is written before the last step, and `Esc` goes back a step with everything still there.
#[derive(Clone, Debug)]
pub struct FirstStart {
    /// Where it is.
    pub step: Step,
    /// Wallets that exist already.
    pub wallets: Vec<WalletInfo>,
    /// The chosen line of the choice.
    pub choice: usize,
    /// How many words.
    pub count: WordCount,
    /// The words: new ones, or old ones once they were found good.
    pub words: Phrase,
    /// Whether the words are old ones.
    pub restoring: bool,
    /// The places of the words asked back, from 0.
    pub asked: [usize; 3],
    /// What was typed for them.
    pub answers: [Field; 3],
    /// Which answers were found wrong.
    pub wrong: [bool; 3],
    /// Old words being typed.
    pub typed: Field,
    /// What is wrong with them so far.
    pub verdict: Option<WordsVerdict>,
    /// The passphrase, when there is one.
    pub passphrase: Option<Field>,
    /// An address being typed.
    pub address: Field,
    /// The wallet's name.
    pub name: Field,
    /// Its password.
    pub password: Field,
    /// Its password again.
    pub repeat: Field,
    /// Whether the password is shown.
    pub revealed: bool,
    /// The field that has the keys.
    pub focus: usize,
    /// What is wrong, and with which field.
    pub error: Option<(usize, SafeText)>,
}

/// What first start offers.
pub const CHOICES: [(&str, &str, &str); 4] = [
    ("c", "Create a wallet", "New words, written down once, then a password. Under a minute."),
    ("r", "Restore a wallet", "From the 12 or 24 words of one that you have."),
    ("w", "Watch an address", "See what it holds and does. Nothing can be spent."),
    ("l", "Just look", "Blocks, transactions and accounts, without a wallet."),
];

impl FirstStart {
    /// At its first step.
    #[must_use]
    pub fn new(wallets: Vec<WalletInfo>) -> Self {
        let name = (1..)
            .map(|n| if n == 1 { "main".to_owned() } else { format!("main-{n}") })
            .find(|name| !wallets.iter().any(|w| w.name.as_str() == name))
            .unwrap_or_default();
        Self {
            step: Step::Choose,
            wallets,
            choice: 0,
            count: WordCount::Twelve,
            words: Phrase::default(),
            restoring: false,
            asked: [0, 1, 2],
            answers: [Field::default(), Field::default(), Field::default()],
            wrong: [false; 3],
            typed: Field::default(),
            verdict: None,
            passphrase: None,
            address: Field::default(),
            name: Field::with(&name),
            password: Field::secret(),
            repeat: Field::secret(),
            revealed: false,
            focus: 0,
            error: None,
        }
    }

    /// What has the keys.
    #[must_use]
    pub const fn context(&self) -> Context {
        match self.step {
            Step::Choose => Context::Choose,
            Step::Words => Context::Words,
            Step::Check => Context::Check,
            Step::Restore => Context::Restore,
            Step::Watch => Context::Watch,
            Step::Password => Context::Password,
        }
    }

    /// The field that has the keys.
    #[must_use]
    pub fn field_mut(&mut self) -> Option<&mut Field> {
        match self.step {
            Step::Choose | Step::Words => None,
            Step::Check => self.answers.get_mut(self.focus),
            Step::Restore if self.focus == 0 => Some(&mut self.typed),
            Step::Restore => self.passphrase.as_mut(),
            Step::Watch => Some(if self.focus == 0 { &mut self.address } else { &mut self.name }),
            Step::Password => Some(match self.focus {
                0 => &mut self.name,
                1 => &mut self.password,
                _ => &mut self.repeat,
            }),
        }
    }

    /// How many fields this step has.
    #[must_use]
    pub const fn fields(&self) -> usize {
        match self.step {
            Step::Choose | Step::Words => 0,
            Step::Check | Step::Password => 3,
            Step::Restore => 1 + self.passphrase.is_some() as usize,
            Step::Watch => 2,
        }
    }

    /// Three different places out of so many words, made from `seed`. They need not be unpredictable: they only make
    /// sure that somebody looks at the paper.
    #[must_use]
    pub fn pick(seed: u64, words: usize) -> [usize; 3] {
        let mut x = seed;
        let mut picked = Vec::with_capacity(3);
        while picked.len() < 3 {
            // SplitMix64: neighbouring seeds give unrelated places.
            x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let place = usize::try_from((z ^ (z >> 31)) % words.max(3) as u64).unwrap_or(0);
            if !picked.contains(&place) {
                picked.push(place);
            }
        }
        picked.sort_unstable();
        [picked[0], picked[1], picked[2]]
    }
}

/// A wallet to open.
#[derive(Clone, Debug)]
pub struct Unlock {
    /// The wallets.
    pub wallets: Vec<WalletInfo>,
    /// The chosen one.
    pub selected: usize,
    /// The password.
    pub password: Field,
    /// Whether it is shown.
    pub revealed: bool,
    /// What is wrong.
    pub error: Option<Failure>,
    /// Whether the wallet locked itself.
    pub by_itself: bool,
}

impl Unlock {
    /// The wallets, with the one called `name` chosen.
    #[must_use]
    pub fn new(wallets: Vec<WalletInfo>, name: Option<&SafeText>) -> Self {
        let selected = name.and_then(|n| wallets.iter().position(|w| w.name == *n)).unwrap_or(0);
        Self { wallets, selected, password: Field::secret(), revealed: false, error: None, by_itself: false }
    }

    /// The chosen wallet.
    #[must_use]
    pub fn chosen(&self) -> Option<&WalletInfo> {
        self.wallets.get(self.selected)
    }
}
