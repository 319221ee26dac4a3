#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use vibecoin_primitives::{Bits, Network};

use super::*;
use crate::light::Record;
use crate::pow;
use crate::testing::{TRIES, lab};
use crate::{genesis, light::tail::file::TailFileError};

/// A chain of headers whose contents are numbers, mined for real.
#[derive(Clone)]
pub(in crate::light) struct Maker {
    pub(in crate::light) spec: ChainSpec,
    pub(in crate::light) headers: Vec<Linked>,
    pub(in crate::light) peaks: Peaks,
}

impl Maker {
    pub(in crate::light) fn new(spec: ChainSpec) -> Self {
        let header = genesis(&spec).header;
        let leaf = Node::leaf(&header, header.id()).unwrap();
        let mut peaks = Peaks::new();
        peaks.append(leaf).unwrap();
        Self { spec, headers: vec![Linked { header, id: header.id(), leaf }], peaks }
    }

    /// One block more, `delta_ms` after its parent, with its content root taken from `mark`.
    pub(in crate::light) fn mine(&mut self, delta_ms: u64, mark: u64) {
        let place = Place::on(&self.peaks, &self.spec);
        let content_root = vibecoin_crypto::sha256(&mark.to_le_bytes());
        let time = place.prev_time.checked_add(delta_ms).unwrap();
        let record = Record { version: 1, time, nonce: 0, content_root };
        let header = record.header(&self.spec, &place);
        let nonce = pow::search(&header, 0..TRIES).unwrap().unwrap();
        let linked = Record { nonce, ..record }.link(&self.spec, &place, time).unwrap();
        self.peaks.append(linked.leaf).unwrap();
        self.headers.push(linked);
    }

    pub(in crate::light) fn grow(mut self, count: u64, mark: u64) -> Self {
        for n in 0..count {
            self.mine(self.spec.interval_ms, mark.wrapping_mul(1_000_003).wrapping_add(n));
        }
        self
    }

    /// The same chain up to a height.
    pub(in crate::light) fn cut(&self, height: u64) -> Self {
        let mut peaks = Peaks::new();
        let headers: Vec<Linked> = self.headers.iter().take(height as usize + 1).copied().collect();
        headers.iter().for_each(|linked| drop(peaks.append(linked.leaf).unwrap()));
        Self { spec: self.spec.clone(), headers, peaks }
    }

    pub(in crate::light) fn tip(&self) -> &Linked {
        self.headers.last().unwrap()
    }

    pub(in crate::light) fn records(&self, from: u64) -> Vec<Record> {
        self.headers.iter().skip(from as usize).map(|linked| Record::of(&linked.header)).collect()
    }

    pub(in crate::light) fn genesis_id(&self) -> Hash {
        self.headers[0].id
    }

    pub(in crate::light) fn peaks_at(&self, height: u64) -> Peaks {
        let mut peaks = Peaks::new();
        let below = self.headers.iter().take(height as usize);
        below.for_each(|linked| drop(peaks.append(linked.leaf).unwrap()));
        peaks
    }

    fn tail(&self, last: u32) -> Tail {
        let from = (self.headers.len() as u64 - 1).saturating_sub(u64::from(last));
        let (before, records) = (self.peaks_at(from), self.records(from));
        Tail::new(&self.spec, &self.genesis_id(), before, &records, last, LATER).unwrap()
    }

    fn shared(&self, height: u64) -> (Height, Hash) {
        (Height::new(height), self.headers[height as usize].id)
    }
}

/// After every header that is made here.
const LATER: Timestamp = Timestamp::new(u64::MAX);

/// A network that never retargets: every block has the same work.
fn level() -> ChainSpec {
    Network::Devnet.spec()
}

fn follow(tail: &mut Tail, chain: &Maker, fork: u64) -> Result<Change, TailError> {
    let (height, id) = chain.shared(fork);
    let records = chain.records(fork + 1);
    tail.follow(&chain.spec, (height, &id), &records, LATER).map(|followed| followed.change)
}

