//! Hostile peers, one at a time, against the protocol's state machine: no sockets, virtual time, exact.
//!
//! Each case of [`cases`] is a script that an offender follows while three honest peers go on with their chain. The
//! same is asked of each run: the machine is at the honest tip within two intervals all the time, honest transactions
//! arrive, memory stays within the stated bound, the offender ends as stated within a minute, and nothing is held
//! against the honest. `docs/hostile-peers.md` has the table.
//!
//! - `VIBECOIN_CASE=orphans cargo test … --test hostile` plays one case only.
//!
//! Deliberately absent: bytes on a wire, and what the driver sees of them (`tests/hostile` of the whole project).

mod case;
mod cases;
mod framing;
mod honest;
mod memory;
mod scene;

use std::process::Command;

use vibecoin_network::peers::Direction;

use case::Case;
use scene::Seen;

/// Names the only case to be played.
const CASE: &str = "VIBECOIN_CASE";

/// Every case in a process of its own, so that what it takes of memory is its own.
#[test]
fn every_hostile_behaviour_ends_as_it_should() {
    let only = std::env::var(CASE).ok();
    let names = cases::all().into_iter().map(|case| case.name);
    let mut broken = Vec::new();
    for name in names.filter(|name| only.as_deref().is_none_or(|only| only == *name)) {
        let program = std::env::current_exe().expect("this program");
        let run = Command::new(program)
            .args(["--exact", "one_case_alone", "--ignored", "--nocapture"])
            .env(CASE, name)
            .output()
            .expect("it starts");
        print!(
            "{}",
            String::from_utf8_lossy(&run.stdout)
                .lines()
                .filter(|line| line.contains('|'))
                .fold(String::new(), |text, line| text + line + "\n")
        );
        if !run.status.success() {
            print!("{}", String::from_utf8_lossy(&run.stderr));
            broken.push(name);
        }
    }
    assert!(broken.is_empty(), "{} cases are broken: {broken:?}", broken.len());
}

/// The case that the environment names, whoever opened the connection.
#[test]
#[ignore = "the test above starts it for every case"]
fn one_case_alone() {
    let name = std::env::var(CASE).expect("VIBECOIN_CASE names a case");
    let case = cases::all().into_iter().find(|case| case.name == name).expect("there is such a case");
    let mut broken = Vec::new();
    for &direction in case.directions {
        let seen = case.play(direction);
        println!("{}", row(&case, direction, &seen));
        broken.extend(case.broken(&seen).into_iter().map(|what| format!("{direction:?}: {what}")));
    }
    assert!(broken.is_empty(), "{name}: {broken:#?}");
}

/// A line of the table.
fn row(case: &Case, direction: Direction, seen: &Seen) -> String {
    let after = |ms: u64| format!("{}.{} s", ms / 1_000, ms % 1_000 / 100);
    let end = match (seen.banned_ms, seen.parted) {
        (Some(ms), _) => format!("banned after {}", after(ms)),
        (None, Some((goodbye, ms))) => format!("parted with ({goodbye:?}) after {}", after(ms)),
        (None, None) => format!("stays, {} points", seen.points),
    };
    let faults: Vec<_> = seen.faults.iter().map(|(name, count)| format!("{name} × {count}")).collect();
    format!(
        "| {} | {direction:?} | {end} | {} | {} | {} KiB |",
        case.name,
        faults.join(", "),
        after(seen.lag_max_ms),
        seen.memory_kib
    )
}
