//! Every screen, and the ways to some of them.

use vibecoin_tui::action::Action;
use vibecoin_tui::backend::Event;
use vibecoin_tui::model::*;
use vibecoin_tui::safe::SafeText;

use super::sample::*;
use super::seat::Seat;

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
    seat.fake.payment.status = PaymentStatus::Mined { height: TIP - 1, confirmations: 2, done: true };
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
    seat.keys(&["3", "f"]);
    add("35-forks", seat);
    let mut seat = Seat::open(size);
    seat.keys(&["4", "down"]);
    add("38-mempool", seat);
    let mut seat = Seat::open(size);
    seat.key("5");
    add("40-mining", seat);
    let mut seat = Seat::open(size);
    seat.key("6");
    add("45-network", seat);
    let mut seat = Seat::open(size);
    seat.act(Action::Event(Event::Status(Box::new(syncing()))));
    seat.fake.network.sync = sync_row();
    seat.keys(&["6", "down"]);
    add("46-network-syncing", seat);
    let mut seat = Seat::open(size);
    seat.keys(&["6", "v"]);
    add("47-network-bans", seat);
    let mut seat = Seat::open(size);
    seat.keys(&["6", "down", "b"]);
    add("48-network-ban", seat);
    let mut seat = Seat::open(size);
    seat.key("7");
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
