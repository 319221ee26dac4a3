//! What the screens cost on this machine: time to the first frame, memory, processor time while nobody types.
//!
//! `make figures` prints them over longer spans than the short form that runs with the tests. The figures are shown,
//! never judged: machines are noisy. What is judged is that the screens come and stay.

use std::time::{Duration, Instant};

use super::{Home, Terminal, balance, create_wallet};

/// With this variable set, the spans are long enough for figures worth writing down.
const LONG: &str = "VIBECOIN_FIGURES";
/// Clock ticks of `/proc/PID/stat` in a second, the same on every Linux.
const TICKS_PER_S: f64 = 100.0;

#[test]
fn the_screens_come_stay_and_say_what_they_cost() {
    let (starts, watched) = if std::env::var_os(LONG).is_some() {
        (9, Duration::from_secs(30))
    } else {
        (1, Duration::from_secs(2))
    };
    let home = Home::new();
    let terminal = Terminal::start(&home, (80, 24), &[]);
    create_wallet(&terminal);
    terminal.wait_until("20 spendable VIBE", |screen| (balance(screen)? >= 20.0).then_some(()));
    let mining = processor_share(&terminal, watched);
    terminal.write("m").wait_for("start mining");
    let idle = processor_share(&terminal, watched);
    let memory_mib = memory_mib(terminal.process_id());
    terminal.must_show(&["Balance"]).write("q");
    assert_eq!(terminal.exit_code(), 0);

    let mut first_frames: Vec<Duration> = (0..starts).map(|_| first_frame(&home)).collect();
    first_frames.sort();
    println!("first frame on an existing wallet   {} ms", first_frames[starts / 2].as_millis());
    println!("screens with their node, resident   {memory_mib:.0} MiB");
    println!("screens with their node, mining     {:.2} % of a core", 100.0 * mining);
    println!("screens with their node, idle       {:.2} % of a core", 100.0 * idle);
}

/// From the command to the first words on the screen.
fn first_frame(home: &Home) -> Duration {
    let started = Instant::now();
    let terminal = Terminal::start(home, (80, 24), &[]);
    terminal.wait_for("VibeCoin");
    let took = started.elapsed();
    terminal.wait_for("password").write("\u{3}");
    terminal.exit_code();
    took
}

/// The part of a core that the program uses while it is left alone.
fn processor_share(terminal: &Terminal, span: Duration) -> f64 {
    let before = processor_ticks(terminal.process_id());
    std::thread::sleep(span);
    let ticks = processor_ticks(terminal.process_id()) - before;
    ticks as f64 / TICKS_PER_S / span.as_secs_f64()
}

fn processor_ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // Behind the name, which may hold spaces: user and system time are fields 14 and 15 of all.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    fields.split_whitespace().skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum()
}

fn memory_mib(process: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<f64>().unwrap() / 1024.0
}
