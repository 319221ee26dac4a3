#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::convert::Infallible;

use vibecoin_primitives::Header;

use super::*;
use crate::light::tail::tests::Maker;
use crate::testing::lab;

/// A full node's history, in memory.
struct Kept {
    inner: HashMap<Hash, (Node, Node)>,
    headers: HashMap<Hash, Header>,
}

impl Kept {
    fn of(chain: &Maker) -> Self {
        let mut peaks = Peaks::new();
        let mut inner = HashMap::new();
        for linked in &chain.headers {
            inner.extend(
                peaks.append(linked.leaf).unwrap().into_iter().map(|i| (i.node.hash, (i.left, i.right))),
            );
        }
        Self { inner, headers: chain.headers.iter().map(|linked| (linked.id, linked.header)).collect() }
    }
}

impl Range for Kept {
    type Error = Infallible;

    fn children(&self, hash: &Hash) -> Result<Option<(Node, Node)>, Infallible> {
        Ok(self.inner.get(hash).copied())
    }

    fn header(&self, id: &Hash) -> Result<Option<Header>, Infallible> {
        Ok(self.headers.get(id).copied())
    }
}

fn check(
    chain: &Maker,
    peaks: &Peaks,
    height: u64,
    record: &Record,
    path: &Path,
) -> Result<Ancestor, AncestorError> {
    verify(&chain.spec, peaks, Height::new(height), record, path)
}

#[test]
fn every_header_of_every_small_chain_is_proven() {
    let chain = Maker::new(lab()).grow(40, 1);
    let kept = Kept::of(&chain);
    let records = chain.records(0);
    for count in 1..=41 {
        let peaks = chain.peaks_at(count);
        for height in 0..count {
            let (id, path) = prove(&kept, &peaks, Height::new(height)).unwrap();
            let expected = chain.headers[height as usize];
            assert_eq!((id, kept.header(&id)), (expected.id, Ok(Some(expected.header))));
            let path = Path::from_bytes(&path.to_bytes()).unwrap();
            let found = check(&chain, &peaks, height, &records[height as usize], &path);
            let work = chain.peaks_at(height + 1).work();
            assert_eq!(found, Ok(Ancestor { linked: expected, work }), "height {height} of {count}");
        }
        let beyond = PathError::NotBelow { height: Height::new(count), count };
        assert_eq!(prove(&kept, &peaks, Height::new(count)), Err(beyond));
    }
}

#[test]
fn a_path_proves_one_height_of_one_chain() {
    let chain = Maker::new(lab()).grow(40, 1);
    let other = chain.cut(20).grow(20, 2);
    let (kept, peaks) = (Kept::of(&chain), chain.peaks_at(40));
    let records = chain.records(0);
    let proven: Vec<Path> =
        (0..40).map(|height| prove(&kept, &peaks, Height::new(height)).unwrap().1).collect();
    for (height, path) in proven.iter().enumerate() {
        for wrong in 0..40 {
            let found = check(&chain, &peaks, wrong, &records[height], path);
            assert_eq!(found.is_ok(), wrong == height as u64, "{height} as {wrong}");
        }
        let elsewhere = check(&chain, &other.peaks_at(40), height as u64, &records[height], path);
        assert!(elsewhere.is_err(), "height {height} in another chain");
        let beyond = check(&chain, &peaks, 40, &records[height], path);
        assert_eq!(beyond, Err(AncestorError::NotBelow { height: Height::new(40), count: 40 }));
    }
    // Below the fork both chains have the same headers, but not the same history above.
    let theirs = prove(&Kept::of(&other), &other.peaks_at(40), Height::new(3)).unwrap().1;
    assert!(check(&other, &other.peaks_at(40), 3, &records[3], &theirs).is_ok());
    assert!(check(&chain, &peaks, 3, &records[3], &theirs).is_err());
}

#[test]
fn no_bit_of_a_path_or_a_record_can_be_changed() {
    let chain = Maker::new(lab()).grow(22, 1);
    let (kept, peaks) = (Kept::of(&chain), chain.peaks_at(22));
    for height in [0, 7, 15, 16, 19, 21] {
        let record = chain.records(height)[0];
        let path = prove(&kept, &peaks, Height::new(height)).unwrap().1;
        let mut bytes = encoding::encode(&record);
        bytes.extend(path.to_bytes());
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let (record, path) = bad.split_at(Record::BYTES);
            let record: Record = encoding::decode(record).unwrap();
            let path = Path::from_bytes(path).unwrap();
            assert!(check(&chain, &peaks, height, &record, &path).is_err(), "bit {bit} of height {height}");
        }
        for cut in 0..path.nodes().len() {
            let short = Path(path.0[..cut].to_vec());
            let length = AncestorError::Length { found: cut, expected: path.0.len() };
            assert_eq!(check(&chain, &peaks, height, &record, &short), Err(length));
        }
        let uneven = [path.to_bytes(), vec![0]].concat();
        assert_eq!(Path::from_bytes(&uneven), Err(DecodeError::TrailingBytes(1)));
    }
}

#[test]
fn a_reader_that_lacks_a_node_says_which() {
    let chain = Maker::new(lab()).grow(7, 1);
    let mut kept = Kept::of(&chain);
    let peaks = chain.peaks_at(8);
    let top = peaks.nodes()[0].hash;
    kept.inner.remove(&top);
    assert_eq!(prove(&kept, &peaks, Height::new(3)), Err(PathError::Missing(top)));
}
