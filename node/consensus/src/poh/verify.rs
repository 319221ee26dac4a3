//! Checking a segment: in full and in parallel, in full on one core, or a few ticks of it.

use rayon::prelude::*;
use vibecoin_crypto::Hash;

use super::{Params, SegmentError, chain, order, seed};

/// Checks a whole segment on all cores of the current rayon pool, in the [`order`] that `order_seed` gives,
/// stopping at the first wrong tick found.
///
/// Of a segment that somebody sent, the caller draws `order_seed` at random: whoever spoils one tick then cannot
/// choose how much work its discovery takes. The verdict is the same for every number. A wrong number of ticks
/// costs no hash.
///
/// # Errors
/// [`SegmentError`]; the tick it names is wrong, but others may be too, even earlier ones.
pub fn verify_shuffled(
    params: Params,
    parent_id: &Hash,
    ticks: &[Hash],
    order_seed: u64,
) -> Result<(), SegmentError> {
    check_count(params, ticks)?;
    let first = seed(parent_id);
    // One tick at a time: the last ones then are shared, too, and a wrong one stops everybody soon.
    let wrong = order(params, order_seed)
        .into_par_iter()
        .with_max_len(1)
        .find_any(|&tick| !follows(params, &first, ticks, tick));
    wrong.map_or(Ok(()), |tick| Err(SegmentError::Tick { tick }))
}

/// [`verify_shuffled`] in a fixed order, for segments that nobody has an interest in spoiling.
///
/// # Errors
/// Those of [`verify_shuffled`].
pub fn verify(params: Params, parent_id: &Hash, ticks: &[Hash]) -> Result<(), SegmentError> {
    verify_shuffled(params, parent_id, ticks, 0)
}

/// Checks a whole segment on the calling thread.
///
/// # Errors
/// [`SegmentError`] with the first wrong tick.
pub fn verify_serial(params: Params, parent_id: &Hash, ticks: &[Hash]) -> Result<(), SegmentError> {
    check_count(params, ticks)?;
    let first = seed(parent_id);
    let wrong = (0..ticks.len()).find(|&tick| !follows(params, &first, ticks, tick));
    wrong.map_or(Ok(()), |tick| Err(SegmentError::Tick { tick }))
}

/// Checks the number of ticks and those at the indexes in `sample`, which the caller has drawn at random
/// ([`super::sample`]); an index beyond the segment checks nothing, and so does an empty sample.
///
/// # Errors
/// [`SegmentError`] with the first wrong tick of the sample.
pub fn verify_sample(
    params: Params,
    parent_id: &Hash,
    ticks: &[Hash],
    sample: &[usize],
) -> Result<(), SegmentError> {
    check_count(params, ticks)?;
    let first = seed(parent_id);
    let mut drawn = sample.iter().copied().filter(|&tick| tick < ticks.len());
    drawn
        .find(|&tick| !follows(params, &first, ticks, tick))
        .map_or(Ok(()), |tick| Err(SegmentError::Tick { tick }))
}

/// Compares ticks with the segment of the same parent that is known already.
///
/// # Errors
/// [`SegmentError`] with the first tick that differs.
pub fn verify_known(params: Params, known: &[Hash], ticks: &[Hash]) -> Result<(), SegmentError> {
    check_count(params, ticks)?;
    let wrong = (0..ticks.len()).find(|&tick| known.get(tick) != Some(&ticks[tick]));
    wrong.map_or(Ok(()), |tick| Err(SegmentError::Tick { tick }))
}

fn check_count(params: Params, ticks: &[Hash]) -> Result<(), SegmentError> {
    let expected = params.ticks();
    if ticks.len() as u64 == u64::from(expected) {
        Ok(())
    } else {
        Err(SegmentError::TickCount { found: ticks.len(), expected })
    }
}

/// True when a tick follows from the one before it, the first one from the seed.
fn follows(params: Params, first: &Hash, ticks: &[Hash], tick: usize) -> bool {
    let before = if tick == 0 { first } else { &ticks[tick - 1] };
    chain(before, params.hashes_per_tick()) == ticks[tick]
}
