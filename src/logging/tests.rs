#![allow(clippy::unwrap_used)]

use std::io::Write;

use vibecoin_node::LogRing;

use super::*;

#[test]
fn levels_move_by_steps_and_stay_within_bounds() {
    assert_eq!(level(LevelFilter::INFO, 0), LevelFilter::INFO);
    assert_eq!(level(LevelFilter::WARN, 2), LevelFilter::DEBUG);
    assert_eq!(level(LevelFilter::INFO, -1), LevelFilter::WARN);
    assert_eq!(level(LevelFilter::INFO, -9), LevelFilter::ERROR);
    assert_eq!(level(LevelFilter::INFO, 9), LevelFilter::TRACE);
}

#[test]
fn what_is_shown_elsewhere_is_no_more_than_the_log() {
    let ring = LogRing::default();
    let layer: Extra = filtered(Box::new(ring.layer()), LevelFilter::INFO);
    tracing::subscriber::with_default(Registry::default().with(vec![layer]), || {
        tracing::info!(target: "vibecoin_node", "ours");
        tracing::debug!(target: "vibecoin_node", "too much of ours");
        tracing::info!(target: "hyper", "another's");
        tracing::warn!(target: "hyper", "another's trouble");
    });
    let said: Vec<String> = ring.last().into_iter().map(|line| line.message).collect();
    assert_eq!(said, ["ours", "another's trouble"]);
}

#[test]
fn old_files_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    for day in 1..=9 {
        std::fs::write(folder.path().join(format!("vibecoin.2026-01-0{day}.log")), "old").unwrap();
        // Their age decides, and it is told by the moment in which they were made.
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let mut log = appender(folder.path(), 3).unwrap();
    writeln!(log, "new").unwrap();
    assert!(std::fs::read_dir(folder.path()).unwrap().count() <= 3);
}
