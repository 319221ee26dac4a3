//! A made-up wallet and chain, and a hand on the keyboard: for tests and for pictures of the screens.
#![allow(clippy::unwrap_used, dead_code)]

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use vibecoin_primitives::{Address, AddressPrefix, Amount};
use vibecoin_tui::action::{Action, Effect};
use vibecoin_tui::backend::{Event, Reply, Request};
use vibecoin_tui::keymap::Keymap;
use vibecoin_tui::model::*;
use vibecoin_tui::safe::SafeText;
use vibecoin_tui::state::{Settings, State};
use vibecoin_tui::{Theme, render, update};

pub const NOW_MS: u64 = 1_796_148_249_000;
pub const INTERVAL_MS: u64 = 1_000;
pub const TIP: u64 = 12_408;
pub const WORDS: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";
pub const PASSWORD: &str = "correct horse battery";

pub fn prefix() -> AddressPrefix {
    AddressPrefix::new("dvibe").unwrap()
}

/// An address made of one byte.
pub fn address(seed: u8) -> SafeText {
    let bytes: [u8; 20] =
        std::array::from_fn(|i| seed.wrapping_mul(37).wrapping_add((i as u8).wrapping_mul(91) ^ seed));
    SafeText::new(&Address::new(bytes).encode(prefix()))
}

/// Something like a hash.
pub fn hash(seed: u64) -> SafeText {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let text: String = (0..64)
        .map(|_| {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from_digit((x >> 60) as u32, 16).unwrap()
        })
        .collect();
    SafeText::new(&text)
}

pub fn vibe(text: &str) -> Amount {
    text.parse().unwrap()
}

/// A wave between 0 and 1, so that charts have something to show.
fn wave(n: u64) -> f64 {
    let x = n as f64;
    let noise = (n.wrapping_mul(0x9e37_79b9) >> 7 & 0xff) as f64 / 255.0;
    ((x / 17.0).sin() * 0.35 + (x / 5.3).sin() * 0.15 + 0.5) * 0.7 + noise * 0.3
}

pub fn block_row(height: u64) -> BlockRow {
    let own = height.is_multiple_of(3);
    let busy = wave(height);
    let tx_count = if height.is_multiple_of(7) { 0 } else { (busy * busy * 400.0) as u64 };
    BlockRow {
        height,
        id: hash(height),
        time_ms: NOW_MS - (TIP.saturating_sub(height)) * INTERVAL_MS - 300
            + (wave(height + 3) * 250.0) as u64,
        interval_ms: 800 + (wave(height + 9) * 500.0) as u64,
        tx_count,
        gas_used: tx_count * 21_000,
        gas_limit: 10_000_000,
        miner: if own { address(1) } else { address(40 + (height % 5) as u8) },
        own,
        work: 12e6 * (0.8 + busy * 0.4),
    }
}

pub fn history_row(n: u64) -> HistoryRow {
    let confirmations = n * 31;
    let (kind, amount, counterparty, name, memo, label): (_, _, _, _, Option<&str>, Option<&str>) = match n
        % 6
    {
        0 => (HistoryKind::Sent, "1.5", Some(address(7)), Some("Ada"), Some("lunch on Tuesday"), None),
        1 => (HistoryKind::Mined, "2.000336", None, None, None, None),
        2 => (
            HistoryKind::Received,
            "48",
            Some(address(9)),
            None,
            Some("for the bicycle"),
            Some("sold the old one"),
        ),
        3 => (HistoryKind::Moved, "100", Some(address(2)), Some("savings"), None, None),
        4 => (HistoryKind::Received, "0.000000021", Some(address(11)), None, Some("dust \u{202e}evil"), None),
        _ => (HistoryKind::Sent, "12.25", Some(address(12)), None, None, Some("rent")),
    };
    let status = match n {
        0 => PaymentStatus::Pending { place: Some(3) },
        1..3 => PaymentStatus::Mined { height: TIP - n + 1, confirmations: n, done: true },
        _ => PaymentStatus::Mined { height: TIP - confirmations, confirmations, done: true },
    };
    HistoryRow {
        kind,
        account: (n % 2) as u32,
        amount: vibe(amount),
        fee: if matches!(kind, HistoryKind::Sent | HistoryKind::Moved) {
            vibe("0.000336")
        } else {
            Amount::ZERO
        },
        counterparty,
        name: name.map(SafeText::new),
        txid: (kind != HistoryKind::Mined).then(|| hash(1_000 + n)),
        status,
        time_ms: Some(NOW_MS - n * n * 9_000 - 2_000),
        memo: memo.map(SafeText::new),
        label: label.map(SafeText::new),
    }
}

