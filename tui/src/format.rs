//! How figures are written: amounts, counts, ages, rates, moments.
//!
//! Deliberately absent: a clock. Ages are made from two moments that the caller has.

use vibecoin_primitives::{Amount, AmountError};

use crate::safe::{SafeText, ink};

/// Beats in one VIBE.
pub const BEATS_PER_VIBE: u64 = 1_000_000_000;

/// An amount taken apart for drawing: `1,204` `.500` ` 000 000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmountParts {
    /// Whole VIBE with thousands separated.
    pub whole: SafeText,
    /// The point and the first three decimals.
    pub first: SafeText,
    /// The other six decimals in two groups, each after a space.
    pub rest: SafeText,
    /// Whether `rest` is all zeros, and may be drawn faintly.
    pub rest_is_zero: bool,
}

/// Takes `amount` apart.
#[must_use]
pub fn amount_parts(amount: Amount) -> AmountParts {
    let beats = amount.beats();
    let fraction = beats % BEATS_PER_VIBE;
    let (a, b, c) = (fraction / 1_000_000, fraction / 1_000 % 1_000, fraction % 1_000);
    AmountParts {
        whole: count(beats / BEATS_PER_VIBE),
        first: ink!(".{a:03}"),
        rest: ink!(" {b:03} {c:03}"),
        rest_is_zero: b == 0 && c == 0,
    }
}

/// The whole amount in one text: `1,204.500 000 000`.
#[must_use]
pub fn amount(amount: Amount) -> SafeText {
    let parts = amount_parts(amount);
    ink!("{}{}{}", parts.whole, parts.first, parts.rest)
}

/// An amount for a table: decimals in groups of three, groups of zeros at the end left out: `1,204.500`.
#[must_use]
pub fn amount_brief(amount: Amount) -> SafeText {
    let parts = amount_parts(amount);
    if parts.rest_is_zero {
        ink!("{}{}", parts.whole, parts.first)
    } else {
        ink!("{}{}{}", parts.whole, parts.first, parts.rest.as_str().trim_end_matches(" 000"))
    }
}

/// Why a typed amount is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypedAmountError {
    /// Nothing was typed.
    #[error("enter an amount, or max")]
    Empty,
    /// A comma that one reader takes for a point and another for a separator.
    #[error("a comma can be read in two ways: write a point before decimals, and no comma")]
    Comma,
    /// Something was, but not an amount.
    #[error(transparent)]
    Not(#[from] AmountError),
}

/// Reads a typed amount of VIBE. Spaces and underscores are separators of groups, and left out. So are commas where
/// they cannot mean a point: before groups of three digits with a point after them, as amounts are shown here.
///
/// # Errors
/// See [`TypedAmountError`].
pub fn parse_amount(text: &str) -> Result<Amount, TypedAmountError> {
    let mut text: String = text.chars().filter(|c| !matches!(c, ' ' | '_')).collect();
    if text.is_empty() {
        return Err(TypedAmountError::Empty);
    }
    if text.contains(',') {
        let grouped = text.split_once('.').filter(|(whole, rest)| {
            !rest.contains(',') && whole.split(',').skip(1).all(|group| group.len() == 3)
        });
        if grouped.is_none() {
            return Err(TypedAmountError::Comma);
        }
        text.retain(|c| c != ',');
    }
    if text.starts_with('.') {
        text.insert(0, '0');
    }
    Ok(text.parse()?)
}

/// `12,408`
#[must_use]
pub fn count(n: u64) -> SafeText {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    ink!("{out}")
}

/// `1 block`, `3 blocks`
#[must_use]
pub fn blocks(n: u64) -> SafeText {
    if n == 1 { ink!("1 block") } else { ink!("{} blocks", count(n)) }
}

