//! Text from elsewhere, everywhere it can come from.

use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;
use vibecoin_tui::action::Action;
use vibecoin_tui::backend::Event;
use vibecoin_tui::model::*;
use vibecoin_tui::safe::SafeText;

use crate::support::*;

const EVIL: &str =
    "\u{1b}[2J\u{202e}abc\u{2066}\u{200b}\u{feff}\u{e0041}\u{7}\r\nx\u{300}\u{300}\u{300}\u{300}\u{300}";

fn hostile(c: char) -> bool {
    c.is_control()
        || matches!(c as u32, 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0xfeff | 0xe0000..=0xe0fff | 0xad | 0x61c)
}

#[track_caller]
fn harmless(seat: &Seat, name: &str) {
    let buffer = seat.buffer();
    for cell in buffer.content() {
        assert!(!cell.symbol().chars().any(hostile), "{name}: {:?}", cell.symbol());
        assert!(cell.symbol().chars().count() <= 3, "{name}: a pile {:?}", cell.symbol());
        assert!(cell.symbol().width() <= 2, "{name}");
    }
}

fn poison(seat: &mut Seat) {
    let evil = || SafeText::new(EVIL);
    let mut status = status();
    status.network = evil();
    status.sync = SyncState::Offline(evil());
    seat.act(Action::Event(Event::Status(Box::new(status))));
    let line = LogLine { time_ms: NOW_MS, level: LogLevel::Error, target: evil(), message: evil() };
    seat.act(Action::Event(Event::Log(vec![line; 30])));
    seat.act(Action::Event(Event::Notice(evil())));
    seat.act(Action::Event(Event::Blocks(vec![BlockRow {
        miner: evil(),
        id: evil(),
        ..block_row(TIP + 1)
    }])));
    if let Some(view) = &mut seat.state.pool.view {
        for row in &mut view.rows {
            (row.from, row.to, row.txid) = (evil(), Some(evil()), evil());
        }
    }
    if let Some(view) = &mut seat.state.network.view {
        view.own.addresses = vec![(evil(), evil()); 3];
        view.sync.what = Some(evil());
        for peer in &mut view.peers {
            (peer.place, peer.address, peer.agent) = (evil(), evil(), evil());
            (peer.capabilities, peer.in_flight) = (evil(), evil());
            peer.kinds = vec![(evil(), 1, 2)];
            peer.faults = vec![FaultRow { time_ms: NOW_MS, reason: evil(), points: 3 }; 9];
            peer.last = Some((evil(), NOW_MS));
        }
        for ban in &mut view.bans {
            ban.reason = evil();
        }
        for goodbye in &mut view.goodbyes {
            (goodbye.place, goodbye.reason) = (evil(), evil());
        }
    }
    if let vibecoin_tui::state::Session::Open(wallet) = &mut seat.state.session {
        for row in &mut wallet.overview.recent {
            row.memo = Some(evil());
            row.label = Some(evil());
            row.name = Some(evil());
            row.counterparty = Some(evil());
        }
        for account in &mut wallet.overview.accounts {
            account.name = evil();
        }
        wallet.overview.name = evil();
        for contact in &mut wallet.contacts {
            contact.name = evil();
        }
    }
}

#[test]
fn nothing_from_elsewhere_reaches_the_terminal_as_it_came() {
    for size in [(80, 24), (200, 60)] {
        for (name, mut seat) in gallery(size) {
            poison(&mut seat);
            harmless(&seat, name);
        }
    }
}

#[test]
fn a_hostile_memo_is_shown_as_it_is_before_it_is_signed() {
    let mut seat = Seat::open((80, 24));
    seat.key("s");
    seat.text(address(7).as_str());
    seat.key("tab");
    seat.text("1");
    seat.keys(&["tab", "tab"]);
    seat.act(Action::Paste("pay \u{202e}nada".to_owned()));
    harmless(&seat, "form");
    seat.key("enter");
    seat.expect("pay \\u{202e}nada");
    harmless(&seat, "review");
}

#[test]
fn the_view_models_hold_no_raw_text() {
    // What the drawing code can reach of the world is in these files; a `String` in one would go around the escaping.
    for source in [
        include_str!("../../src/model/chain.rs"),
        include_str!("../../src/model/network.rs"),
        include_str!("../../src/model/remote.rs"),
        include_str!("../../src/model/trust.rs"),
        include_str!("../../src/model.rs"),
    ] {
        let fields =
            source.lines().filter(|line| line.trim_start().starts_with("pub ") && line.ends_with(','));
        for field in fields {
            assert!(!field.contains("String"), "{field}");
        }
    }
    let wallet = include_str!("../../src/model/wallet.rs");
    let requests = ["NewWallet", "SendRequest"];
    let mut inside = "";
    for line in wallet.lines() {
        if let Some(name) = line.strip_prefix("pub struct ") {
            inside = name.split([' ', '(', '<']).next().unwrap();
        }
        if line.contains(": String") && !requests.contains(&inside) {
            panic!("{inside} holds raw text: {line}");
        }
    }
}

#[test]
fn only_the_pen_writes_into_the_buffer() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/view");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let source = std::fs::read_to_string(&path).unwrap();
        for forbidden in ["set_string", "set_span", "set_line", "set_symbol", "Span::", "Line::", "Paragraph"]
        {
            assert!(!source.contains(forbidden), "{} uses {forbidden}", path.display());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_pasted_anywhere_is_harmless(text in "\\PC{0,60}|[\u{0}-\u{1f}\u{202a}-\u{202e}\u{200b}-\u{200f}a-z ]{0,60}", screen in 0usize..8) {
        let mut seat = match screen {
            0 => { let mut s = Seat::new((80, 24), 0); s.key("r"); s }
            1 => { let mut s = Seat::new((80, 24), 0); s.key("w"); s }
            2 => { let mut s = Seat::open((80, 24)); s.key("s"); s }
            3 => { let mut s = Seat::open((80, 24)); s.keys(&["3", "/"]); s }
            4 => { let mut s = Seat::open((80, 24)); s.key(":"); s }
            5 => { let mut s = Seat::open((80, 24)); s.keys(&["h", "/"]); s }
            6 => { let mut s = Seat::open((80, 24)); s.keys(&["2", "v"]); s }
            _ => { let mut s = Seat::open((80, 24)); s.keys(&["7", "/"]); s }
        };
        seat.act(Action::Paste(text));
        harmless(&seat, "typed");
        seat.key("enter");
        harmless(&seat, "entered");
    }
}