pub fn overview() -> Overview {
    let account = |index: u32, name: &str, spendable: &str, maturing: &str| AccountRow {
        index,
        name: SafeText::new(name),
        address: address(index as u8 + 1),
        spendable: vibe(spendable),
        maturing: vibe(maturing),
        incoming: Amount::ZERO,
        outgoing: if index == 0 { vibe("1.500336") } else { Amount::ZERO },
    };
    Overview {
        name: SafeText::new("main"),
        watch_only: false,
        accounts: vec![account(0, "everyday", "104.5", "48.002016"), account(1, "savings", "1100", "0")],
        next_maturity: Some(Maturing { mined_at: TIP - 96, spendable_at: TIP + 4, amount: vibe("2.000336") }),
        recent: (0..30).map(history_row).collect(),
        height: TIP,
    }
}

pub fn status() -> ChainStatus {
    ChainStatus {
        network: SafeText::new("devnet"),
        height: TIP,
        tip_time_ms: NOW_MS,
        sync: SyncState::Synced,
        peers: Some((8, 3)),
        pace: Pace::Paced { interval_ms: INTERVAL_MS },
        target_interval_ms: INTERVAL_MS,
        trust: Trust::FullNode,
        poh: Some(Poh { hashes_per_second: 15.6e6, segment_ms: 410, segment_hashes: 6_400_000 }),
    }
}

pub fn miner(running: bool) -> MinerStatus {
    MinerStatus {
        running,
        threads: 1,
        threads_max: 8,
        hash_rate: None,
        beneficiary: running.then(|| address(1)),
        blocks_found: if running { 312 } else { 0 },
        last_found: running.then_some((TIP, NOW_MS - 400)),
        poh: status().poh,
        maturing: (0..24)
            .map(|n| Maturing {
                mined_at: TIP - 96 + n * 4,
                spendable_at: TIP + 4 + n * 4,
                amount: vibe("2.000336"),
            })
            .collect(),
        unavailable: None,
    }
}

pub fn contacts() -> Vec<Contact> {
    [("Ada", 7), ("Grace", 20), ("Hedy", 21), ("the bakery", 22)]
        .map(|(name, seed)| Contact { name: SafeText::new(name), address: address(seed) })
        .to_vec()
}

pub fn block_detail(height: u64) -> BlockDetail {
    let row = block_row(height);
    let transactions = (0..row.tx_count.min(40))
        .map(|n| TxRow {
            txid: hash(height * 1_000 + n),
            from: address((n % 9) as u8 + 1),
            to: Some(address((n % 11) as u8 + 5)),
            value: Amount::from_beats(1_500_000_000 + n * 250_000_000),
            fee: vibe("0.000336"),
            done: true,
        })
        .collect();
    BlockDetail {
        parent: hash(height - 1),
        state_root: hash(height + 1_000_001),
        tx_root: hash(height + 2_000_001),
        receipts_root: hash(height + 3_000_001),
        poh_hash: hash(height + 4_000_001),
        history_root: hash(height + 5_000_001),
        bits: SafeText::new("207fffff"),
        nonce: 3,
        size_bytes: 41_500,
        reward: vibe("2.000336"),
        reward_at: height + 100,
        confirmations: TIP - height + 1,
        transactions,
        row,
    }
}

pub fn tx_detail(txid: SafeText) -> TxDetail {
    TxDetail {
        row: TxRow {
            txid,
            from: address(1),
            to: Some(address(7)),
            value: vibe("1.5"),
            fee: vibe("0.000592"),
            done: true,
        },
        status: PaymentStatus::Mined { height: TIP - 2, confirmations: 3, done: true },
        block: Some(hash(TIP - 2)),
        time_ms: Some(NOW_MS - 2_000),
        position: Some(4),
        nonce: 17,
        valid_until: TIP + 98,
        gas_limit: 21_256,
        gas_used: Some(21_256),
        gas_price: 16,
        size_bytes: 238,
        memo: Some(SafeText::new("lunch on Tuesday")),
        trust: Trust::FullNode,
    }
}

