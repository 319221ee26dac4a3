//! What a server says of its tip, with lies in it.

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Bits, Content, Header, Height, Timestamp, Work};

use super::chain::{Chain, after, mined, network, unworked};
use crate::history::{HistoryError, Node, Peaks};
use crate::light::{Claim, ClaimError, Tip};
use crate::rules::HeaderError;
use crate::testing;

/// Hardly any id has the work by chance.
const HARD: u32 = 0x1f7f_ffff;

fn chain() -> Chain {
    Chain::steady(&network(0, HARD, HARD), 23)
}

/// The verdict of a client whose clock shows the time of the tip.
fn refused(chain: &Chain, change: impl FnOnce(&mut Tip)) -> ClaimError {
    let mut answer = chain.answer();
    change(&mut answer);
    assert_ne!(answer, chain.answer(), "nothing was changed");
    let error = Claim::check(&chain.spec, &chain.genesis_id, answer, chain.tip.time).unwrap_err();
    assert!(error.to_string().starts_with(error.rule()), "{error}");
    error
}

/// The verdict on a header that is changed, mined anew, and told with its own id.
fn refused_header(chain: &Chain, change: impl FnOnce(&mut Header)) -> ClaimError {
    refused(chain, |tip| {
        change(&mut tip.header);
        tip.header = mined(tip.header);
        tip.id = tip.header.id();
    })
}

#[test]
fn an_honest_claim_is_what_was_said() {
    let chain = chain();
    let (claim, answer) = (chain.claim(), chain.answer());
    assert_eq!((claim.header(), claim.id(), claim.content()), (&chain.tip, answer.id, &chain.content));
    assert_eq!((claim.work(), claim.peaks()), (answer.work, &chain.peaks));
}

#[test]
fn another_id_is_refused() {
    let error = refused(&chain(), |tip| tip.id = Hash::ZERO);
    assert!(matches!(error, ClaimError::Id { said: Hash::ZERO, .. }), "{error}");
}

#[test]
fn another_content_is_refused() {
    let error =
        refused(&chain(), |tip| tip.content = Content { state_root: Hash::ZERO, gas_used: 7, ..tip.content });
    assert!(matches!(error, ClaimError::Content { .. }), "{error}");
}

#[test]
fn height_zero_is_the_genesis_of_this_network() {
    let (ours, theirs) = (Chain::new(&testing::lab()), Chain::new(&network(0, HARD, HARD)));
    assert_eq!(ours.claim().id(), ours.genesis_id);
    let error = Claim::check(&ours.spec, &ours.genesis_id, theirs.answer(), ours.tip.time).unwrap_err();
    assert_eq!(error, ClaimError::Genesis { found: theirs.genesis_id, genesis: ours.genesis_id });
}

#[test]
fn forged_peaks_are_refused() {
    let chain = chain();
    for at in 0..chain.peaks.nodes().len() {
        let forged = [
            refused(&chain, |tip| tip.peaks[at].hash = Hash::ZERO),
            refused(&chain, |tip| tip.peaks[at].work = Work::new(tip.peaks[at].work.get() + 1)),
        ];
        for error in forged {
            assert!(matches!(error, ClaimError::HistoryRoot { .. }), "{error}");
        }
        let error = refused(&chain, |tip| tip.peaks[at].t1 = after(tip.peaks[at].t1, 1));
        let joins = matches!(error, ClaimError::Peaks(HistoryError::TimesDoNotJoin { .. }));
        // Nothing joins on to the last one but the header.
        let last = at + 1 == chain.peaks.nodes().len() && matches!(error, ClaimError::HistoryRoot { .. });
        assert!(joins || last, "{error}");
    }
}

#[test]
fn swapped_peaks_are_refused() {
    let error = refused(&chain(), |tip| tip.peaks.swap(0, 1));
    assert!(matches!(error, ClaimError::Peaks(HistoryError::TimesDoNotJoin { .. })), "{error}");
    // Even where the times would join.
    let error = refused(&chain(), |tip| {
        let (first, second) = (tip.peaks[0], tip.peaks[1]);
        tip.peaks[0] = Node { t0: first.t0, t1: first.t1, ..second };
        tip.peaks[1] = Node { t0: second.t0, t1: second.t1, ..first };
    });
    assert!(matches!(error, ClaimError::HistoryRoot { .. }), "{error}");
}

#[test]
fn duplicated_and_missing_peaks_are_refused() {
    let chain = chain();
    let more = refused(&chain, |tip| tip.peaks.insert(0, tip.peaks[0]));
    assert_eq!(more, ClaimError::Peaks(HistoryError::PeakCount { found: 5, count: 23 }));
    let less = refused(&chain, |tip| tip.peaks.truncate(3));
    assert_eq!(less, ClaimError::Peaks(HistoryError::PeakCount { found: 3, count: 23 }));
    let instead = refused(&chain, |tip| tip.peaks[1] = tip.peaks[0]);
    assert!(matches!(instead, ClaimError::Peaks(HistoryError::TimesDoNotJoin { .. })), "{instead}");
}

