//! Targets, work and the schedule of the model, in long arithmetic of its own: numbers are lists of 32-bit digits,
//! multiplied and divided as on paper.

use std::cmp::Ordering;

use vibecoin_primitives::ChainSpec;

/// Digits of a number, the lowest first: 768 bits, wide enough for everything here.
const DIGITS: usize = 24;

#[derive(Clone, Copy, PartialEq, Eq)]
struct Wide([u32; DIGITS]);

impl Wide {
    fn from_u64(value: u64) -> Self {
        let mut digits = [0; DIGITS];
        digits[0] = value as u32;
        digits[1] = (value >> 32) as u32;
        Self(digits)
    }

    /// 2 to this power.
    fn power_of_two(power: usize) -> Self {
        Self::from_u64(1).times_two(power)
    }

    fn bit(&self, at: usize) -> bool {
        self.0[at / 32] >> (at % 32) & 1 == 1
    }

    fn with_bit(mut self, at: usize) -> Self {
        self.0[at / 32] |= 1 << (at % 32);
        self
    }

    /// How many bits it has.
    fn length(&self) -> usize {
        (0..32 * DIGITS).rev().find(|at| self.bit(*at)).map_or(0, |highest| highest + 1)
    }

    fn times_two(&self, times: usize) -> Self {
        assert!(self.length() + times <= 32 * DIGITS, "too wide for the model");
        (0..self.length())
            .filter(|at| self.bit(*at))
            .fold(Self([0; DIGITS]), |sum, at| sum.with_bit(at + times))
    }

    fn half(&self, times: usize) -> Self {
        (times..self.length())
            .filter(|at| self.bit(*at))
            .fold(Self([0; DIGITS]), |sum, at| sum.with_bit(at - times))
    }

    fn plus(&self, other: &Self) -> Self {
        let (mut digits, mut carry) = ([0; DIGITS], 0_u64);
        for (at, digit) in digits.iter_mut().enumerate() {
            carry += u64::from(self.0[at]) + u64::from(other.0[at]);
            *digit = carry as u32;
            carry >>= 32;
        }
        assert_eq!(carry, 0, "too wide for the model");
        Self(digits)
    }

    fn minus(&self, other: &Self) -> Self {
        let (mut digits, mut borrow) = ([0; DIGITS], 0_i64);
        for (at, digit) in digits.iter_mut().enumerate() {
            borrow += i64::from(self.0[at]) - i64::from(other.0[at]);
            *digit = borrow as u32;
            borrow >>= 32;
        }
        assert_eq!(borrow, 0, "nothing here is negative");
        Self(digits)
    }

    /// The sum of it, doubled as often as the factor's bits say.
    fn times(&self, factor: u64) -> Self {
        (0..64)
            .filter(|at| factor >> at & 1 == 1)
            .fold(Self([0; DIGITS]), |sum, at| sum.plus(&self.times_two(at)))
    }

    /// Long division, bit by bit.
    fn divided_by(&self, divisor: &Self) -> Self {
        let (mut quotient, mut rest) = (Self([0; DIGITS]), Self([0; DIGITS]));
        for at in (0..self.length()).rev() {
            rest = rest.times_two(1);
            if self.bit(at) {
                rest = rest.with_bit(0);
            }
            if rest >= *divisor {
                rest = rest.minus(divisor);
                quotient = quotient.with_bit(at);
            }
        }
        quotient
    }

    fn low_u128(&self) -> u128 {
        assert!(self.length() <= 128, "more than 128 bits");
        self.0[..4].iter().rev().fold(0, |sum, digit| sum << 32 | u128::from(*digit))
    }
}

impl Ord for Wide {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Bitcoin's compact form, rounding down.
fn compact(target: &Wide) -> u32 {
    let mut size = target.length().div_ceil(8);
    let mut mantissa =
        if size <= 3 { target.times_two(8 * (3 - size)).0[0] } else { target.half(8 * (size - 3)).0[0] };
    if mantissa >= 0x0080_0000 {
        mantissa >>= 8;
        size += 1;
    }
    (size as u32) << 24 | mantissa
}

/// The target of compact bits; `None` for zero, a sign, more than 256 bits, and any form but the one that
/// [`compact`] gives.
fn target(bits: u32) -> Option<Wide> {
    let (size, mantissa) = ((bits >> 24) as usize, bits & 0x00ff_ffff);
    if mantissa & 0x0080_0000 != 0 || size > 36 {
        return None;
    }
    let mantissa = Wide::from_u64(mantissa.into());
    let target = if size <= 3 { mantissa.half(8 * (3 - size)) } else { mantissa.times_two(8 * (size - 3)) };
    (target.length() > 0 && target.length() <= 256 && compact(&target) == bits).then_some(target)
}

/// The expected hashes for these bits: `⌊2²⁵⁶ / (target + 1)⌋`. `None` for what is no target, and below 2¹³⁶.
pub fn work(bits: u32) -> Option<u128> {
    let target = target(bits)?;
    if target < Wide::power_of_two(136) {
        return None;
    }
    Some(Wide::power_of_two(256).divided_by(&target.plus(&Wide::from_u64(1))).low_u128())
}

/// Whether an id, as a big-endian number, is at most the target of these bits.
pub fn is_met(bits: u32, id: &[u8; 32]) -> bool {
    let mut number = Wide([0; DIGITS]);
    for (at, byte) in id.iter().rev().enumerate() {
        number.0[at / 4] |= u32::from(*byte) << (8 * (at % 4));
    }
    target(bits).is_some_and(|target| number <= target)
}

/// The bits of the block whose parent has this height and this time.
pub fn schedule(spec: &ChainSpec, parent_height: u64, parent_time: u64) -> u32 {
    if spec.half_life_ms == 0 {
        return spec.genesis_bits.get();
    }
    let lowest = Wide::power_of_two(136);
    let easiest = target(spec.easiest_bits.get()).unwrap();
    let late = i128::from(parent_time)
        - i128::from(spec.genesis_time.get())
        - i128::from(spec.interval_ms) * i128::from(parent_height);
    let exponent = late * 65_536 / i128::from(spec.half_life_ms);
    let whole = exponent >> 16;
    let part = exponent - (whole << 16);
    let factor = 65_536
        + ((195_766_423_245_049 * part + 971_821_376 * part * part + 5_127 * part * part * part + (1 << 47))
            >> 48);
    let scaled = target(spec.genesis_bits.get()).unwrap().times(factor as u64);
    let moved = match whole {
        128.. => easiest.times_two(16),
        0..128 => scaled.times_two(whole as usize),
        -299..0 => scaled.half(-whole as usize),
        _ => Wide::from_u64(0),
    };
    compact(&moved.half(16).max(lowest).min(easiest))
}