pub fn account_detail(address: SafeText) -> AccountDetail {
    AccountDetail {
        name: Some(SafeText::new("Ada")),
        own: false,
        balance: vibe("4210.75"),
        nonce: 92,
        activity_count: 1_204,
        has_code: false,
        trust: Trust::Proven,
        entries: (1..40).map(history_row).collect(),
        address,
    }
}

pub fn plan(request: &SendRequest) -> SendPlan {
    let gas = 21_000 + 16 * request.memo.len() as u64;
    let fee = Amount::from_beats(gas * 16);
    let before = vibe("104.5");
    let amount = match request.amount {
        SendAmount::Exact(amount) => amount,
        SendAmount::Max => before.checked_sub(fee).unwrap(),
    };
    SendPlan {
        id: 7,
        kind: PlanKind::Payment,
        account: request.account,
        account_name: SafeText::new("everyday"),
        from: address(1),
        to: SafeText::new(&request.to),
        to_name: contacts().into_iter().find(|c| c.address.as_str() == request.to).map(|c| c.name),
        amount,
        fee,
        gas_price: 16,
        gas,
        memo: (!request.memo.is_empty()).then(|| SafeText::new(&request.memo)),
        valid_until: request.valid_for.map_or(0, |n| TIP + n),
        nonce: 18,
        balance_before: before,
        balance_after: before.saturating_sub(amount).saturating_sub(fee),
        warnings: Vec::new(),
    }
}

/// Answers like a wallet on a node would, from its own made-up world.
#[derive(Debug)]
pub struct Fake {
    pub wallets: Vec<WalletInfo>,
    pub payment: PaymentStatus,
    pub contacts: Vec<Contact>,
    pub refuse_plan: Option<Failure>,
    pub mining: bool,
    pub asked: Vec<Request>,
}

