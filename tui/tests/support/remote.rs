//! The made-up world behind made-up servers, one of which lies.

use vibecoin_tui::action::Action;
use vibecoin_tui::backend::{Event, Reply};
use vibecoin_tui::model::*;
use vibecoin_tui::safe::SafeText;

use super::gallery::fill_send;
use super::sample::*;
use super::seat::Seat;

/// Blocks that have to stand on one before it is believed.
pub const DEPTH: u64 = 6;

fn text(words: &str) -> SafeText {
    SafeText::new(words)
}

pub fn servers() -> Vec<ServerRow> {
    let good = |url: &str, latency_ms: f64| ServerRow {
        url: text(url),
        state: ServerState::Ready,
        latency_ms: Some(latency_ms),
        claimed: Some(TIP),
        proven: Some(TIP),
        questions: (1_204, 3),
        bytes: (412_000, 93_000),
        addresses: 1,
        ..ServerRow::default()
    };
    let fault = |ago_s: u64, words: &str| ServerFault { time_ms: NOW_MS - ago_s * 1_000, words: text(words) };
    vec![
        ServerRow { state: ServerState::Followed, ..good("https://one.example.org:8424", 41.2) },
        good("https://two.example.org:8424", 188.0),
        ServerRow {
            state: ServerState::Distrusted,
            claimed: Some(1_012_415),
            proven: None,
            faults: vec![
                fault(700, "its balance was not in the state that the proven block commits to"),
                fault(4_000, "a header of its proof has no work"),
            ],
            addresses: 0,
            ..good("http://expyuzz4wqqyqhjn.onion:8424", 912.0)
        },
        ServerRow {
            state: ServerState::Silent,
            latency_ms: None,
            claimed: None,
            proven: None,
            questions: (9, 9),
            bytes: (0, 1_400),
            addresses: 0,
            ..good("http://10.0.0.9:18424", 0.0)
        },
    ]
}

pub fn disagreements() -> Vec<DisagreementRow> {
    let (one, three) = ("https://one.example.org:8424", "http://expyuzz4wqqyqhjn.onion:8424");
    vec![
        DisagreementRow {
            time_ms: NOW_MS - 700_000,
            about: text("the balance of an account at block 12,390"),
            said: vec![
                (text(one), text("104.500 VIBE, proven")),
                (text(three), text("0.000 VIBE, with a proof that does not hold")),
            ],
            verdict: Verdict::False,
            outcome: text("one server's proof does not lead to the root that the proven block commits to"),
            evidence: vec![
                text(&format!("block 12,390 {}", hash(12_390))),
                text(&format!("its state root {}", hash(90))),
                text(&format!("the proof leads to {}", hash(91))),
            ],
        },
        DisagreementRow {
            time_ms: NOW_MS - 4_000_000,
            about: text("the tip"),
            said: vec![
                (text(one), text("block 12,121")),
                (text(three), text("block 1,012,415, with a header that has no work")),
            ],
            verdict: Verdict::Heavier,
            outcome: text("the heavier chain that is proven is followed"),
            evidence: vec![text("12,121 blocks proven; of the other nothing is")],
        },
    ]
}

pub fn remote_view() -> RemoteView {
    RemoteView {
        standing: Standing::Following,
        proven: Some(ProvenTip { height: TIP, id: hash(TIP), time_ms: NOW_MS - 300 }),
        depth: DEPTH,
        servers: servers(),
        disagreements: disagreements(),
        proof: Some(ProofRow {
            time_ms: NOW_MS - 190_000,
            height: TIP - 150,
            bytes: 312_400,
            round_trips: 5,
            took_ms: 840,
            checked_us: Some(110_000),
            resumed_from: None,
        }),
        traffic: RemoteTraffic { bytes: (824_000, 188_000), day_bytes: Some(4_100_000) },
        kept: true,
        cautions: Vec::new(),
    }
}

pub fn remote_status() -> ChainStatus {
    ChainStatus {
        trust: Trust::Proven,
        peers: None,
        poh: None,
        kept: None,
        pace: Pace::HashRate(12.4e6),
        target_interval_ms: 5_000,
        ..status()
    }
}

