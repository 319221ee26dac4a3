use vibecoin_primitives::Timestamp;

use super::*;

fn id(byte: u8) -> Hash {
    Hash::new([byte; 32])
}

fn line(index: u64, byte: u8, verdict: &Verdict) -> Line {
    Line::new(index, Some((id(byte), Height::new(u64::from(byte)))), verdict)
}

fn orphan() -> Verdict {
    Verdict::Orphan { parent: id(9) }
}

fn told(lines: &[Line]) -> Vec<(u64, &'static str, Option<&'static str>)> {
    lines.iter().map(|line| (line.index, line.verdict, line.first)).collect()
}

#[test]
fn lines_wait_for_the_fate_of_those_before_them() {
    let mut ledger = Ledger::default();
    ledger.push(line(0, 2, &orphan()), true);
    ledger.push(line(1, 5, &Verdict::Side), false);
    assert_eq!(told(&ledger.take_settled()), []);
    ledger.push(line(2, 1, &Verdict::Extended), false);
    ledger.settle(&id(2), &Verdict::Extended);
    let expected = [(0, "extended", Some("orphan")), (1, "side", None), (2, "extended", None)];
    assert_eq!(told(&ledger.take_settled()), expected);
    assert_eq!(told(&ledger.take_all()), []);
}

#[test]
fn a_block_that_waits_twice_is_known_the_second_time() {
    let mut ledger = Ledger::default();
    ledger.push(line(0, 2, &orphan()), true);
    ledger.push(line(1, 2, &orphan()), true);
    ledger.settle(&id(2), &Verdict::Reorganised { depth: 1 });
    let expected = [(0, "reorganised", Some("orphan")), (1, "known", Some("orphan"))];
    assert_eq!(told(&ledger.take_settled()), expected);
}

#[test]
fn what_waits_at_the_end_is_told_as_waiting() {
    let mut ledger = Ledger::default();
    ledger.push(line(0, 2, &orphan()), true);
    ledger.push(line(1, 3, &Verdict::Known), false);
    assert_eq!(told(&ledger.take_all()), [(0, "orphan", None), (1, "known", None)]);
}

#[test]
fn what_waited_for_its_parent_may_wait_for_its_time() {
    let mut ledger = Ledger::default();
    ledger.push(line(0, 2, &orphan()), true);
    let held = Verdict::Held { until: Timestamp::new(5) };
    note(&mut ledger, &id(2), &held);
    assert_eq!(told(&ledger.take_settled()), []);
    assert_eq!(told(&ledger.take_all()), [(0, "held", Some("orphan"))]);
}
