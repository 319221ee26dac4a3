//! Which rows a scan returns, and in which order.

use std::ops::Bound;

/// A range of keys.
pub(super) type KeyRange = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// A prefix, optionally a row to start at, a direction and a limit.
///
/// Rows come in the order of their keys (as bytes), or in the opposite order when reversed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    prefix: Vec<u8>,
    start: Start,
    reversed: bool,
    limit: Option<usize>,
}

/// Where to start within the prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Start {
    #[default]
    Edge,
    From(Vec<u8>),
    After(Vec<u8>),
}

impl Scan {
    /// All rows of a column.
    pub fn all() -> Self {
        Self::default()
    }

    /// All rows whose key starts with `prefix`.
    pub fn prefix(prefix: impl Into<Vec<u8>>) -> Self {
        Self { prefix: prefix.into(), ..Self::default() }
    }

    /// Starts at `key` (a whole key), which is included if it exists.
    #[must_use]
    pub fn from(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.start = Start::From(key.into());
        self
    }

    /// Starts behind `key` (a whole key), which is not included: the next page after a last row.
    #[must_use]
    pub fn after(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.start = Start::After(key.into());
        self
    }

    /// From the greatest key to the least.
    #[must_use]
    pub const fn reversed(mut self) -> Self {
        self.reversed = true;
        self
    }

    /// At most `rows` rows.
    #[must_use]
    pub const fn limit(mut self, rows: usize) -> Self {
        self.limit = Some(rows);
        self
    }

    /// Whether greater keys come first.
    pub(super) const fn is_reversed(&self) -> bool {
        self.reversed
    }

    /// The most rows to return.
    pub(super) fn limit_rows(&self) -> usize {
        self.limit.unwrap_or(usize::MAX)
    }

    /// The range of keys, or `None` if no key can be in it (ordered maps dislike reversed bounds).
    pub(super) fn range(&self) -> Option<KeyRange> {
        let mut lower = Bound::Included(self.prefix.clone());
        let mut upper = match after_prefix(&self.prefix) {
            Some(end) => Bound::Excluded(end),
            None => Bound::Unbounded,
        };
        match (&self.start, self.reversed) {
            (Start::Edge, _) => {}
            (Start::From(key), false) if *key > self.prefix => lower = Bound::Included(key.clone()),
            (Start::After(key), false) if *key >= self.prefix => lower = Bound::Excluded(key.clone()),
            (Start::From(key), true) if below(key, &upper) => upper = Bound::Included(key.clone()),
            (Start::After(key), true) if below(key, &upper) => upper = Bound::Excluded(key.clone()),
            _ => {}
        }
        non_empty((lower, upper))
    }
}

/// The least key that is greater than every key with this prefix; `None` if there is none (all bytes 0xff).
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte != 0xff)?;
    let mut end = prefix[..=kept].to_vec();
    end[kept] += 1;
    Some(end)
}

fn below(key: &[u8], upper: &Bound<Vec<u8>>) -> bool {
    match upper {
        Bound::Excluded(end) => key < end.as_slice(),
        Bound::Included(end) => key <= end.as_slice(),
        Bound::Unbounded => true,
    }
}

/// The range, unless no key can be in it.
pub(super) fn non_empty(range: KeyRange) -> Option<KeyRange> {
    let is_empty = match &range {
        (Bound::Included(low), Bound::Included(high)) => low > high,
        (Bound::Included(low), Bound::Excluded(high))
        | (Bound::Excluded(low), Bound::Included(high) | Bound::Excluded(high)) => low >= high,
        (_, Bound::Unbounded) | (Bound::Unbounded, _) => false,
    };
    (!is_empty).then_some(range)
}

#[cfg(test)]
impl Scan {
    /// Whether a key is in the range: the definition, as opposed to the bounds above.
    pub(super) fn admits(&self, key: &[u8]) -> bool {
        let inside = match (&self.start, self.reversed) {
            (Start::Edge, _) => true,
            (Start::From(start), false) => key >= start.as_slice(),
            (Start::After(start), false) => key > start.as_slice(),
            (Start::From(start), true) => key <= start.as_slice(),
            (Start::After(start), true) => key < start.as_slice(),
        };
        key.starts_with(&self.prefix) && inside
    }
}
