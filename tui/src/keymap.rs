//! Which key does what, where: one table, read from `assets/keymap/default.toml`.
//!
//! [`Keymap::resolve`] is a pure function from a context and a key to a command. The footer, the help and the palette
//! are drawn from the same table, so a key that is shown is a key that works. Deliberately absent: what commands do.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::Deserialize;

mod command;

pub use command::Command;

macro_rules! contexts {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $title:literal;)*) => {
        /// What has the keys.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Context {
            $($(#[$doc])* $variant,)*
        }

        impl Context {
            /// Every context.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in the table.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Its name for people.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

contexts! {
    /// Everywhere.
    Global = "global", "Everywhere";
    /// First start: the choice.
    Choose = "choose", "First start";
    /// First start: the words.
    Words = "words", "Your words";
    /// First start: three words asked back.
    Check = "check", "Three words back";
    /// First start: words to restore from.
    Restore = "restore", "Restore";
    /// First start: an address to watch.
    Watch = "watch", "Watch an address";
    /// First start: name and password.
    Password = "password", "Name and password";
    /// A locked wallet.
    Unlock = "unlock", "Unlock";
    /// The first tab.
    Home = "home", "Home";
    /// The wallet tab.
    Wallet = "wallet", "Wallet";
    /// The send form.
    Send = "send", "Send";
    /// The review of a payment.
    Review = "review", "Review";
    /// A payment under way.
    Progress = "progress", "Payment";
    /// An own address.
    Receive = "receive", "Receive";
    /// The history.
    History = "history", "History";
    /// The address book.
    Contacts = "contacts", "Contacts";
    /// Signing and verifying messages.
    Sign = "sign", "Messages";
    /// The explorer.
    Explorer = "explorer", "Explorer";
    /// What waits.
    Mempool = "mempool", "Mempool";
    /// The miner.
    Mining = "mining", "Mining";
    /// The peers.
    Network = "network", "Network";
    /// The servers.
    Servers = "servers", "Servers";
    /// The log.
    Logs = "logs", "Logs";
    /// A line asked for.
    Prompt = "prompt", "A line of text";
    /// A list being narrowed.
    Find = "find", "Find";
    /// The palette.
    Palette = "palette", "Palette";
    /// A question.
    Confirm = "confirm", "A question";
    /// All of a server or a disagreement.
    Details = "details", "Details";
    /// The help.
    Help = "help", "Help";
}

/// A key with its modifiers, in the form in which terminals agree: shift is in the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    code: KeyCode,
    ctrl: bool,
    alt: bool,
}

impl Key {
    /// From an event.
    #[must_use]
    pub fn of(event: KeyEvent) -> Self {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        let code = match event.code {
            KeyCode::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
            KeyCode::Tab if event.modifiers.contains(KeyModifiers::SHIFT) => KeyCode::BackTab,
            code => code,
        };
        Self { code, ctrl, alt: event.modifiers.contains(KeyModifiers::ALT) }
    }

    /// The character that it types, when it types one.
    #[must_use]
    pub const fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl && !self.alt => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("^")?;
        }
        if self.alt {
            f.write_str("alt-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("space"),
            KeyCode::Char(c) if self.ctrl => write!(f, "{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::Enter => f.write_str("↵"),
            KeyCode::Esc => f.write_str("esc"),
            KeyCode::Tab => f.write_str("tab"),
            KeyCode::BackTab => f.write_str("⇧tab"),
            KeyCode::PageUp => f.write_str("pgup"),
            KeyCode::PageDown => f.write_str("pgdn"),
            KeyCode::Home => f.write_str("home"),
            KeyCode::End => f.write_str("end"),
            KeyCode::Delete => f.write_str("del"),
            KeyCode::F(n) => write!(f, "F{n}"),
            _ => f.write_str("key"),
        }
    }
}

impl FromStr for Key {
    type Err = KeymapError;

    fn from_str(text: &str) -> Result<Self, KeymapError> {
        let wrong = || KeymapError::Key(text.to_owned());
        let (mut rest, mut ctrl, mut alt) = (text, false, false);
        loop {
            match rest.split_once('-') {
                Some(("ctrl", after)) if !after.is_empty() => (rest, ctrl) = (after, true),
                Some(("alt", after)) if !after.is_empty() => (rest, alt) = (after, true),
                _ => break,
            }
        }
        let code = match rest {
            "up" => KeyCode::Up,
            "down" => KeyCode::Down,
            "left" => KeyCode::Left,
            "right" => KeyCode::Right,
            "enter" => KeyCode::Enter,
            "esc" => KeyCode::Esc,
            "tab" => KeyCode::Tab,
            "backtab" => KeyCode::BackTab,
            "space" => KeyCode::Char(' '),
            "pageup" => KeyCode::PageUp,
            "pagedown" => KeyCode::PageDown,
            "home" => KeyCode::Home,
            "end" => KeyCode::End,
            "delete" => KeyCode::Delete,
            _ => {
                let mut chars = rest.chars();
                match (chars.next(), chars.as_str()) {
                    (Some(c), "") => KeyCode::Char(c),
                    (Some('f'), number) => KeyCode::F(number.parse().map_err(|_| wrong())?),
                    _ => return Err(wrong()),
                }
            }
        };
        Ok(Self { code, ctrl, alt })
    }
}

/// Why a table of keys is none.
#[derive(Debug, thiserror::Error)]
pub enum KeymapError {
    /// Not TOML of the right shape.
    #[error("the table of keys cannot be read: {0}")]
    Format(#[from] toml::de::Error),
    /// No such context.
    #[error("`{0}` is no screen")]
    Context(String),
    /// No such command.
    #[error("`{0}` is no command")]
    Command(String),
    /// No such key.
    #[error("`{0}` is no key")]
    Key(String),
    /// Two meanings in one context.
    #[error("`{key}` has two meanings in `{context}`")]
    Twice {
        /// The key.
        key: String,
        /// The context.
        context: &'static str,
    },
}

#[derive(Clone, Debug)]
struct Section {
    context: Context,
    text: bool,
    keys: Vec<(Key, Command)>,
}

/// The table.
#[derive(Clone, Debug)]
pub struct Keymap {
    sections: Vec<Section>,
}

impl Default for Keymap {
    fn default() -> Self {
        include_str!("../../assets/keymap/default.toml")
            .parse()
            .expect("the built-in table is read by a test")
    }
}

impl FromStr for Keymap {
    type Err = KeymapError;

    fn from_str(text: &str) -> Result<Self, KeymapError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            context: Vec<RawSection>,
        }
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct RawSection {
            name: String,
            #[serde(default)]
            text: bool,
            keys: Vec<(String, String)>,
        }
        let file: File = toml::from_str(text)?;
        let mut sections = Vec::new();
        for raw in file.context {
            let context = Context::ALL.iter().copied().find(|c| c.name() == raw.name);
            let context = context.ok_or(KeymapError::Context(raw.name))?;
            let mut seen = HashSet::new();
            let mut keys = Vec::new();
            for (key_text, command) in raw.keys {
                let key: Key = key_text.parse()?;
                let command = Command::named(&command).ok_or(KeymapError::Command(command))?;
                if !seen.insert(key) {
                    return Err(KeymapError::Twice { key: key_text, context: context.name() });
                }
                keys.push((key, command));
            }
            sections.push(Section { context, text: raw.text, keys });
        }
        Ok(Self { sections })
    }
}

impl Keymap {
    fn section(&self, context: Context) -> Option<&Section> {
        self.sections.iter().find(|s| s.context == context)
    }

    /// Whether characters are text in `context`.
    #[must_use]
    pub fn is_text(&self, context: Context) -> bool {
        self.section(context).is_some_and(|s| s.text)
    }

    /// What `key` does in `context`. The context's own keys come first, then those that work everywhere; where text
    /// is typed, keys that type a character, and those that move in it, do nothing else.
    #[must_use]
    pub fn resolve(&self, context: Context, key: Key) -> Option<Command> {
        let text = self.is_text(context);
        if text && key.typed().is_some() {
            return None;
        }
        let find = |s: &Section| s.keys.iter().find(|(k, _)| *k == key).map(|(_, command)| *command);
        self.section(context).and_then(find).or_else(|| {
            let command = self.section(Context::Global).and_then(find)?;
            (!text || command.works_in_text()).then_some(command)
        })
    }

    /// The keys of `context`, in order, the first key of every command only.
    #[must_use]
    pub fn keys(&self, context: Context) -> Vec<(Key, Command)> {
        let mut seen = HashSet::new();
        let all = self.section(context).map(|s| s.keys.as_slice()).unwrap_or_default();
        all.iter().filter(|(_, command)| seen.insert(*command)).copied().collect()
    }

    /// Every key of `command` that works in `context`.
    #[must_use]
    pub fn keys_of(&self, context: Context, command: Command) -> Vec<Key> {
        let of = |context| {
            let keys = self.section(context).map(|s| s.keys.as_slice()).unwrap_or_default();
            keys.iter().filter(|(_, c)| *c == command).map(|(k, _)| *k)
        };
        let mut keys: Vec<Key> = of(context).collect();
        keys.extend(of(Context::Global).filter(|k| self.resolve(context, *k) == Some(command)));
        keys.dedup();
        keys
    }
}

#[cfg(test)]
mod tests;