impl Fake {
    pub fn answer(&mut self, request: Request) -> Result<Reply, Failure> {
        self.asked.push(request.clone());
        Ok(match request {
            Request::Wallets => Reply::Wallets(self.wallets.clone()),
            Request::FreshWords(WordCount::Twelve) => Reply::Words(Phrase::new(WORDS)),
            Request::FreshWords(WordCount::TwentyFour) => {
                Reply::Words(Phrase::new(&format!("{WORDS} {WORDS}")))
            }
            Request::CreateWallet(_) | Request::Overview | Request::NewAccount(_) => {
                Reply::Overview(Box::new(overview()))
            }
            Request::WatchWallet { .. } => {
                Reply::Overview(Box::new(Overview { watch_only: true, ..overview() }))
            }
            Request::Unlock { password, .. } if password.expose() == PASSWORD => {
                Reply::Overview(Box::new(overview()))
            }
            Request::Unlock { .. } => return Err(Failure::new("this is not the password of this wallet")),
            Request::Lock | Request::Label { .. } => Reply::Done,
            Request::Contacts => Reply::Contacts(self.contacts.clone()),
            Request::SaveContact { name, address } => {
                let contact = Contact { name: SafeText::new(&name), address: SafeText::new(&address) };
                self.contacts.push(contact);
                Reply::Contacts(self.contacts.clone())
            }
            Request::RemoveContact(address) => {
                self.contacts.retain(|c| c.address != address);
                Reply::Contacts(self.contacts.clone())
            }
            Request::History(query) => {
                let rows = (query.skip as u64..(query.skip + query.limit) as u64).map(history_row).collect();
                Reply::History(HistoryPage { rows, more: query.skip < 200 })
            }
            Request::Prices => Reply::Prices(Prices { low: 16, normal: 18, high: 32, minimum: 16 }),
            Request::Plan(request) => match &self.refuse_plan {
                Some(failure) => return Err(failure.clone()),
                None => Reply::Plan(Box::new(plan(&request))),
            },
            Request::PlanReplacement { txid, cancel } => {
                let request = SendRequest {
                    account: 0,
                    to: address(7).to_string(),
                    amount: SendAmount::Exact(vibe("1.5")),
                    fee: FeeChoice::Normal,
                    memo: String::new(),
                    valid_for: Some(100),
                };
                let kind = if cancel {
                    PlanKind::Cancel { replaces: txid }
                } else {
                    PlanKind::SpeedUp { replaces: txid }
                };
                Reply::Plan(Box::new(SendPlan { kind, ..plan(&request) }))
            }
            Request::Send(_) => Reply::Sent(hash(77)),
            Request::Payment(_) => Reply::Payment(self.payment),
            Request::SignMessage { message, .. } => Reply::Signed(Box::new(SignedMessage {
                address: address(1),
                message: SafeText::new(&message),
                signature: SafeText::new(&format!("{}{}{}", hash(1), hash(2), hash(3))),
            })),
            Request::VerifyMessage { signature, .. } => Reply::Verified(signature == "good"),
            Request::Blocks { below, limit } => {
                let top = below.map_or(TIP, |b| b - 1);
                Reply::Blocks((0..limit as u64).map_while(|n| top.checked_sub(n)).map(block_row).collect())
            }
            Request::Block(BlockRef::Height(height)) => Reply::Block(Box::new(block_detail(height))),
            Request::Block(BlockRef::Id(id)) => {
                let height = (0..=TIP).rev().take(2_000).find(|h| hash(*h) == id);
                Reply::Block(Box::new(block_detail(height.ok_or_else(|| Failure::new("no such block"))?)))
            }
            Request::Transaction(txid) => Reply::Transaction(Box::new(tx_detail(txid))),
            Request::Account(address) => Reply::Account(Box::new(account_detail(address))),
            Request::Forks => Reply::Forks(
                (1..4)
                    .map(|n| ForkRow {
                        tip: hash(n),
                        height: TIP - n * 40,
                        branches_at: TIP - n * 40 - n,
                        length: n,
                        status: SafeText::new("side"),
                    })
                    .collect(),
            ),
            Request::Search(text) => match text.parse::<u64>() {
                Ok(height) if height <= TIP => Reply::Found(Found::Block(Box::new(block_detail(height)))),
                _ => Reply::Found(Found::Nothing),
            },
            Request::Miner => Reply::Miner(Box::new(miner(self.mining))),
            Request::StartMiner { threads, .. } => {
                self.mining = true;
                Reply::Miner(Box::new(MinerStatus { threads, ..miner(true) }))
            }
            Request::StopMiner => {
                self.mining = false;
                Reply::Miner(Box::new(miner(false)))
            }
        })
    }
}

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
        let settings = Settings {
            network: SafeText::new("devnet"),
            prefix: prefix(),
            auto_lock_s: 300,
            maturity_blocks: 100,
            own_node: true,
        };
        let (state, effects) = State::new(settings, Keymap::default(), size, NOW_MS);
        let names = ["main", "old phone", "shop"];
        let wallets = names[..wallets]
            .iter()
            .map(|name| WalletInfo { name: SafeText::new(name), watch_only: false, damaged: None })
            .collect();
        let fake = Fake {
            wallets,
            payment: PaymentStatus::Pending { place: Some(3) },
            contacts: contacts(),
            refuse_plan: None,
            mining: true,
            asked: Vec::new(),
        };
        let mut seat = Self {
            state,
            fake,
            theme: Theme::built_in("night").unwrap(),
            copied: Vec::new(),
            left: false,
            answering: true,
            held: Vec::new(),
        };
        seat.act(Action::Event(Event::Status(Box::new(status()))));
        seat.take(effects);
        seat
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

