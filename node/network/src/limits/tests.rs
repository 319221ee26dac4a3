use proptest::prelude::*;

use super::*;

const SECRET: [u8; 32] = [5; 32];

fn host(range: u16, number: u16) -> Host {
    let [a, b] = range.to_be_bytes();
    let [c, d] = number.to_be_bytes();
    Host::Ip6([0x2a, 0, a, b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, c, d])
}

/// Each number a household of its own.
fn house(range: u16, number: u16) -> Host {
    let [a, b] = range.to_be_bytes();
    let [c, d] = number.to_be_bytes();
    Host::Ip6([0x2a, 0, a, b, 0, 0, c, d, 0, 0, 0, 0, 0, 0, 0, 1])
}

fn plain(id: u32, host: Host) -> Inbound<u32> {
    Inbound { id, host, connected_ms: u64::from(id), latency_ms: None, block_ms: None, transaction_ms: None }
}

#[test]
fn limits_hold_by_address_by_range_and_in_all() {
    let limits = ConnectionLimits {
        outbound_target: 8,
        inbound_max: 40,
        inbound_per_group_max: 10,
        inbound_per_host_max: 2,
    };
    let mut inbound = Vec::new();
    let mut refused = (0, 0);
    for number in 0..100 {
        let newcomer = house(number % 2, number / 8);
        match admit(&limits, &inbound, &newcomer, &SECRET) {
            Admission::Admit => inbound.push(plain(u32::from(number), newcomer)),
            Admission::HostFull => refused.0 += 1,
            Admission::GroupFull => refused.1 += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(inbound.len(), 20);
    assert!(refused.0 > 0 && refused.1 > 0);
    for number in 20..40 {
        assert_eq!(admit(&limits, &inbound, &host(number, 1), &SECRET), Admission::Admit);
        inbound.push(plain(1_000 + u32::from(number), host(number, 1)));
    }
    assert!(matches!(admit(&limits, &inbound, &host(99, 1), &SECRET), Admission::Replace(_)));
    let none = ConnectionLimits { inbound_max: 0, ..limits };
    assert_eq!(admit(&none, &[], &host(1, 1), &SECRET), Admission::<u32>::AllFull);
}

#[test]
fn a_household_is_one_address() {
    let inbound: Vec<Inbound<u32>> = (0..4).map(|id| plain(id, host(1, id as u16))).collect();
    assert_eq!(admit(&ConnectionLimits::NODE, &inbound, &host(1, 9), &SECRET), Admission::HostFull);
    assert_eq!(admit(&ConnectionLimits::NODE, &inbound, &host(2, 9), &SECRET), Admission::Admit);
}

#[test]
fn neighbours_share_an_address() {
    let home = Host::Ip4([127, 0, 0, 1]);
    let inbound: Vec<Inbound<u32>> = (0..63).map(|id| plain(id, home.clone())).collect();
    assert_eq!(admit(&ConnectionLimits::NODE, &inbound, &home, &SECRET), Admission::Admit);
}

#[test]
fn a_small_node_turns_newcomers_away_rather_than_friends() {
    let inbound: Vec<Inbound<u32>> = (0..4).map(|id| plain(id, host(id as u16, 1))).collect();
    assert_eq!(select_to_evict(&inbound, &SECRET), None);
    assert_eq!(select_to_evict::<u32>(&[], &SECRET), None);
}

#[test]
fn the_largest_range_loses_its_youngest() {
    let mut inbound: Vec<Inbound<u32>> = (0..20).map(|id| plain(id, host(id as u16, 1))).collect();
    inbound.extend((20..60).map(|id| plain(id, host(100, id as u16))));
    assert_eq!(select_to_evict(&inbound, &SECRET), Some(59));
}

/// Honest peers, each best in one thing only, and attackers who came late and try to be best in all others.
#[test]
fn whoever_is_best_in_one_thing_stays() {
    type Best = fn(&mut Inbound<u32>);
    let virtues: [Best; 4] = [
        |peer| peer.latency_ms = Some(1),
        |peer| peer.block_ms = Some(1_000_000),
        |peer| peer.transaction_ms = Some(1_000_000),
        |peer| peer.connected_ms = 0,
    ];
    for (number, virtue) in virtues.into_iter().enumerate() {
        let mut inbound: Vec<Inbound<u32>> = (0..4)
            .map(|id| {
                let mut peer = plain(id, host(id as u16, 1));
                peer.connected_ms = 500_000;
                virtue(&mut peer);
                peer
            })
            .collect();
        for next in 100..2_100 {
            if inbound.len() == 64 {
                let evicted = select_to_evict(&inbound, &SECRET).expect("there are attackers");
                assert!(evicted >= 100, "virtue {number} does not help {evicted}");
                inbound.retain(|peer| peer.id != evicted);
            }
            let mut attacker = plain(next, host(1_000 + (next % 500) as u16, next as u16));
            attacker.connected_ms = 600_000 + u64::from(next);
            if number != 0 {
                attacker.latency_ms = Some(2);
            }
            if number != 1 {
                attacker.block_ms = Some(600_000 + u64::from(next));
            }
            if number != 2 {
                attacker.transaction_ms = Some(600_000 + u64::from(next));
            }
            inbound.push(attacker);
        }
    }
}

#[test]
fn some_ranges_are_safe_and_only_the_secret_says_which() {
    let inbound: Vec<Inbound<u32>> = (0..64).map(|id| plain(id, host(id as u16, 1))).collect();
    let survivors = |secret: [u8; 32]| {
        let mut rest = inbound.clone();
        while let Some(evicted) = select_to_evict(&rest, &secret) {
            rest.retain(|peer| peer.id != evicted);
        }
        rest.into_iter().map(|peer| peer.id).collect::<Vec<_>>()
    };
    assert_eq!(survivors([1; 32]).len(), SAFE_BY_RANGE);
    assert_ne!(survivors([1; 32]), survivors([2; 32]));
}

fn any_inbound() -> impl Strategy<Value = Vec<Inbound<u32>>> {
    let time = || prop::option::of(0..50_u64);
    let peer = (0..6_u16, 0..3_u16, 0..50_u64, time(), time(), time());
    prop::collection::vec(peer, 0..80).prop_map(|peers| {
        peers
            .into_iter()
            .zip(0..)
            .map(|((range, number, connected_ms, latency_ms, block_ms, transaction_ms), id)| Inbound {
                id,
                host: host(range, number),
                connected_ms,
                latency_ms,
                block_ms,
                transaction_ms,
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_order_decides_nothing(inbound in any_inbound(), turn in any::<prop::sample::Index>()) {
        let mut turned = inbound.clone();
        if !inbound.is_empty() {
            turned.rotate_left(turn.index(inbound.len()));
        }
        turned.reverse();
        prop_assert_eq!(select_to_evict(&inbound, &SECRET), select_to_evict(&turned, &SECRET));
    }

    #[test]
    fn with_many_somebody_can_go_and_is_no_better_than_the_safe(inbound in any_inbound()) {
        let safe = SAFE_BY_RANGE + SAFE_BY_LATENCY + SAFE_BY_TRANSACTIONS + SAFE_BY_BLOCKS;
        let evicted = select_to_evict(&inbound, &SECRET);
        prop_assert!(evicted.is_some() || inbound.len() <= safe);
        if let Some(evicted) = evicted {
            let gone = inbound.iter().find(|peer| peer.id == evicted).unwrap();
            let nearer = inbound.iter().filter(|peer| {
                peer.latency_ms.is_some() && (gone.latency_ms.is_none() || peer.latency_ms <= gone.latency_ms)
            });
            let all_near = inbound.iter().filter(|peer| peer.latency_ms.is_some()).count();
            prop_assert!(nearer.count() >= SAFE_BY_LATENCY.min(all_near));
        }
    }
}
