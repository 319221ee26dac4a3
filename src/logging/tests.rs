#![allow(clippy::unwrap_used)]

use std::io::Write;

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