/// Every screen with its name, at one size.
pub fn gallery(size: (u16, u16)) -> Vec<(&'static str, Seat)> {
    let mut all = Vec::new();
    let mut add = |name, seat| all.push((name, seat));

    let seat = Seat::new(size, 0);
    add("01-first-start", seat);
    let mut seat = Seat::new(size, 0);
    seat.key("c");
    add("02-words", seat);
    let mut seat = Seat::new(size, 0);
    seat.keys(&["c", "t"]);
    add("03-words-24", seat);
    let mut seat = Seat::new(size, 0);
    seat.keys(&["c", "enter"]);
    seat.text("wrong");
    seat.key("enter");
    add("04-check", seat);
    let mut seat = Seat::new(size, 0);
    seat.key("r");
    seat.text("legal winner thnak year wave sau");
    add("05-restore", seat);
    let mut seat = Seat::new(size, 0);
    to_password(&mut seat);
    seat.text("correct horse");
    add("06-password", seat);
    let mut seat = Seat::new(size, 3);
    seat.text("nope");
    seat.key("enter");
    add("07-unlock", seat);
    let mut seat = Seat::open(size);
    add_activity(&mut seat);
    add("10-home", seat);
    let mut seat = Seat::open(size);
    seat.key("2");
    add("11-wallet", seat);
    let mut seat = Seat::open(size);
    fill_send(&mut seat);
    add("12-send", seat);
    let mut seat = Seat::open(size);
    seat.key("s");
    seat.text(&address(9).as_str().replace('v', "w"));
    seat.key("tab");
    seat.text("12x");
    seat.key("enter");
    add("13-send-wrong", seat);
    let mut seat = Seat::open(size);
    fill_send(&mut seat);
    seat.key("enter");
    add("14-review", seat);
    let mut seat = Seat::open(size);
    fill_send(&mut seat);
    seat.keys(&["enter", "y"]);
    add("15-pending", seat);
    let mut seat = Seat::open(size);
    fill_send(&mut seat);
    seat.fake.payment = PaymentStatus::Mined { height: TIP - 1, confirmations: 2, done: true };
    seat.keys(&["enter", "y"]);
    add("16-confirmed", seat);
    let mut seat = Seat::open(size);
    seat.key("r");
    add("17-receive", seat);
    let mut seat = Seat::open(size);
    seat.keys(&["h", "down", "down"]);
    add("18-history", seat);
    let mut seat = Seat::open(size);
    seat.keys(&["2", "c"]);
    add("19-contacts", seat);
    let mut seat = Seat::open(size);
    seat.keys(&["2", "v"]);
    seat.text("I am here");
    seat.key("enter");
    add("20-sign", seat);
    let mut seat = Seat::open(size);
    seat.key("3");
    add("30-blocks", seat);
    let mut seat = Seat::open(size);
    seat.keys(&["3", "down", "down", "enter", "down", "down", "down"]);
    add("31-block", seat);
    let mut seat = Seat::open(size);
    seat.keys(&["3", "down", "down", "enter", "down", "down", "enter"]);
    add("32-transaction", seat);
    let mut seat = Seat::open(size);
    seat.keys(&["3", "down", "down", "enter", "down", "down", "enter", "down", "enter"]);
    add("33-account", seat);
    let mut seat = Seat::open(size);
    seat.keys(&["3", "/"]);
    seat.text("nobody");
    add("34-search", seat);
    let mut seat = Seat::open(size);
    seat.key("4");
    add("40-mining", seat);
    let mut seat = Seat::open(size);
    seat.key("5");
    add_logs(&mut seat);
    add("50-logs", seat);
    let mut seat = Seat::open(size);
    seat.keys(&["?"]);
    add("60-help", seat);
    let mut seat = Seat::open(size);
    seat.keys(&[":"]);
    seat.text("se");
    add("61-palette", seat);
    all
}

pub fn to_password(seat: &mut Seat) {
    seat.keys(&["c", "enter"]);
    answer_check(seat);
}

/// Reads off the screen which words are asked, and types them.
pub fn answer_check(seat: &mut Seat) {
    let words: Vec<&str> = WORDS.split(' ').collect();
    for _ in 0..3 {
        let screen = seat.screen();
        let line = screen.lines().find(|l| l.contains("▸ word")).unwrap();
        let place: usize =
            line.split("▸ word ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
        seat.text(words[place - 1]);
        seat.key("enter");
    }
}

pub fn fill_send(seat: &mut Seat) {
    seat.key("s");
    seat.text(address(7).as_str());
    seat.key("tab");
    seat.text("1.5");
    seat.keys(&["tab", "tab"]);
    seat.text("lunch on Tuesday");
}

pub fn add_activity(seat: &mut Seat) {
    let words = "110 blocks are being mined to your new wallet, so that there is something to spend.";
    seat.act(Action::Event(Event::Notice(SafeText::new(words))));
}

pub fn add_logs(seat: &mut Seat) {
    let parts = ["chain", "mempool", "miner", "rpc", "network::sync"];
    let lines = (0..90u64)
        .map(|n| LogLine {
            time_ms: NOW_MS - (90 - n) * 700,
            level: match n % 11 {
                3 => LogLevel::Debug,
                7 => LogLevel::Warn,
                10 => LogLevel::Error,
                _ => LogLevel::Info,
            },
            target: SafeText::new(parts[n as usize % 5]),
            message: SafeText::new(&match n % 11 {
                7 => "peer sent a header 18 s ahead; held \u{1b}[31m".to_owned(),
                10 => "cannot write /var/lib: no space left on device".to_owned(),
                _ => format!("block {} extended the tip, 18 transactions, 12 ms", TIP - 90 + n),
            }),
        })
        .collect();
    seat.act(Action::Event(Event::Log(lines)));
}
