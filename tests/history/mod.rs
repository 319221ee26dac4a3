//! Blocks in the manner of history's bugs: what other chains once took, or nearly took, put to this one.
//!
//! Every case is delivered on the tip, before its parent, and beside the tip with blocks on top of it. Each time it
//! must get its verdict, blame whom it should, mark its id only if the header commits to what is wrong, leave state,
//! supply and pool as they were, and not keep the honest block of the same place out.
//!
//! Deliberately absent: work that overflows 128 bits (HDR-9), which nobody can mine; the vectors have it.

mod case;
mod cases;
mod place;
mod run;

use std::collections::BTreeSet;

use case::{Case, Expected};
use run::{BesideTheTip, Where};
use vibecoin_chain::SideBranches;

pub use crate::reorganisations::{fingerprint, follower};

fn every_case(is_put: Where) {
    for case in cases::all() {
        run::run(&case, is_put);
    }
}

#[test]
fn on_the_tip() {
    every_case(Where::OnTheTip);
}

#[test]
fn before_their_parent() {
    every_case(Where::BeforeItsParent);
}

#[test]
fn beside_the_tip_and_executed_only_when_they_would_win() {
    every_case(Where::BesideTheTip(BesideTheTip { side_branches: SideBranches::Lazy }));
}

#[test]
fn beside_the_tip_and_executed_at_once() {
    every_case(Where::BesideTheTip(BesideTheTip { side_branches: SideBranches::Execute }));
}

#[test]
fn all_on_one_chain_one_after_the_other() {
    run::all_at_once(&cases::all());
}

#[test]
fn the_table_has_sixty_wrong_blocks_and_no_case_twice() {
    let cases = cases::all();
    let wrong = |case: &&Case| !matches!(case.expected, Expected::Fine(_));
    assert!(cases.iter().filter(wrong).count() >= 60);
    let names: BTreeSet<_> = cases.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/protocol.md")).unwrap();
    let mut blocks = BTreeSet::new();
    for case in &cases {
        let sent = match (case.make)(&mut place::Place::new()) {
            case::Sent::Block(block) => block.encode(),
            case::Sent::Bytes(bytes) => bytes,
        };
        assert!(blocks.insert(sent), "{}: the same block as another case", case.name);
        let verdict = match case.expected {
            Expected::Refused { rule, blame, marks } => {
                assert!(text.contains(&format!("**{rule}**")), "{rule} is no rule of the protocol");
                format!("{rule:6} blames {blame:?}, marks {marks:?}")
            }
            Expected::Held => "held".to_owned(),
            Expected::Stray => "stray".to_owned(),
            Expected::Fine(_) => "valid".to_owned(),
        };
        println!("{:48} {:52} {verdict}", case.name, case.follows);
    }
}