/// A stretch of time, two units at most: `42 s`, `4 m 12 s`, `3 h 5 m`, `9 d 2 h`.
#[must_use]
pub fn span(seconds: u64) -> SafeText {
    match seconds {
        0..60 => ink!("{seconds} s"),
        60..3_600 if seconds.is_multiple_of(60) => ink!("{} m", seconds / 60),
        60..3_600 => ink!("{} m {} s", seconds / 60, seconds % 60),
        3_600..86_400 => ink!("{} h {} m", seconds / 3_600, seconds % 3_600 / 60),
        _ => ink!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// How long ago `then_ms` was, in one unit: `now`, `42 s`, `4 m`, `3 h`, `9 d`.
#[must_use]
pub fn age(now_ms: u64, then_ms: u64) -> SafeText {
    match now_ms.saturating_sub(then_ms) / 1_000 {
        0 => ink!("now"),
        s @ 1..60 => ink!("{s} s"),
        s @ 60..3_600 => ink!("{} m", s / 60),
        s @ 3_600..86_400 => ink!("{} h", s / 3_600),
        s => ink!("{} d", s / 86_400),
    }
}

/// `4:12`
#[must_use]
pub fn clock(seconds: u64) -> SafeText {
    ink!("{}:{:02}", seconds / 60, seconds % 60)
}

/// A figure with three digits and an SI prefix: `6.50 M`, `312`, `41.5 k`.
#[must_use]
pub fn si(value: f64) -> SafeText {
    let (scaled, prefix) = match value {
        v if v >= 1e12 => (v / 1e12, " T"),
        v if v >= 1e9 => (v / 1e9, " G"),
        v if v >= 1e6 => (v / 1e6, " M"),
        v if v >= 1e4 => (v / 1e3, " k"),
        v => return if v.fract().abs() < 0.005 || v >= 100.0 { ink!("{v:.0}") } else { ink!("{v:.1}") },
    };
    let digits = if scaled >= 100.0 { 0 } else { 1 };
    ink!("{scaled:.digits$}{prefix}")
}

/// `12.4 MH/s`
#[must_use]
pub fn hash_rate(per_second: f64) -> SafeText {
    let text = si(per_second);
    if text.as_str().contains(' ') { ink!("{text}H/s") } else { ink!("{text} H/s") }
}

/// `158 B`, `41.5 kB`
#[must_use]
pub fn bytes(n: u64) -> SafeText {
    #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
    let text = si(n as f64);
    if text.as_str().contains(' ') { ink!("{text}B") } else { ink!("{text} B") }
}

/// `0.98 s`, `12.4 s`, `3 m 20 s`
#[must_use]
pub fn millis(ms: u64) -> SafeText {
    match ms {
        0..10_000 => ink!("{}.{:02} s", ms / 1_000, ms % 1_000 / 10),
        10_000..60_000 => ink!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => span(ms / 1_000),
    }
}

/// A stretch of time that may be short: `4 ms`, `0.84 s`, `12.4 s`
#[must_use]
pub fn brief_millis(ms: u64) -> SafeText {
    if ms < 100 { ink!("{ms} ms") } else { millis(ms) }
}

/// A stretch of time that may be below a millisecond: `0.19 ms`, `410 ms`, `1.20 s`
#[must_use]
pub fn fine_millis(ms: f64) -> SafeText {
    match ms {
        v if v < 10.0 => ink!("{v:.2} ms"),
        v if v < 1_000.0 => ink!("{v:.0} ms"),
        // Below 2⁵³, and not negative.
        v => millis(v as u64),
    }
}

/// A moment in UTC: `2026-12-01 18:04:09`.
#[must_use]
pub fn moment(unix_ms: u64) -> SafeText {
    let (year, month, day) = civil(unix_ms / 86_400_000);
    ink!("{year:04}-{month:02}-{day:02} {}", time_of_day(unix_ms))
}

/// The time of a moment in UTC: `18:04:09`.
#[must_use]
pub fn time_of_day(unix_ms: u64) -> SafeText {
    let s = unix_ms / 1_000 % 86_400;
    ink!("{:02}:{:02}:{:02}", s / 3_600, s % 3_600 / 60, s % 60)
}

/// Year, month and day of a day counted from 1970-01-01 (Hinnant's `civil_from_days`, for days from the epoch on).
const fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let era = z / 146_097;
    let doe = z - era * 146_097;
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests;
