//! The screens, and a hand on the keyboard.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use vibecoin_tui::action::{Action, Effect};
use vibecoin_tui::backend::Event;
use vibecoin_tui::keymap::Keymap;
use vibecoin_tui::model::*;
use vibecoin_tui::safe::SafeText;
use vibecoin_tui::state::{Settings, State};
use vibecoin_tui::{Theme, render, update};

use super::fake::Fake;
use super::sample::*;

/// The screens with a hand on the keyboard.
pub struct Seat {
    pub state: State,
    pub fake: Fake,
    pub theme: Theme,
    pub copied: Vec<String>,
    pub left: bool,
    /// Whether answers come at once.
    pub answering: bool,
    pub held: Vec<Effect>,
}

impl Seat {
    /// In front of the first frame, with so many wallets in the directory.
    pub fn new(size: (u16, u16), wallets: usize) -> Self {
        let mut seat = Self::before(size, wallets, false);
        seat.act(Action::Event(Event::Status(Box::new(status()))));
        seat.release();
        seat
    }

    /// The same, before anything was answered, on a node or before servers.
    pub fn before(size: (u16, u16), wallets: usize, remote: bool) -> Self {
        let settings = Settings {
            network: SafeText::new("devnet"),
            prefix: prefix(),
            auto_lock_s: 300,
            maturity_blocks: 100,
            own_node: !remote,
            remote,
        };
        let (state, effects) = State::new(settings, Keymap::default(), size, NOW_MS);
        let names = ["main", "old phone", "shop"];
        let wallets = names[..wallets]
            .iter()
            .map(|name| WalletInfo { name: SafeText::new(name), watch_only: false, damaged: None })
            .collect();
        let fake = Fake {
            wallets,
            payment: Payment {
                status: PaymentStatus::Pending { place: Some(3) },
                mark: Mark::Own,
                handed: None,
            },
            prices: prices(),
            remote: None,
            contacts: contacts(),
            refuse_plan: None,
            mining: true,
            network: network(),
            pool: pool(),
            overview: overview(),
            asked: Vec::new(),
        };
        Self {
            state,
            fake,
            theme: Theme::built_in("night").unwrap(),
            copied: Vec::new(),
            left: false,
            answering: false,
            held: effects,
        }
    }

    /// With the wallet open.
    pub fn open(size: (u16, u16)) -> Self {
        let mut seat = Self::new(size, 1);
        seat.text(PASSWORD);
        seat.key("enter");
        seat
    }

    pub fn act(&mut self, action: Action) {
        let effects = update(&mut self.state, action);
        self.take(effects);
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Ask { .. } if !self.answering => self.held.push(effect),
                Effect::Ask { slot, generation, request } => {
                    let result = self.fake.answer(request);
                    self.act(Action::Answer { slot, generation, result });
                }
                Effect::Copy(text) => self.copied.push(text),
                Effect::Leave => self.left = true,
            }
        }
    }

    /// Answers what was held back, oldest first.
    pub fn release(&mut self) {
        self.answering = true;
        let held = std::mem::take(&mut self.held);
        self.take(held);
    }

    /// Presses a key, in the words of the table of keys.
    pub fn key(&mut self, key: &str) {
        let (code, modifiers) = match key.strip_prefix("ctrl-") {
            Some(c) => (KeyCode::Char(c.chars().next().unwrap()), KeyModifiers::CONTROL),
            None => {
                let code = match key {
                    "enter" => KeyCode::Enter,
                    "esc" => KeyCode::Esc,
                    "tab" => KeyCode::Tab,
                    "backtab" => KeyCode::BackTab,
                    "up" => KeyCode::Up,
                    "down" => KeyCode::Down,
                    "left" => KeyCode::Left,
                    "right" => KeyCode::Right,
                    "end" => KeyCode::End,
                    "backspace" => KeyCode::Backspace,
                    "pagedown" => KeyCode::PageDown,
                    f if f.len() == 2 && f.starts_with('f') => KeyCode::F(f[1..].parse().unwrap()),
                    c => KeyCode::Char(c.chars().next().unwrap()),
                };
                (code, KeyModifiers::NONE)
            }
        };
        self.act(Action::Key(KeyEvent::new(code, modifiers)));
    }

    pub fn keys(&mut self, keys: &[&str]) {
        for key in keys {
            self.key(key);
        }
    }

    pub fn text(&mut self, text: &str) {
        for c in text.chars() {
            self.act(Action::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
    }

    pub fn wait(&mut self, seconds: u64) {
        let now = self.state.now_ms + seconds * 1_000;
        self.act(Action::Tick(now));
    }

    pub fn buffer(&self) -> Buffer {
        let area = Rect::new(0, 0, self.state.size.0, self.state.size.1);
        let mut buffer = Buffer::empty(area);
        render(&self.state, &self.theme, area, &mut buffer);
        buffer
    }

    /// The screen as text, a line a row.
    pub fn screen(&self) -> String {
        let buffer = self.buffer();
        let area = *buffer.area();
        let row = |y| (0..area.width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..area.height).map(row).collect::<Vec<_>>().join("\n")
    }

    pub fn shows(&self, text: &str) -> bool {
        self.screen().contains(text)
    }

    #[track_caller]
    pub fn expect(&self, text: &str) {
        let screen = self.screen();
        assert!(screen.contains(text), "`{text}` is not on the screen:\n{screen}");
    }
}
