//! Against logs that are written here, by the format's description, and against the database's own.
#![allow(clippy::unwrap_used)]

use proptest::{collection, prelude::*};

use super::*;

/// A record in one part.
const FULL: u8 = 1;

/// A log of these payloads, and where each of them begins and ends.
fn write(payloads: &[Vec<u8>]) -> (Vec<u8>, Vec<(usize, usize)>) {
    let mut log = Vec::new();
    let mut places = Vec::new();
    for payload in payloads {
        let mut rest = payload.as_slice();
        let mut is_first = true;
        let mut begin = None;
        loop {
            let room = BLOCK_BYTES - log.len() % BLOCK_BYTES;
            if room < HEADER_BYTES {
                log.resize(log.len() + room, 0);
                continue;
            }
            begin.get_or_insert(log.len());
            let (part, left) = rest.split_at(rest.len().min(room - HEADER_BYTES));
            let kind = match (is_first, left.is_empty()) {
                (true, true) => FULL,
                (true, false) => FIRST,
                (false, false) => MIDDLE,
                (false, true) => LAST,
            };
            let sum = crc32c::crc32c_append(crc32c::crc32c(&[kind]), part);
            let masked = sum.rotate_right(15).wrapping_add(0xa282_ead8);
            log.extend(masked.to_le_bytes());
            log.extend(u16::try_from(part.len()).unwrap().to_le_bytes());
            log.push(kind);
            log.extend(part);
            (rest, is_first) = (left, false);
            if rest.is_empty() {
                break;
            }
        }
        places.push((begin.unwrap(), log.len()));
    }
    (log, places)
}

fn ending(log: &[u8]) -> Ending {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), log).unwrap();
    inspect(file.path(), |_| ()).unwrap()
}

fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let length = prop_oneof![12..200_usize, 32_700..32_800_usize, 60_000..70_000_usize];
    let payload = (length, any::<u8>()).prop_map(|(length, byte)| {
        (0..length).map(|at| (at as u8).wrapping_mul(31).wrapping_add(byte) | 1).collect()
    });
    collection::vec(payload, 1..6)
}

/// Where the records begin and end that are whole in the first `bytes` bytes.
fn whole(places: &[(usize, usize)], bytes: usize) -> usize {
    places.iter().map(|place| place.1).filter(|end| *end <= bytes).max().unwrap_or(0)
}

#[test]
fn masks_are_undone() {
    for sum in [0_u32, 1, 0xffff_ffff, 0x1234_5678] {
        assert_eq!(unmask(sum.rotate_right(15).wrapping_add(0xa282_ead8)), sum);
    }
}

#[test]
fn an_empty_log_is_whole() {
    assert_eq!(ending(&[]), Ending::Whole);
    assert_eq!(ending(&[0; 40_000]), Ending::Torn { at_bytes: 0 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_truncated_log_is_torn_where_its_last_record_begins(
        payloads in payloads(),
        cut in any::<prop::sample::Index>(),
        zeros in prop_oneof![Just(0_usize), 1..70_000_usize],
    ) {
        let (log, places) = write(&payloads);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &log).unwrap();
        let mut seen = Vec::new();
        let ended = inspect(file.path(), |record| seen.push(record.to_vec())).unwrap();
        prop_assert_eq!((ended, &seen), (Ending::Whole, &payloads));
        let cut = cut.index(log.len());
        let end = whole(&places, cut);
        let ended = ending(&log[..cut]);
        // Filling of a block that no record follows is no loss either.
        let filling = log[end..cut].iter().all(|byte| *byte == 0);
        match ended {
            Ending::Whole => prop_assert!(end == cut || filling),
            Ending::Torn { at_bytes } => {
                let begins = places.iter().any(|place| place.0 as u64 == at_bytes);
                prop_assert!(at_bytes as usize >= end && (begins || filling), "{at_bytes} {end}");
            }
            Ending::Damaged { .. } => prop_assert!(false, "nothing is damaged"),
        }
        // As a file system leaves it that made room before it wrote.
        let padded = [&log[..cut], &vec![0; zeros]].concat();
        match ending(&padded) {
            Ending::Whole => prop_assert!(filling),
            Ending::Torn { at_bytes } => prop_assert!(at_bytes as usize >= end),
            Ending::Damaged { at_bytes, is_followed } => prop_assert!(!is_followed && at_bytes as usize >= end),
        }
    }

    #[test]
    fn a_flipped_bit_is_found_in_its_record(
        payloads in payloads(),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u32,
    ) {
        let (mut log, places) = write(&payloads);
        let at = at.index(log.len());
        log[at] ^= 1 << bit;
        let hit = places.iter().position(|place| (place.0..place.1).contains(&at));
        match (ending(&log), hit) {
            // Between records nothing is read.
            (ended, None) => prop_assert_eq!(ended, Ending::Whole),
            (Ending::Torn { at_bytes }, Some(hit)) => {
                // A length that became too great looks torn only where no record follows.
                prop_assert_eq!(at_bytes as usize, places[hit].0);
                prop_assert_eq!(hit, places.len() - 1);
            }
            (Ending::Damaged { at_bytes, is_followed }, Some(hit)) => {
                prop_assert!((places[hit].0..places[hit].1).contains(&(at_bytes as usize)));
                prop_assert!(is_followed || hit + 1 == places.len() || places[hit + 1].1 / BLOCK_BYTES > places[hit + 1].0 / BLOCK_BYTES);
            }
            (Ending::Whole, Some(_)) => prop_assert!(false, "bit {bit} of byte {at} was not found"),
        }
    }

    #[test]
    fn a_page_of_zeros_is_found(payloads in payloads(), page in any::<prop::sample::Index>()) {
        let (mut log, places) = write(&payloads);
        let start = page.index(log.len()) / 4096 * 4096;
        let end = (start + 4096).min(log.len());
        log[start..end].fill(0);
        prop_assert_ne!(ending(&log), Ending::Whole);
        prop_assert!(!places.is_empty());
    }
}
