use proptest::prelude::*;

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
            use ruint::aliases::U256;
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
}
