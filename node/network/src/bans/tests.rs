use proptest::prelude::*;
use vibecoin_primitives::encoding::encode;

use super::*;
use crate::sealed::{Seal, SealError};

const NOW_MS: u64 = 1_800_000_000_000;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

fn node(number: u16) -> NodeId {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&number.to_le_bytes());
    NodeId::new(bytes)
}

fn host(text: &str) -> Host {
    Host::from(text.parse::<std::net::IpAddr>().unwrap())
}

fn subject(text: &str) -> Subject {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn reason() -> Reason {
    Reason::new("sent garbage")
}

/// A list where this peer has been banned for a day.
fn banned(number: u16, at: Option<&str>) -> Bans {
    let mut bans = Bans::new();
    let host = at.map(host);
    bans.ban_met(Met { node: node(number), host: host.as_ref() }, &reason(), NOW_MS, NOW_MS + DAY_MS);
    bans
}

fn keeps_out(bans: &Bans, number: u16, at: &str) -> bool {
    bans.against(Met { node: node(number), host: Some(&host(at)) }, NOW_MS + 1).is_some()
}

#[test]
fn in_public_key_and_address_are_banned() {
    let bans = banned(1, Some("1.2.3.4"));
    assert!(keeps_out(&bans, 1, "9.9.9.9") && keeps_out(&bans, 2, "1.2.3.4"));
    assert!(keeps_out(&bans, 2, "::ffff:1.2.3.4"));
    assert!(!keeps_out(&bans, 2, "1.2.3.5"));
    let bans = banned(1, Some("2a00::1:2"));
    assert!(keeps_out(&bans, 2, "2a00::7:7"), "whoever has one address there has 2^64");
    assert!(!keeps_out(&bans, 2, "2a00:0:0:1::1"));
}

#[test]
fn at_home_the_neighbours_are_spared() {
    for home in ["127.0.0.1", "10.0.0.7", "192.168.1.1", "100.64.0.1", "::1", "fe80::1", "fd00::1"] {
        let bans = banned(1, Some(home));
        assert!(keeps_out(&bans, 1, home), "{home}");
        assert!(!keeps_out(&bans, 2, home), "{home}");
    }
}

#[test]
fn a_relay_is_not_to_blame() {
    let bans = banned(1, None);
    assert_eq!(bans.len(), 1);
    assert!(keeps_out(&bans, 1, "1.2.3.4") && !keeps_out(&bans, 2, "1.2.3.4"));
}

#[test]
fn a_ban_ends() {
    let mut bans = banned(1, Some("1.2.3.4"));
    let endpoint: Endpoint = "/ip4/1.2.3.4/tcp/1".parse().unwrap();
    assert!(!bans.allows(&endpoint, NOW_MS + DAY_MS - 1) && bans.allows(&endpoint, NOW_MS + DAY_MS));
    assert!(bans.against_node(node(1), NOW_MS + DAY_MS).is_none());
    assert_eq!(bans.iter(NOW_MS + DAY_MS).count(), 0);
    bans.prune(NOW_MS + DAY_MS);
    assert!(bans.is_empty() && bans.widths.is_empty());
}

#[test]
fn the_longer_ban_and_the_operators_word_stay() {
    let mut bans = banned(1, None);
    let met = Met { node: node(1), host: None };
    let until = |bans: &Bans| bans.against_node(node(1), NOW_MS).and_then(|(_, ban)| ban.until_ms);
    bans.ban_met(met, &reason(), NOW_MS, NOW_MS + 5);
    assert_eq!(until(&bans), Some(NOW_MS + DAY_MS));
    bans.ban_met(met, &reason(), NOW_MS, NOW_MS + 2 * DAY_MS);
    assert_eq!(until(&bans), Some(NOW_MS + 2 * DAY_MS));
    bans.ban_named(Subject::Node(node(1)), Reason::new("by hand"), NOW_MS, Some(NOW_MS + 5)).unwrap();
    bans.ban_met(met, &reason(), NOW_MS, NOW_MS + 9 * DAY_MS);
    assert_eq!(until(&bans), Some(NOW_MS + 5));
    let lifted = bans.lift(&Subject::Node(node(1))).unwrap();
    assert_eq!((lifted.by, lifted.reason.as_str()), (By::Operator, "by hand"));
    assert!(bans.is_empty() && bans.lift(&Subject::Node(node(1))).is_none());
}

#[test]
fn the_operator_bans_ranges() {
    let mut bans = Bans::new();
    for range in ["1.2.0.0/16", "2a00:1450::/32", "10.0.0.0/8", "8.8.8.8"] {
        bans.ban_named(subject(range), reason(), NOW_MS, None).unwrap();
    }
    for inside in ["1.2.255.1", "2a00:1450:ffff::1", "10.9.9.9", "8.8.8.8"] {
        assert!(keeps_out(&bans, 1, inside), "{inside}");
    }
    for outside in ["1.3.0.0", "2a00:1451::1", "11.0.0.0", "8.8.8.9", "::1"] {
        assert!(!keeps_out(&bans, 1, outside), "{outside}");
    }
    bans.lift(&subject("1.2.0.0/16"));
    assert!(!keeps_out(&bans, 1, "1.2.255.1") && keeps_out(&bans, 1, "10.9.9.9"));
    assert!(bans.allows(&"/dns4/example.org/tcp/1".parse().unwrap(), NOW_MS));
}

#[test]
fn one_family_is_not_the_other() {
    let mut bans = Bans::new();
    bans.ban_named(subject("::/0"), reason(), NOW_MS, None).unwrap();
    assert!(keeps_out(&bans, 1, "2a00::1") && !keeps_out(&bans, 1, "1.2.3.4"));
    bans.ban_named(subject("0.0.0.0/0"), reason(), NOW_MS, None).unwrap();
    assert!(keeps_out(&bans, 1, "1.2.3.4"));
}

#[test]
fn there_are_not_too_many() {
    let mut bans = Bans::new();
    let public = |number: u16| Host::Ip4([9, 9, number.to_be_bytes()[0], number.to_be_bytes()[1]]);
    bans.ban_named(subject("7.7.7.7"), reason(), NOW_MS, Some(NOW_MS + 1)).unwrap();
    for number in 0..3_000_u16 {
        // The first to end comes in the middle.
        let until_ms = NOW_MS + DAY_MS + u64::from(number.abs_diff(1_500));
        let host = public(number);
        bans.ban_met(Met { node: node(number), host: Some(&host) }, &reason(), NOW_MS, until_ms);
    }
    assert_eq!(bans.len(), AUTOMATIC_MAX + 1);
    assert_eq!(bans.count(By::Node), AUTOMATIC_MAX);
    assert!(bans.against_node(node(0), NOW_MS).is_some() && bans.against_node(node(2_999), NOW_MS).is_some());
    assert!(bans.against_node(node(1_500), NOW_MS).is_none());
    assert!(bans.against_host(&host("7.7.7.7"), NOW_MS).is_some(), "the operator's make no room");
    for number in 1..OPERATOR_MAX as u16 {
        bans.ban_named(Subject::Node(node(10_000 + number)), reason(), NOW_MS, None).unwrap();
    }
    let one_more = Subject::Node(node(9_999));
    assert_eq!(bans.ban_named(one_more, reason(), NOW_MS, None), Err(BanError::TooMany));
    assert!(bans.ban_named(subject("7.7.7.7"), reason(), NOW_MS, None).is_ok(), "it is there already");
    let restored = Bans::from_bytes(&bans.to_bytes(), NOW_MS).unwrap();
    assert_eq!((restored.bans.bans, restored.ended), (bans.bans, 0));
}

#[test]
fn bans_outlive_a_restart() {
    let mut bans = banned(1, Some("1.2.3.4"));
    bans.ban_named(subject("5.5.0.0/16"), Reason::new("weary of them"), NOW_MS, None).unwrap();
    let restored = Bans::from_bytes(&bans.to_bytes(), NOW_MS).unwrap();
    assert_eq!(restored.ended, 0);
    assert_eq!((&restored.bans.bans, &restored.bans.widths), (&bans.bans, &bans.widths));
    let later = Bans::from_bytes(&bans.to_bytes(), NOW_MS + DAY_MS).unwrap();
    assert_eq!((later.bans.len(), later.ended), (1, 2));
    assert!(keeps_out(&later.bans, 9, "5.5.1.1"));
}

#[test]
fn damage_is_told_apart() {
    let bytes = banned(1, Some("1.2.3.4")).to_bytes();
    let error = |bytes: &[u8]| Bans::from_bytes(bytes, NOW_MS).unwrap_err();
    assert!(matches!(error(&bytes[..9]), BanFileError::Seal(SealError::Length { .. })));
    let mut flipped = bytes.clone();
    flipped[20] ^= 1;
    assert_eq!(error(&flipped), BanFileError::Seal(SealError::Checksum));
    assert!(matches!(error(&Seal::new(*b"vibebans", 1).close(&[9])), BanFileError::Body(_)));
    let ban = Ban { by: By::Operator, reason: reason(), since_ms: 0, until_ms: None };
    let many: Vec<(Subject, Ban)> =
        (0..=OPERATOR_MAX as u16).map(|number| (Subject::Node(node(number)), ban.clone())).collect();
    let many = Seal::new(*b"vibebans", 1).close(&encode(&many));
    assert_eq!(error(&many), BanFileError::TooMany { automatic: 0, operator: OPERATOR_MAX + 1 });
}

#[test]
fn texts_are_those_of_operators() {
    for text in ["1.2.3.4", "1.2.3.0/24", "0.0.0.0/0", "2a00::/64", "2a00::1", &"7".repeat(64)] {
        assert_eq!(subject(text).to_string(), text);
    }
    assert_eq!(subject("1.2.3.4/24").to_string(), "1.2.3.0/24");
    assert_eq!(subject("1.2.3.4/32").to_string(), "1.2.3.4");
    assert_eq!(subject("::ffff:1.2.3.4/120").to_string(), "1.2.3.0/24");
    let ip4 = SubjectError::Range(RangeError::Bits { bits_max: 32 });
    let cases = [
        ("", SubjectError::Range(RangeError::Address)),
        ("example.org", SubjectError::Range(RangeError::Address)),
        ("1.2.3/8", SubjectError::Range(RangeError::Address)),
        ("1.2.3.4/33", ip4),
        ("1.2.3.4/", ip4),
        ("1.2.3.4/+8", ip4),
        ("::ffff:1.2.3.4/95", ip4),
        ("::1/129", SubjectError::Range(RangeError::Bits { bits_max: 128 })),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<Subject>(), Err(error), "{text}");
    }
    assert!(matches!("g".repeat(64).parse::<Subject>(), Err(SubjectError::Node(_))));
}