/// The made-up answers with the marks of figures that servers gave, while the chain is proven up to `tip`.
pub fn marked(reply: Reply, tip: u64) -> Reply {
    let at = |height| Mark::at(height, tip, DEPTH);
    let believed = at(tip.saturating_sub(DEPTH));
    let row = |mut row: HistoryRow| {
        row.mark = match row.status {
            PaymentStatus::Mined { height, .. } => at(height),
            _ => Mark::Reported,
        };
        row
    };
    let block = |row: BlockRow| BlockRow { mark: at(row.height), ..row };
    match reply {
        Reply::Overview(overview) => Reply::Overview(Box::new(Overview {
            recent: overview.recent.into_iter().map(row).collect(),
            mark: believed,
            pending_mark: at(tip),
            ..*overview
        })),
        Reply::History(page) => Reply::History(HistoryPage {
            rows: page.rows.into_iter().map(row).collect(),
            mark: believed,
            ..page
        }),
        Reply::Prices(prices) => Reply::Prices(Prices { mark: Mark::Reported, ..prices }),
        Reply::Plan(plan) => Reply::Plan(Box::new(SendPlan { mark: believed, ..*plan })),
        Reply::Blocks(rows) => Reply::Blocks(rows.into_iter().map(block).collect()),
        Reply::Block(detail) => {
            Reply::Block(Box::new(BlockDetail { row: block(detail.row.clone()), ..*detail }))
        }
        Reply::Transaction(tx) => {
            Reply::Transaction(Box::new(TxDetail { mark: at(tip - 2), receipt: Mark::Reported, ..*tx }))
        }
        Reply::Account(account) => Reply::Account(Box::new(AccountDetail {
            entries: account.entries.into_iter().map(row).collect(),
            mark: believed,
            ..*account
        })),
        Reply::Pool(pool) => Reply::Pool(Box::new(PoolView { mark: Mark::Reported, ..*pool })),
        Reply::Forks(forks) => Reply::Forks(Forks { mark: Mark::Reported, ..forks }),
        other => other,
    }
}

impl Seat {
    /// In front of servers, before one has answered.
    pub fn remote(size: (u16, u16), wallets: usize) -> Self {
        let mut seat = Self::before(size, wallets, true);
        seat.fake.remote = Some(TIP);
        seat.release();
        seat
    }

    /// With the wallet open, and the chain proven.
    pub fn remote_open(size: (u16, u16)) -> Self {
        let mut seat = Self::remote(size, 1);
        seat.servers(remote_view());
        seat.act(Action::Event(Event::Status(Box::new(remote_status()))));
        seat.text(PASSWORD);
        seat.key("enter");
        seat.wait(30);
        seat
    }

    /// How it stands with the servers now.
    pub fn servers(&mut self, view: RemoteView) {
        self.act(Action::Event(Event::Remote(Box::new(view))));
    }
}

/// The light client's own log.
pub fn add_light_log(seat: &mut Seat) {
    let line = |n: u64, level, message: &str| LogLine {
        time_ms: NOW_MS - (60 - n) * 1_000,
        level,
        target: text("light"),
        message: text(message),
    };
    seat.act(Action::Event(Event::Log(vec![
        line(1, LogLevel::Info, "https://one.example.org:8424 claims block 12,258"),
        line(2, LogLevel::Info, "12,259 blocks proven from the genesis: 312 kB, 2 round trips, 0.84 s"),
        line(9, LogLevel::Warn, "http://expyuzz4wqqyqhjn.onion:8424: a header of its proof has no work"),
        line(40, LogLevel::Info, "a branch of 2 blocks was replaced by one of 3, from block 12,390 on"),
    ])));
}

