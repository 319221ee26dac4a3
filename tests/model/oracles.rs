//! What the model itself is held against: numbers that others have published, and the crate whose tree the protocol
//! names.

use jmt::{KeyHash, Sha256Jmt, mock::MockTreeStore};
use vibecoin_primitives::Network;

use super::difficulty::{schedule, work};
use super::ledger::{Account, Ledger, Reward, subsidy};
use super::random::Random;

#[test]
fn the_model_counts_as_people_have_counted() {
    // Bitcoin's genesis: 2^32 and a little.
    assert_eq!(work(0x1d00_ffff), Some(0x1_0001_0001));
    assert_eq!(work(0x207f_ffff), Some(2));
    for nothing in [0, 0x2101_0000, 0x2180_0000, 0x1d80_ffff, 0x1d00_007f, 0x0300_0000, 0xff00_0001] {
        assert_eq!(work(nothing), None, "{nothing:#x}");
    }
    let spec = Network::Mainnet.spec();
    let start = spec.genesis_time.get();
    assert_eq!(schedule(&spec, 0, start), 0x1d00_ffff);
    // A half-life late is twice as easy; a half-life early, half as easy, which the compact form cuts off.
    assert_eq!(schedule(&spec, 0, start + 1_440_000), 0x1d01_fffe);
    assert_eq!(schedule(&spec, 288, start), 0x1c7f_ff80);
    assert_eq!(schedule(&spec, 0, u64::MAX), 0x1e0f_ffff);
}

#[test]
fn the_roots_of_the_model_are_those_of_the_crate() {
    let random = &mut Random::new(8);
    for count in [1, 2, 3, 10, 200] {
        let mut ledger = Ledger::genesis(&Network::Devnet.spec());
        for height in 0..count {
            let mut address = [0; 20];
            address.iter_mut().for_each(|byte| *byte = random.next() as u8);
            let account = Account { balance: random.next(), ..Account::default() };
            ledger.accounts.insert(address, account);
            ledger.ring.insert(height % 100, Reward { height, beneficiary: address, amount: height });
        }
        let leaves = ledger.leaves().into_iter().map(|(key, value)| (KeyHash(key), Some(value)));
        let (root, _) = Sha256Jmt::new(&MockTreeStore::default()).put_value_set(leaves, 0).unwrap();
        assert_eq!(root.0, ledger.root());
    }
}

#[test]
fn money_is_minted_as_the_schedule_says() {
    let rows = [
        (0, 0),
        (1, 2_000_000_000),
        (25_000_000, 2_000_000_000),
        (25_000_001, 1_000_000_000),
        (125_000_000, 125_000_000),
        (125_000_001, 62_500_000),
        (u64::MAX, 62_500_000),
    ];
    for (height, minted) in rows {
        assert_eq!(subsidy(height), minted, "{height}");
    }
}