#[test]
fn a_tail_is_the_end_of_its_chain() {
    let chain = Maker::new(lab()).grow(40, 1);
    for last in [1, 2, 7, 39, 40, 41, 2_000] {
        let tail = chain.tail(last);
        let kept = u64::from(last).min(40);
        assert_eq!(tail.tip(), chain.tip());
        assert_eq!(tail.oldest(), Height::new(40 - kept));
        assert_eq!(tail.headers().len() as u64, kept + 1);
        assert_eq!(tail.work(), chain.peaks.work());
        for height in tail.oldest().get()..=41 {
            assert_eq!(tail.peaks_at(Height::new(height)), Some(chain.peaks_at(height)));
        }
        assert_eq!(tail.peaks_at(Height::new(42)), None);
        assert_eq!(tail.header_at(Height::new(41)), None);
        assert_eq!(tail.find(&chain.headers[40 - kept as usize].id), chain.headers.get(40 - kept as usize));
    }
}

#[test]
fn a_chain_of_the_genesis_alone_has_a_tail_and_grows() {
    let chain = Maker::new(lab());
    let mut tail = chain.tail(4);
    assert_eq!(tail.tip().id, chain.genesis_id());
    let grown = chain.clone().grow(9, 1);
    assert_eq!(follow(&mut tail, &grown, 0), Ok(Change::Extended { connected: 9 }));
    assert_eq!((tail.tip(), tail.oldest()), (grown.tip(), Height::new(5)));
    assert_eq!(tail, grown.tail(4));
}

#[test]
fn another_genesis_is_refused() {
    let chain = Maker::new(lab()).grow(3, 1);
    let other = Hash::new([7; 32]);
    let refused = Tail::new(&chain.spec, &other, Peaks::new(), &chain.records(0), 8, LATER);
    assert_eq!(refused, Err(TailError::OtherGenesis { found: chain.genesis_id(), expected: other }));
    let nothing = Tail::new(&chain.spec, &other, chain.peaks_at(2), &[], 8, LATER);
    assert_eq!(nothing, Err(TailError::Empty));
}

#[test]
fn the_lightest_extension_is_taken_and_the_tail_stays_short() {
    let chain = Maker::new(lab()).grow(20, 1);
    let mut tail = chain.tail(5);
    let grown = chain.grow(3, 2);
    assert_eq!(follow(&mut tail, &grown, 20), Ok(Change::Extended { connected: 3 }));
    assert_eq!(tail, grown.tail(5));
    assert_eq!(follow(&mut tail, &grown, 20), Ok(Change::Unchanged));
    assert_eq!(follow(&mut tail, &grown, 23), Ok(Change::Unchanged));
}

#[test]
fn a_rival_of_equal_work_waits_until_it_is_ahead() {
    let trunk = Maker::new(level()).grow(10, 1);
    let (first, second) = (trunk.clone().grow(2, 2), trunk.clone().grow(2, 3));
    let mut tail = first.tail(8);
    let outweighed =
        Change::Outweighed { fork_height: Height::new(10), id: second.tip().id, work: second.peaks.work() };
    assert_eq!(follow(&mut tail, &second, 10), Ok(outweighed));
    assert_eq!(tail.tip(), first.tip());
    let longer = second.grow(1, 4);
    let (from, fork_height) = (first.tip().id, Height::new(10));
    let reorganised = Change::Reorganised { fork_height, from, reverted: 2, connected: 3 };
    assert_eq!(follow(&mut tail, &longer, 10), Ok(reorganised));
    assert_eq!(tail, longer.tail(8));
    // And back again, as often as one branch overtakes the other.
    let overtaken = first.grow(3, 5);
    assert!(matches!(
        follow(&mut tail, &overtaken, 10),
        Ok(Change::Reorganised { reverted: 3, connected: 5, .. })
    ));
}