/// Every screen that is different before servers, at one size.
pub fn remote_gallery(size: (u16, u16)) -> Vec<(&'static str, Seat)> {
    let mut all = Vec::new();
    let mut add = |name, seat| all.push((name, seat));
    let proving = || RemoteView {
        standing: Standing::Proving,
        proven: None,
        proof: None,
        disagreements: Vec::new(),
        ..remote_view()
    };

    add("r01-first-start", Seat::remote(size, 0));
    let mut seat = Seat::remote(size, 1);
    seat.servers(proving());
    add("r02-unlock", seat);
    let mut seat = Seat::remote(size, 1);
    seat.servers(proving());
    seat.fake.overview = unproven(seat.fake.overview.clone());
    seat.fake.remote = None;
    seat.text(PASSWORD);
    seat.key("enter");
    seat.state.blocks.clear();
    add("r03-proving", seat);
    add("r10-home", Seat::remote_open(size));
    let mut seat = Seat::remote_open(size);
    seat.key("2");
    add("r11-wallet", seat);
    let mut seat = Seat::remote_open(size);
    fill_send(&mut seat);
    add("r12-send", seat);
    let mut seat = Seat::remote_open(size);
    fill_send(&mut seat);
    seat.key("enter");
    add("r14-review", seat);
    add("r15-submitted", paid(size, PaymentStatus::Pending { place: None }, Mark::Reported, false));
    add("r16-withheld", paid(size, PaymentStatus::Unknown, Mark::Reported, true));
    let mined = PaymentStatus::Mined { height: TIP - 1, confirmations: 2, done: true };
    add("r17-unconfirmed", paid(size, mined, Mark::Unconfirmed { at: TIP - 1 }, false));
    let mut seat = Seat::remote_open(size);
    seat.keys(&["h", "down", "down"]);
    add("r18-history", seat);
    let mut seat = Seat::remote_open(size);
    seat.keys(&["3", "down", "down", "enter"]);
    add("r31-block", seat);
    let mut seat = Seat::remote_open(size);
    seat.keys(&["3", "down", "down", "enter", "down", "down", "enter"]);
    add("r32-transaction", seat);
    let mut seat = Seat::remote_open(size);
    seat.keys(&["3", "down", "down", "enter", "down", "down", "enter", "down", "enter"]);
    add("r33-account", seat);
    let mut seat = Seat::remote_open(size);
    seat.keys(&["4", "down"]);
    add("r38-mempool", seat);
    let mut seat = Seat::remote_open(size);
    seat.key("5");
    add("r40-mining", seat);
    let mut seat = Seat::remote_open(size);
    seat.keys(&["6", "down", "down"]);
    add("r45-servers", seat);
    let mut seat = Seat::remote_open(size);
    seat.keys(&["6", "down", "down", "enter"]);
    add("r46-server", seat);
    let mut seat = Seat::remote_open(size);
    seat.keys(&["6", "v", "enter"]);
    add("r47-disagreement", seat);
    let mut seat = Seat::remote_open(size);
    seat.servers(all_false());
    seat.key("6");
    add("r48-all-false", seat);
    let mut seat = Seat::remote_open(size);
    seat.key("7");
    add_light_log(&mut seat);
    add("r50-logs", seat);
    let mut seat = Seat::remote_open(size);
    seat.keys(&["?", "pagedown"]);
    add("r60-help", seat);
    all
}

/// A wallet of whose balances nothing is proven yet.
pub fn unproven(overview: Overview) -> Overview {
    let unknown = vibecoin_primitives::Amount::ZERO;
    let accounts = overview.accounts.into_iter().map(|account| AccountRow {
        spendable: unknown,
        maturing: unknown,
        incoming: unknown,
        outgoing: unknown,
        ..account
    });
    Overview {
        accounts: accounts.collect(),
        next_maturity: None,
        recent: Vec::new(),
        height: 0,
        mark: Mark::Unknown,
        pending_mark: Mark::Unknown,
        ..overview
    }
}

/// A payment that was given to two servers.
fn paid(size: (u16, u16), status: PaymentStatus, mark: Mark, withheld: bool) -> Seat {
    let mut seat = Seat::remote_open(size);
    fill_send(&mut seat);
    seat.fake.payment = Payment { status, mark, handed: Some(Handed { servers: 2, withheld }) };
    seat.keys(&["enter", "y"]);
    seat
}

/// Every server has said something false.
pub fn all_false() -> RemoteView {
    let mut view = remote_view();
    view.standing = Standing::AllFalse;
    for server in &mut view.servers {
        server.state = ServerState::Distrusted;
    }
    view
}
