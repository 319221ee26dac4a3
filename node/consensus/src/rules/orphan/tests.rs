#![allow(clippy::unwrap_used)]

use super::*;
use crate::pow::{self, search};
use crate::testing::{TRIES, header};

#[test]
fn an_orphan_has_done_a_sixteenth_of_the_tips_work() {
    let mut header = header(0x2007_ffff);
    header.nonce = search(&header, 0..TRIES).unwrap().unwrap();
    let work = pow::work(header.bits).unwrap();
    assert_eq!(work.get(), 32);
    assert_eq!(check_orphan(&header, Work::new(16 * 32)), Ok(work));
    let heavier = Work::new(16 * 32 + 1);
    let refused = check_orphan(&header, heavier);
    assert_eq!(refused, Err(OrphanError::TooLight { work, tip: heavier }));
    assert!(check_orphan(&header, Work::new(u128::MAX)).is_err());
}

#[test]
fn claimed_work_must_be_done() {
    let mut header = header(0x2007_ffff);
    let target = Target::from_bits(header.bits).unwrap();
    header.nonce = (0..TRIES).find(|&nonce| !target.is_met_by(&Header { nonce, ..header }.id())).unwrap();
    assert!(matches!(check_orphan(&header, Work::ZERO), Err(OrphanError::Work { .. })));
    for bits in [0, 0x1d80_ffff, 0x0101_0000] {
        header.bits = Bits::new(bits);
        let error = check_orphan(&header, Work::ZERO).unwrap_err();
        assert_eq!((error.rule(), matches!(error, OrphanError::Bits(_))), ("ORP-1", true));
    }
}
