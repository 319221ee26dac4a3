//! What theory says, worked out in floating point and without the code that is simulated.

/// The expected hashes for compact bits.
pub fn work_of_bits(bits: u32) -> f64 {
    let (exponent, mantissa) = (bits >> 24, bits & 0x007f_ffff);
    (256.0 - 8.0 * (f64::from(exponent) - 3.0) - f64::from(mantissa).log2()).exp2()
}

/// The schedule of the difficulty: interval and half-life in ms, the work at the genesis in hashes.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    pub interval_ms: f64,
    pub half_life_ms: f64,
    pub genesis_work: f64,
}

impl Schedule {
    /// The work of the block whose parent has this height and, since the genesis, this time.
    pub fn work_on(&self, parent_height: u64, parent_ms: f64) -> f64 {
        let ahead_ms = self.interval_ms * parent_height as f64 - parent_ms;
        self.genesis_work * (ahead_ms / self.half_life_ms).exp2()
    }

    /// How far an interval that is `ratio` of the aimed one has come back after this many half-lives. With `z` the
    /// ratio, the rule says `dz/dt = ln 2 / half-life · (1 − z)`: what is missing halves with every half-life.
    pub fn settling(ratio: f64, half_lives: f64) -> f64 {
        1.0 + (ratio - 1.0) * (-half_lives).exp2()
    }

    /// The mean interval, as a ratio of the aimed one, over the next `blocks` from where it is `ratio` now: the
    /// integral of the settling over the time that those blocks take.
    pub fn mean_over(&self, ratio: f64, blocks: f64) -> f64 {
        let scheduled = blocks * self.interval_ms / self.half_life_ms;
        let excess = ratio - 1.0;
        (scheduled.exp2() * (1.0 + excess) - excess).log2() / scheduled
    }

    /// Half-lives of the clock until so many blocks have come, from where the interval is `ratio` of the aimed one.
    pub fn half_lives_until(&self, ratio: f64, blocks: f64) -> f64 {
        self.mean_over(ratio, blocks) * blocks * self.interval_ms / self.half_life_ms
    }

    /// The standard deviation of the logarithm of the difficulty that chance alone causes: blocks come at random, the
    /// rule pulls back with the rate ln 2 / half-life.
    pub fn scatter(&self) -> f64 {
        (std::f64::consts::LN_2 * self.interval_ms / (2.0 * self.half_life_ms)).sqrt()
    }
}

/// The share of the blocks of a withholding miner with this share of the power, where `follow` of the others mine on
/// his block in a race (Eyal, Sirer: Majority is not enough, 2014, equation 8).
pub fn withholding_share(power: f64, follow: f64) -> f64 {
    let honest = 1.0 - power;
    let won = power * honest.powi(2) * (4.0 * power + follow * (1.0 - 2.0 * power)) - power.powi(3);
    won / (1.0 - power * (1.0 + (2.0 - power) * power))
}

/// The share of blocks that end beside the chain, of `miners` equal miners who hear of a block after `delay_ms`: while
/// it travels all but its finder may find a rival, and only one of two can stay.
pub fn stale_share(miners: f64, delay_ms: f64, interval_ms: f64) -> f64 {
    (1.0 - 1.0 / miners) * delay_ms / interval_ms
}

#[test]
fn formulas_meet_their_known_values() {
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-3 * b.abs().max(1.0), "{a} is not {b}");
    near(work_of_bits(0x1d00_ffff), 4_295_032_833.0);
    near(withholding_share(1.0 / 3.0, 0.0), 1.0 / 3.0);
    near(withholding_share(0.25, 0.5), 0.25);
    let schedule = Schedule { interval_ms: 5_000.0, half_life_ms: 1_440_000.0, genesis_work: 1.0 };
    near(schedule.work_on(288, 0.0), 2.0);
    near(Schedule::settling(10.0, 1.0), 5.5);
    near(schedule.mean_over(1.0, 500.0), 1.0);
    // The mean over few blocks is the interval now; over very many it is the aimed one.
    near(schedule.mean_over(1.14, 0.01), 1.14);
    assert!((schedule.mean_over(10.0, 1e5) - 1.0).abs() < 0.02);
}