#[test]
fn a_wrong_height_is_refused() {
    let chain = chain();
    let error = refused_header(&chain, |header| header.height = Height::new(24));
    assert_eq!(error, ClaimError::Peaks(HistoryError::PeakCount { found: 4, count: 24 }));
    // A height with as many peaks.
    let error = refused_header(&chain, |header| header.height = Height::new(30));
    assert!(matches!(error, ClaimError::HistoryRoot { .. }), "{error}");
    let error = refused_header(&chain, |header| header.height = Height::new(u64::MAX));
    assert_eq!(error, ClaimError::Peaks(HistoryError::PeakCount { found: 4, count: u64::MAX }));
    let error = refused_header(&chain, |header| header.height = Height::GENESIS);
    assert_eq!(error, ClaimError::Peaks(HistoryError::PeakCount { found: 4, count: 0 }));
}

#[test]
fn another_history_is_refused() {
    let error = refused_header(&chain(), |header| header.history_root = Hash::ZERO);
    assert!(matches!(error, ClaimError::HistoryRoot { committed: Hash::ZERO, .. }), "{error}");
}

fn header_rule(error: &ClaimError) -> &'static str {
    match error {
        ClaimError::Header(error) => error.rule(),
        _ => error.rule(),
    }
}

#[test]
fn a_tip_that_breaks_a_rule_of_headers_is_refused() {
    let chain = chain();
    let version = refused_header(&chain, |header| header.version = 2);
    let prev_time = refused_header(&chain, |header| header.prev_time = after(header.prev_time, 1));
    let easier = refused_header(&chain, |header| header.bits = Bits::new(0x207f_ffff));
    let early = refused_header(&chain, |header| header.time = after(header.prev_time, 1));
    let before = refused_header(&chain, |header| header.time = Timestamp::new(0));
    let no_work = refused(&chain, |tip| {
        tip.header = unworked(tip.header);
        tip.id = tip.header.id();
    });
    let found = [version, prev_time, easier, no_work, early, before];
    let rules = found.each_ref().map(header_rule);
    assert_eq!(rules, ["HDR-1", "HDR-3", "HDR-4", "HDR-5", "HDR-6", "HDR-6"], "{found:?}");
}

#[test]
fn a_tip_of_the_future_is_refused() {
    let chain = chain();
    let at = |now: u64| {
        let now = Timestamp::new(now);
        Claim::check(&chain.spec, &chain.genesis_id, chain.answer(), now).map(|claim| claim.id())
    };
    let time = chain.tip.time.get();
    assert_eq!(at(time - 15_000), Ok(chain.tip.id()));
    let error = at(time - 15_001).unwrap_err();
    assert!(matches!(error, ClaimError::Header(HeaderError::FromTheFuture { .. })), "{error}");
    assert!(at(0).is_err());
    assert_eq!(at(u64::MAX), Ok(chain.tip.id()));
}

#[test]
fn a_false_claim_of_work_is_refused() {
    let chain = chain();
    let actual = chain.answer().work;
    for said in [0, actual.get() - 1, actual.get() + 1, 2 * actual.get(), u128::MAX].map(Work::new) {
        assert_eq!(refused(&chain, |tip| tip.work = said), ClaimError::Work { said, actual });
    }
}

#[test]
fn sums_of_work_do_not_overflow() {
    let mut chain = chain();
    let error = refused(&chain, |tip| tip.peaks[0].work = Work::new(u128::MAX));
    assert_eq!(error, ClaimError::Peaks(HistoryError::WorkOverflow));
    // Peaks that nobody could show, with a header that commits to them: its own work is one too much.
    let mut peaks = chain.peaks.nodes().to_vec();
    peaks[0].work = Work::new(u128::MAX - (chain.peaks.work().get() - peaks[0].work.get()));
    chain.peaks = Peaks::from_nodes(chain.peaks.count(), peaks).unwrap();
    chain.tip = mined(Header { history_root: chain.peaks.root(), ..chain.tip });
    let tip = Tip {
        id: chain.tip.id(),
        work: Work::new(u128::MAX),
        header: chain.tip,
        content: chain.content,
        peaks: chain.peaks.nodes().to_vec(),
    };
    let error = Claim::check(&chain.spec, &chain.genesis_id, tip, chain.tip.time).unwrap_err();
    assert_eq!(error, ClaimError::Header(HeaderError::WorkSum));
}
