#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use ruint::aliases::U256;

use super::*;

fn tip(height: u64, total: u128, own: u128) -> ActiveTip {
    ActiveTip { height: Height::new(height), total_work: Work::new(total), own_work: Work::new(own) }
}

fn branch(fork: u64, total: u128) -> Branch {
    Branch { fork_height: Height::new(fork), total_work: Work::new(total) }
}

#[test]
fn what_extends_the_tip_is_taken_however_light() {
    assert!(tip(10, 1_000, 500).yields_to(&branch(10, 1_001)));
    assert!(!tip(10, 1_000, 500).yields_to(&branch(9, 1_001)));
}

#[test]
fn the_reserve_is_exactly_half_of_the_tips_own_work() {
    for (own, least) in [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3), (100, 51), (101, 51)] {
        let tip = tip(10, 1_000, own);
        assert!(tip.is_outweighed_by(Work::new(1_000 + least)), "own {own}");
        assert!(!tip.is_outweighed_by(Work::new(1_000 + least - 1)), "own {own}");
    }
}

#[test]
fn a_side_branch_is_kept_within_its_bounds_only() {
    let tip = tip(1_000, 100_000, 100);
    let at_height = Work::new(99_000);
    // Less than 288 deep, and not more than twice the tip's work lighter.
    assert!(tip.keeps(&branch(713, 98_800), at_height));
    assert!(!tip.keeps(&branch(713, 98_799), at_height));
    assert!(!tip.keeps(&branch(712, 98_800), at_height));
    // A branch that would win has neither bound.
    assert!(tip.keeps(&branch(0, 100_051), tip.total_work));
    assert!(!tip.keeps(&branch(0, 100_050), tip.total_work));
}

#[test]
fn sixty_blocks_are_alarming() {
    assert!(!is_alarming(59));
    assert!(is_alarming(60));
}

proptest! {
    #[test]
    fn the_reserve_is_the_wide_inequality(active: u128, own: u128, other: u128, ahead in 0_u128..1_000) {
        let wide = |other: u128| {
            U256::from(other) * U256::from(2) > U256::from(active) * U256::from(2) + U256::from(own)
        };
        for other in [other, active.saturating_add(own / 2).saturating_add(ahead).saturating_sub(500)] {
            prop_assert_eq!(tip(1, active, own).is_outweighed_by(Work::new(other)), wide(other));
        }
    }

    #[test]
    fn two_branches_never_replace_each_other_in_turn(a: u128, b: u128, own_a: u128, own_b: u128) {
        let replaces = tip(1, a, own_a).is_outweighed_by(Work::new(b));
        prop_assert!(!(replaces && tip(1, b, own_b).is_outweighed_by(Work::new(a))));
    }

    #[test]
    fn what_wins_is_always_kept(total: u128, own: u128, other: u128, fork in 0_u64..2_000, at: u128) {
        let (tip, branch) = (tip(1_000, total, own), branch(fork, other));
        prop_assert!(!tip.yields_to(&branch) || tip.keeps(&branch, Work::new(at)));
    }

    #[test]
    fn no_numbers_overflow(
        (height, fork) in (any::<u64>(), any::<u64>()),
        (total, own, other, at) in (wide(), wide(), wide(), wide()),
    ) {
        let (tip, branch) = (tip(height, total, own), branch(fork, other));
        let depth = u128::from(height).saturating_sub(u128::from(fork));
        prop_assert_eq!(u128::from(tip.depth_below(&branch)), depth);
        prop_assert_eq!(tip.yields_to(&branch), depth == 0 || tip.is_outweighed_by(branch.total_work));
        // Written with room to spare: a side branch of less than 288 blocks, at most two tips lighter.
        let two = U256::from(2);
        let near = depth < 288 && U256::from(other) + two * U256::from(own) >= U256::from(at);
        prop_assert_eq!(tip.keeps(&branch, Work::new(at)), tip.yields_to(&branch) || near);
    }

    #[test]
    fn a_tip_that_is_replaced_never_comes_back(steps in prop::collection::vec((wide(), wide()), 1..30)) {
        // Whatever is offered in whatever order: what is active only gains work, so no tip is active twice.
        let mut active = tip(1, 0, 0);
        for (total, own) in steps {
            let offered = tip(1, total, own);
            if active.is_outweighed_by(offered.total_work) {
                prop_assert!(offered.total_work > active.total_work);
                prop_assert!(!offered.is_outweighed_by(active.total_work));
                active = offered;
            }
        }
    }

    #[test]
    fn more_work_is_never_worse_and_a_heavier_tip_never_yields_sooner(
        (total, own, other) in (wide(), wide(), wide()),
        (more, heavier) in (wide(), wide()),
    ) {
        let yields = |total, own, other| tip(9, total, own).is_outweighed_by(Work::new(other));
        if yields(total, own, other) {
            prop_assert!(yields(total, own, other.saturating_add(more)));
            prop_assert!(yields(total.saturating_sub(more), own, other));
            prop_assert!(yields(total, own.saturating_sub(heavier), other));
        }
    }

    #[test]
    fn rivals_within_the_reserve_are_settled_by_one_more_block(
        base in 0_u128..1 << 100,
        own in 1_u128..1 << 90,
        lead in any::<prop::sample::Index>(),
        extra in 0_u128..1 << 80,
    ) {
        // Two siblings, the second one at most half of the first one's work lighter or heavier: neither
        // replaces the other. A child of at least the first one's work, on either of them, is taken by both.
        let spread = usize::try_from((own / 2).min(1 << 40)).unwrap();
        let lead = lead.index(2 * spread + 1) as u128;
        let first = tip(10, base + own, own);
        let rival = tip(10, base + own + lead - spread as u128, own + lead - spread as u128);
        prop_assert!(!first.is_outweighed_by(rival.total_work));
        let child = own + extra + spread as u128;
        let on_rival = branch(9, rival.total_work.get() + child);
        prop_assert!(first.yields_to(&on_rival));
        let on_first = branch(9, first.total_work.get() + child);
        prop_assert!(rival.yields_to(&on_first));
    }
}

#[test]
fn the_reserve_makes_the_choice_depend_on_the_order() {
    // The second is not enough beyond the first, nor the third beyond the second; the third is beyond the first.
    let [first, second, third] = [1_000, 1_050, 1_100].map(|total| tip(10, total, 100));
    assert!(!first.is_outweighed_by(second.total_work));
    assert!(!second.is_outweighed_by(third.total_work));
    assert!(first.is_outweighed_by(third.total_work));
}

/// Numbers of every size, for one drawn from all of them is nearly always huge.
fn wide() -> impl Strategy<Value = u128> {
    (any::<u128>(), 0..128_u32).prop_map(|(bits, shift)| bits >> shift)
}