#[test]
fn a_back_dated_rival_is_heavier_and_still_waits() {
    let trunk = Maker::new(lab()).grow(30, 1);
    let honest = trunk.clone().grow(2, 2);
    // A sibling as early as it may be makes its child heavier than the honest chain of the same height.
    let mut rival = trunk.clone();
    rival.mine(rival.spec.min_delta_ms, 9);
    rival.mine(rival.spec.min_delta_ms, 10);
    assert!(rival.peaks.work() > honest.peaks.work());
    let mut tail = honest.tail(8);
    assert!(matches!(follow(&mut tail, &rival, 30), Ok(Change::Outweighed { .. })));
    assert_eq!(tail.tip(), honest.tip());
    // One block more decides.
    rival.mine(rival.spec.min_delta_ms, 11);
    assert!(matches!(
        follow(&mut tail, &rival, 30),
        Ok(Change::Reorganised { reverted: 2, connected: 3, .. })
    ));
}

#[test]
fn deeper_than_the_tail_is_said_and_changes_nothing() {
    let trunk = Maker::new(level()).grow(10, 1);
    let (ours, theirs) = (trunk.clone().grow(10, 2), trunk.grow(30, 3));
    for (last, deep) in [(9, true), (10, false)] {
        let mut tail = ours.tail(last);
        let before = tail.clone();
        let change = follow(&mut tail, &theirs, 10).unwrap();
        if deep {
            assert_eq!(change, Change::TooDeep { fork_height: Height::new(10), oldest: Height::new(11) });
            assert_eq!(tail, before);
        } else {
            assert!(matches!(change, Change::Reorganised { reverted: 10, connected: 30, .. }));
            assert_eq!(tail, theirs.tail(last));
        }
    }
}

#[test]
fn a_shared_block_must_be_shared() {
    let chain = Maker::new(lab()).grow(10, 1);
    let mut tail = chain.tail(8);
    let other = Hash::new([1; 32]);
    for (height, id) in
        [(10, other), (4, other), (11, chain.tip().id), (u64::MAX, other), (9, chain.tip().id)]
    {
        let height = Height::new(height);
        let refused = tail.follow(&chain.spec, (height, &id), &chain.records(5), LATER);
        assert_eq!(refused, Err(TailError::NotShared { height, id }));
    }
}

#[test]
fn a_fork_said_to_be_older_than_it_is_an_extension_all_the_same() {
    let chain = Maker::new(level()).grow(10, 1);
    let mut tail = chain.tail(8);
    let grown = chain.grow(1, 2);
    assert_eq!(follow(&mut tail, &grown, 4), Ok(Change::Extended { connected: 1 }));
    // A server that is behind has nothing new.
    assert_eq!(follow(&mut tail, &grown.cut(9), 4), Ok(Change::Unchanged));
    assert_eq!(tail, grown.tail(8));
}

#[test]
fn what_lies_in_the_future_is_left_out_until_its_time() {
    let chain = Maker::new(lab()).grow(10, 1);
    let mut tail = chain.tail(8);
    let mut grown = chain.clone().grow(1, 2);
    let now = grown.tip().header.time;
    grown.mine(15_001, 3);
    let fork = chain.shared(10);
    let followed = tail.follow(&grown.spec, (fork.0, &fork.1), &grown.records(11), now).unwrap();
    assert_eq!(followed.change, Change::Extended { connected: 1 });
    assert!(matches!(followed.held, Some(HeaderError::FromTheFuture { .. })));
    let later = now.checked_add(1).unwrap();
    let followed = tail.follow(&grown.spec, (fork.0, &fork.1), &grown.records(11), later).unwrap();
    assert_eq!(followed, Followed { change: Change::Extended { connected: 1 }, held: None });
}

