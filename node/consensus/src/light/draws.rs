//! Which leaves a proof must open: drawn by work, evenly over octaves that halve toward the tip.
//!
//! Whoever hides undone work needs it to outweigh what is not hidden, and so hides a constant part of some octave. As
//! every octave is drawn from equally often, no place is better than another.

use ruint::aliases::U256;
use vibecoin_crypto::hash::sha256_parts;
use vibecoin_primitives::Work;

/// The most octaves: more than any chain has whose last headers weigh what is usual.
const OCTAVES_MAX: usize = 64;

/// More than 64 octaves (LGT-16): the last headers weigh next to nothing against the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("LGT-16: the work {all} and that of the last headers, {last}, are more than 64 octaves apart")]
pub struct TooManyOctaves {
    /// The work of all headers.
    pub all: Work,
    /// The work of the last of them.
    pub last: Work,
}

/// The borders of the octaves, counted in work from the end: all the work first, the work of the last headers last. One
/// border alone means that nothing is drawn.
///
/// # Errors
/// [`TooManyOctaves`].
pub(super) fn octaves(all: Work, last: Work) -> Result<Vec<u128>, TooManyOctaves> {
    let mut borders = vec![all.get()];
    let mut border = all.get();
    while border > last.get() {
        if borders.len() > OCTAVES_MAX {
            return Err(TooManyOctaves { all, last });
        }
        border = (border / 2).max(last.get());
        borders.push(border);
    }
    Ok(borders)
}

/// The draws of a seed, `per_octave` of each octave, ascending: work that stands before the leaf that must be opened, or
/// inside of it. `all` is the work of all leaves, `last` that of the last ones, which are open anyway.
///
/// # Errors
/// [`TooManyOctaves`].
pub(super) fn draws(
    seed: &[u8; 32],
    all: Work,
    last: Work,
    per_octave: u32,
) -> Result<Vec<u128>, TooManyOctaves> {
    let mut draws = in_order(seed, &octaves(all, last)?, per_octave);
    draws.sort_unstable();
    Ok(draws)
}

/// The draws octave by octave, as they are numbered.
pub(super) fn in_order(seed: &[u8; 32], borders: &[u128], per_octave: u32) -> Vec<u128> {
    let all = borders.first().copied().unwrap_or_default();
    let octaves = (0_u32..).zip(borders.windows(2));
    octaves
        .flat_map(|(octave, border)| {
            let (from, size) = (all - border[0], border[0] - border[1]);
            (0..per_octave).map(move |i| {
                let offset = prf(seed, octave, i) % U256::from(size);
                from + u128::try_from(offset).expect("the remainder is below a number of 128 bits")
            })
        })
        .collect()
}

/// The number of one draw: all 256 bits, little-endian.
pub(super) fn prf(seed: &[u8; 32], octave: u32, i: u32) -> U256 {
    U256::from_le_bytes(sha256_parts(&[seed, &octave.to_le_bytes(), &i.to_le_bytes()]).to_bytes())
}
