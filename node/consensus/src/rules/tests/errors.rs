//! Every reason to refuse a block: its number, its words, whom it blames, and whether it marks the id. The table
//! is that of `docs/protocol.md`, under "What may be remembered as invalid".

use vibecoin_primitives::{Bits, DecodeError, Height};

use super::*;

const ZERO: Hash = Hash::ZERO;
const TIME: Timestamp = Timestamp::new(0);
const HEIGHT: Height = Height::GENESIS;
const BITS: Bits = Bits::new(0);

fn shapes() -> [(ShapeError, &'static str); 4] {
    let version = HeaderError::Version { found: 2, expected: 1, height: HEIGHT };
    [
        (ShapeError::Encoding(DecodeError::Malformed), "BLK-1"),
        (ShapeError::TooLarge { bytes: 2, bytes_max: 1 }, "BLK-2"),
        (ShapeError::Version(version), "HDR-1"),
        (ShapeError::ContentRoot { found: ZERO, committed: ZERO }, "BLK-3"),
    ]
}

fn headers() -> [(HeaderError, &'static str, bool); 9] {
    [
        (HeaderError::Version { found: 2, expected: 1, height: HEIGHT }, "HDR-1", false),
        (HeaderError::Height { found: HEIGHT, parent: HEIGHT }, "HDR-2", false),
        (HeaderError::PrevTime { found: TIME, parent: TIME }, "HDR-3", false),
        (HeaderError::Bits { found: BITS, expected: BITS }, "HDR-4", false),
        (HeaderError::Work { id: ZERO, bits: BITS }, "HDR-5", false),
        (HeaderError::TooSoon { time: TIME, parent: TIME, min_delta_ms: 1 }, "HDR-6", true),
        (HeaderError::FromTheFuture { time: TIME, now: TIME }, "HDR-7", false),
        (HeaderError::HistoryRoot { found: ZERO, expected: ZERO }, "HDR-8", true),
        (HeaderError::WorkSum, "HDR-9", true),
    ]
}

fn bodies() -> [(BodyError, &'static str, bool); 8] {
    [
        (BodyError::TickCount { found: 1, expected: 2 }, "POH-1", false),
        (BodyError::PohRoot { found: ZERO, committed: ZERO }, "POH-2", false),
        (BodyError::Segment { tick: 0 }, "POH-3", true),
        (BodyError::TxRoot { found: ZERO, committed: ZERO }, "BLK-4", false),
        (BodyError::TxCount { claimed: 1, found: 2 }, "BLK-5", true),
        (BodyError::TransactionTooLarge { index: 0, bytes: 2 }, "TX-2", true),
        (BodyError::BlockBytes { bytes: 2, bytes_max: 1 }, "BLK-6", true),
        (BodyError::PohHash { found: ZERO, expected: ZERO }, "POH-4", true),
    ]
}

fn transactions() -> [(TransactionError, &'static str, Blame); 13] {
    use Blame::{Nobody, Peer};
    [
        (TransactionError::Encoding(DecodeError::Malformed), "TX-1", Peer),
        (TransactionError::TooLarge { bytes: 1 }, "TX-2", Peer),
        (TransactionError::Version { version: 2 }, "TX-3", Peer),
        (TransactionError::ChainId { found: 1, expected: 2 }, "TX-4", Peer),
        (TransactionError::Expired { valid_until: 1, height: HEIGHT }, "TX-5", Nobody),
        (TransactionError::GasPrice, "TX-6", Peer),
        (TransactionError::IntrinsicGas { gas_limit: 1, intrinsic: 2 }, "TX-7", Peer),
        (TransactionError::GasCap { gas_limit: 2, cap: 1 }, "TX-8", Peer),
        (TransactionError::GreatestNonce, "TX-9", Peer),
        (TransactionError::CreateData { bytes: 1 }, "TX-10", Peer),
        (TransactionError::Cost, "TX-11", Peer),
        (TransactionError::CreateUnsupported, "TX-12", Nobody),
        (TransactionError::Signature, "TX-13", Peer),
    ]
}

fn executions() -> [(ExecutionError, &'static str); 3] {
    [
        (ExecutionError::GasUsed { claimed: 1, found: 2 }, "EXE-6"),
        (ExecutionError::ReceiptsRoot { claimed: ZERO, found: ZERO }, "EXE-7"),
        (ExecutionError::StateRoot { claimed: ZERO, found: ZERO }, "EXE-8"),
    ]
}

/// What a block error must be: its number first in its words, and whom and what it speaks against.
fn is(error: &BlockError, rule: &str, blame: Blame, marks: bool) {
    assert_eq!(error.rule(), rule, "{error}");
    assert_eq!(error.blame(), blame, "{error}");
    assert_eq!(error.marks_id_invalid(), marks, "{error}");
    assert_eq!(error.is_held(), rule == "HDR-7", "{error}");
    assert!(error.to_string().contains(&format!("{rule}: ")), "{error}");
}

#[test]
fn every_error_takes_its_stand() {
    for (error, rule) in shapes() {
        assert_eq!((error.rule(), error.blame(), error.marks_id_invalid()), (rule, Blame::Peer, false));
        is(&error.into(), rule, Blame::Peer, false);
    }
    for (error, rule, marks) in headers() {
        let blame = if rule == "HDR-7" { Blame::Nobody } else { Blame::Peer };
        assert_eq!((error.rule(), error.blame(), error.marks_id_invalid()), (rule, blame, marks));
        is(&error.into(), rule, blame, marks);
    }
    is(&BlockError::InvalidParent { parent: ZERO }, "HDR-10", Blame::Peer, false);
    for (error, rule, marks) in bodies() {
        assert_eq!((error.rule(), error.blame(), error.marks_id_invalid()), (rule, Blame::Peer, marks));
        is(&error.into(), rule, Blame::Peer, marks);
    }
    for (error, rule, blame) in transactions() {
        assert_eq!((error.rule(), error.blame()), (rule, blame));
        // In a block its miner chose it.
        is(&InvalidTransaction { index: 3, error }.into(), rule, Blame::Peer, true);
    }
    for (error, rule) in executions() {
        assert_eq!((error.rule(), error.blame()), (rule, Blame::Peer));
        is(&error.into(), rule, Blame::Peer, true);
    }
}

#[test]
fn what_is_wrong_for_a_state_blames_nobody() {
    for (error, rule) in [(AccountError::SenderHasCode, "EXE-1"), (AccountError::CallUnsupported, "EXE-5")] {
        assert_eq!((error.rule(), error.blame()), (rule, Blame::Nobody));
        assert!(error.to_string().starts_with(rule), "{error}");
    }
}
