//! The history root, made anew from the whole list of headers.

use super::bytes::{Hash, sha256};

/// A run of headers: what their tree hashes to, their work, and the time they span.
#[derive(Clone, Copy)]
pub struct Run {
    pub hash: Hash,
    pub work: u128,
    pub from: u64,
    pub to: u64,
}

impl Run {
    fn bytes(&self) -> Vec<u8> {
        [&self.hash[..], &self.work.to_le_bytes(), &self.from.to_le_bytes(), &self.to.to_le_bytes()].concat()
    }
}

/// The history root of the header that follows on these: a tree for every 1 in the binary form of their number, the
/// largest first.
pub fn root(headers: &[Run]) -> Hash {
    let count = headers.len();
    let (mut peaks, mut start) = (Vec::new(), 0);
    for level in (0..usize::BITS as u8).rev().filter(|level| count >> level & 1 == 1) {
        let end = start + (1 << level);
        peaks.extend(run(&headers[start..end], start as u64, level).bytes());
        start = end;
    }
    sha256(&[&[2], &(count as u64).to_le_bytes(), &peaks])
}

/// The run over a power of two of headers, the first of them at height `start`.
fn run(headers: &[Run], start: u64, level: u8) -> Run {
    if level == 0 {
        return headers[0];
    }
    let (left, right) = headers.split_at(headers.len() / 2);
    let left = run(left, start, level - 1);
    let right = run(right, start + (1 << (level - 1)), level - 1);
    assert_eq!(left.to, right.from, "headers follow on each other");
    Run {
        hash: sha256(&[&[1], &start.to_le_bytes(), &[level], &left.bytes(), &right.bytes()]),
        work: left.work + right.work,
        from: left.from,
        to: right.to,
    }
}