#[test]
fn no_bit_of_a_record_can_be_changed() {
    let chain = Maker::new(lab()).grow(12, 1);
    let grown = chain.clone().grow(2, 2);
    let good = grown.records(11);
    let (height, id) = chain.shared(10);
    let bytes: Vec<u8> = good.iter().flat_map(vibecoin_primitives::encoding::encode).collect();
    let mut survivors = 0;
    for bit in 0..bytes.len() * 8 {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let records = Record::decode_all(&bad).unwrap();
        let mut tail = chain.tail(8);
        // The lab's work is so low that one flip in some thousand makes another good header; never the same chain.
        match tail.follow(&chain.spec, (height, &id), &records, LATER) {
            Ok(followed) => {
                assert_ne!(tail.tip().id, grown.tip().id, "bit {bit}: {followed:?}");
                survivors += 1;
            }
            Err(_) => assert_eq!(tail, chain.tail(8)),
        }
    }
    assert!(survivors < bytes.len(), "{survivors} of {} flips were taken", bytes.len() * 8);
}

#[test]
fn a_tail_survives_a_restart_and_no_damage_does() {
    let chain = Maker::new(lab()).grow(30, 1);
    for last in [4, 30, 64] {
        let tail = chain.tail(last);
        let bytes = tail.to_bytes();
        assert_eq!(Tail::from_bytes(&chain.spec, &chain.genesis_id(), &bytes), Ok(tail));
    }
    let bytes = chain.tail(8).to_bytes();
    let read = |bytes: &[u8]| Tail::from_bytes(&chain.spec, &chain.genesis_id(), bytes);
    for cut in 0..bytes.len() {
        assert!(read(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    for bit in 0..bytes.len() * 8 {
        let mut bad = bytes.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        if let Ok(read) = read(&bad) {
            // How many headers are kept is no claim about the chain. A flipped nonce may by chance be good, too, but
            // not of this chain.
            assert!((8..40).contains(&bit) || read.tip().id != chain.tip().id, "bit {bit}");
        }
    }
    assert_eq!(read(&[2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), Err(TailFileError::Form(2)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever two branches do, the tail ends as a full node would: on the one that the reserve leaves standing.
    #[test]
    fn the_tail_chooses_as_full_nodes_do(
        trunk in 1..20_u64,
        ours in proptest::collection::vec(1..20_000_u64, 0..8),
        theirs in proptest::collection::vec(1..20_000_u64, 0..8),
    ) {
        let trunk = Maker::new(lab()).grow(trunk, 1);
        let grow = |deltas: &[u64], mark: u64| {
            let mut chain = trunk.clone();
            for (n, delta) in deltas.iter().enumerate() {
                chain.mine(*delta + chain.spec.min_delta_ms, mark + n as u64);
            }
            chain
        };
        let (ours, theirs) = (grow(&ours, 100), grow(&theirs, 200));
        let fork = trunk.headers.len() as u64 - 1;
        let mut tail = ours.tail(64);
        let active = tail.active_tip();
        let branch = Branch { fork_height: Height::new(fork), total_work: theirs.peaks.work() };
        let yields = theirs.headers.len() > trunk.headers.len() && active.yields_to(&branch);
        let change = follow(&mut tail, &theirs, fork).unwrap();
        prop_assert_eq!(tail.tip(), if yields { theirs.tip() } else { ours.tip() }, "{:?}", change);
        prop_assert_eq!(&tail, &if yields { theirs.tail(64) } else { ours.tail(64) });
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let spec = lab();
        prop_assert!(Tail::from_bytes(&spec, &genesis(&spec).id(), &bytes).is_err());
        let whole = Record::decode_all(&bytes).is_ok();
        prop_assert_eq!(whole, bytes.len() % Record::BYTES == 0);
    }
}

#[test]
fn bits_of_the_lab_follow_the_time() {
    // Otherwise the test of the back-dated rival would show nothing.
    let chain = Maker::new(lab()).grow(5, 1);
    let mut late = chain.clone();
    late.mine(500_000, 1);
    late.mine(2, 2);
    let bits: Vec<Bits> = [&late, &chain.grow(2, 1)].map(|c| c.tip().header.bits).to_vec();
    assert_ne!(bits[0], bits[1]);
}