#[test]
fn a_reason_is_one_short_line() {
    let reason = Reason::new(&format!("a\nb\u{1b}[2J{}", "ü".repeat(200)));
    assert!(reason.as_str().starts_with("a b [2Jü") && reason.as_str().len() <= Reason::BYTES_MAX);
    assert!(!reason.as_str().chars().any(char::is_control));
}

proptest! {
    #[test]
    fn a_range_holds_what_shares_its_bits(a in any::<u32>(), b in any::<u32>(), bits in 0..=32_u8) {
        let [a_host, b_host] = [a, b].map(|ip| Host::Ip4(ip.to_be_bytes()));
        let shared = (a ^ b).leading_zeros() >= u32::from(bits);
        let range = Range::new(&a_host, bits).unwrap();
        prop_assert_eq!(Range::new(&b_host, bits) == Some(range), shared);
        prop_assert_eq!(range.to_string().parse::<Range>(), Ok(range));
        let mut bans = Bans::new();
        bans.ban_named(Subject::Range(range), reason(), NOW_MS, None).unwrap();
        prop_assert_eq!(bans.against_host(&b_host, NOW_MS).is_some(), shared);
    }

    #[test]
    fn no_bytes_are_too_strange(body in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Bans::from_bytes(&body, NOW_MS).is_err());
        if let Ok(read) = Bans::from_bytes(&Seal::new(*b"vibebans", 1).close(&body), NOW_MS) {
            prop_assert!(Bans::from_bytes(&read.bans.to_bytes(), NOW_MS).is_ok());
        }
    }

    #[test]
    fn a_forged_body_breaks_nothing(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bans = banned(1, Some("1.2.3.4"));
        bans.ban_named(subject("2a00::/32"), reason(), NOW_MS, None).unwrap();
        let seal = Seal::new(*b"vibebans", 1);
        let mut body = seal.open(&bans.to_bytes()).unwrap().to_vec();
        for (place, byte) in changes {
            let place = place.index(body.len());
            body[place] = byte;
        }
        if let Ok(read) = Bans::from_bytes(&seal.close(&body), 0) {
            let ranges = read.bans.bans.keys().filter(|subject| matches!(subject, Subject::Range(_))).count();
            prop_assert_eq!(read.bans.widths.values().sum::<usize>(), ranges);
            for known in read.bans.bans.keys() {
                prop_assert_eq!(&subject(&known.to_string()), known);
            }
        }
    }
}
