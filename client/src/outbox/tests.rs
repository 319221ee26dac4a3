#![allow(clippy::unwrap_used)]

use std::fs;

use vibecoin_crypto::SecretKey;
use vibecoin_primitives::{Address, TransactionBody};

use super::*;

fn sent_at(nonce: u64, price: u64, valid_until: u64) -> Sent {
    let key = SecretKey::from_bytes(&[7; 32]);
    let body = TransactionBody {
        version: 1,
        chain_id: 1,
        nonce,
        valid_until,
        gas_limit: 21_000,
        gas_price: price,
        to: Some(Address::new([1; 20])),
        value: Amount::from_beats(1_000),
        data: Vec::new(),
        public_key: key.public_key(),
    };
    Sent {
        account: 0,
        transaction: body.sign(&key),
        time: Timestamp::new(5),
        purpose: Purpose::Payment,
        delivery: Delivery::Waiting,
        settled: false,
    }
}

fn sent(nonce: u64) -> Sent {
    sent_at(nonce, 16, 0)
}

fn outbox(sent: impl IntoIterator<Item = Sent>) -> Outbox {
    Outbox { sent: sent.into_iter().collect() }
}

fn mined(height: u64, confirmations: u64) -> TxStatus {
    let height = Height::new(height);
    TxStatus::Mined { height, id: Hash::ZERO, position: 0, confirmations, succeeded: true }
}

#[test]
fn the_next_nonce_is_the_first_free_one() {
    let outbox = outbox([sent(4), sent(5), sent(8)]);
    assert_eq!(outbox.next_nonce(0, 4), 6);
    assert_eq!(outbox.next_nonce(0, 6), 6);
    assert_eq!(outbox.next_nonce(0, 8), 9);
    assert_eq!(outbox.next_nonce(1, 4), 4);
    // What was mined while somebody was reading the review has its nonce for good.
    let mut done = outbox.clone();
    done.note(&sent(4).txid(), Delivery::Mined { height: Height::new(1) }, false);
    assert_eq!(done.next_nonce(0, 4), 6);
    // A payment that expired leaves its nonce to the next one.
    let mut expired = outbox.clone();
    expired.note(&sent(4).txid(), Delivery::Expired, false);
    assert_eq!(expired.next_nonce(0, 4), 4);
}

#[test]
fn what_the_pool_has_not_got_is_counted() {
    let outbox = outbox([sent(4), sent(5), sent(6)]);
    let each = 21_000 * 16 + 1_000;
    assert_eq!(outbox.uncounted(0, 4), Amount::from_beats(3 * each));
    assert_eq!(outbox.uncounted(0, 6), Amount::from_beats(each));
    assert_eq!(outbox.uncounted(0, 7), Amount::ZERO);
}

#[test]
fn the_file_keeps_everything() {
    let directory = tempfile::tempdir().unwrap();
    let wallets = Wallets::cheap(directory.path().to_owned());
    let name = WalletName::default();
    let mut rich = sent(2);
    rich.purpose = Purpose::SpeedUp { of: Hash::new([3; 32]) };
    rich.delivery = Delivery::Replaced { by: None };
    let all = [sent(1), rich, Sent { delivery: Delivery::Mined { height: Height::new(9) }, ..sent(3) }];
    let added = all.clone();
    let (_, stored) = Outbox::update::<_, OutboxError>(&wallets, &name, |outbox| {
        added.into_iter().for_each(|sent| outbox.push(sent));
        Ok(())
    })
    .unwrap();
    assert_eq!(stored.sent(), all);
    assert_eq!(Outbox::load(&wallets, &name).unwrap(), stored);
    let path = wallets.outbox_path(&name);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen(&sent(1).txid().to_string(), &"ab".repeat(32), 1)).unwrap();
    assert!(matches!(Outbox::load(&wallets, &name), Err(OutboxError::Transaction { .. })));
    fs::write(&path, text.replacen("\"time\": 5", "\"time\": 7", 1)).unwrap();
    assert!(matches!(Outbox::load(&wallets, &name), Err(OutboxError::Damaged { .. })));
    // A list that was written before there were checksums.
    let bare: String = text
        .lines()
        .filter(|line| !line.contains("\"checksum\""))
        .fold(String::new(), |bare, line| bare + line);
    fs::write(&path, bare.replace(",  }", "}")).unwrap();
    assert_eq!(Outbox::load(&wallets, &name).unwrap(), stored);
    fs::write(&path, "[\n{}]").unwrap();
    assert!(matches!(Outbox::load(&wallets, &name), Err(OutboxError::Unreadable { line: 2, .. })));
}

#[test]
fn only_so_many_that_are_over_are_kept() {
    let over = |nonce| Sent { delivery: Delivery::Expired, ..sent(nonce) };
    let mut outbox = outbox([sent(0)].into_iter().chain((1..=150).map(over)).chain([sent(151)]));
    outbox.prune();
    let nonces: Vec<u64> = outbox.sent().iter().map(Sent::nonce).collect();
    assert_eq!(nonces, [0].into_iter().chain(51..=151).collect::<Vec<_>>());
}

#[test]
fn one_of_two_rivals_is_mined() {
    let (old, new) = (sent_at(4, 16, 0), sent_at(4, 20, 0));
    let mut outbox = outbox([old.clone(), new.clone(), sent(5)]);
    outbox.note(&old.txid(), Delivery::Replaced { by: Some(new.txid()) }, false);
    outbox.note(&old.txid(), Delivery::Mined { height: Height::new(7) }, true);
    assert_eq!(outbox.find(&new.txid()).unwrap().delivery, Delivery::Replaced { by: Some(old.txid()) });
    assert!(outbox.find(&new.txid()).unwrap().settled);
    assert!(outbox.find(&sent(5).txid()).unwrap().is_waiting());
}

#[test]
fn what_the_node_says_is_judged() {
    let tip = Height::new(100);
    let waiting = sent(4);
    let dying = sent_at(4, 16, 100);
    let note = |delivery| Verdict::Note(delivery, false);
    let pending = TxStatus::Pending { place: 1, of: 1, since: Timestamp::new(0), valid_until: 0 };
    assert_eq!(judge(&waiting, &pending, 4, tip), note(Delivery::Waiting));
    assert_eq!(judge(&waiting, &mined(90, 11), 5, tip), note(Delivery::Mined { height: Height::new(90) }));
    let settled = Verdict::Note(Delivery::Mined { height: Height::new(1) }, true);
    assert_eq!(judge(&waiting, &mined(1, SETTLED_CONFIRMATIONS), 5, tip), settled);
    assert_eq!(judge(&waiting, &TxStatus::Unknown, 4, tip), Verdict::SendAgain);
    assert_eq!(judge(&waiting, &TxStatus::Expired { dead: false }, 4, tip), Verdict::SendAgain);
    assert_eq!(judge(&waiting, &TxStatus::Expired { dead: true }, 4, tip), note(Delivery::Expired));
    assert_eq!(judge(&waiting, &TxStatus::Unknown, 5, tip), note(Delivery::Replaced { by: None }));
    // Valid until 100: the next block is 101.
    assert_eq!(judge(&dying, &TxStatus::Unknown, 4, tip), note(Delivery::Expired));
    assert_eq!(judge(&dying, &TxStatus::Unknown, 4, Height::new(99)), Verdict::SendAgain);
    // A reorganisation has taken it out of its block, and the pool has not got it back.
    let was_mined = Sent { delivery: Delivery::Mined { height: Height::new(99) }, ..sent(4) };
    assert_eq!(judge(&was_mined, &TxStatus::Unknown, 4, tip), Verdict::SendAgain);
    let given_up = Sent { delivery: Delivery::Replaced { by: None }, ..sent(4) };
    let replaced = Delivery::Replaced { by: None };
    assert_eq!(judge(&given_up, &TxStatus::Unknown, 4, tip), note(replaced.clone()));
    // Its nonce is in a block, and was the last time.
    assert_eq!(judge(&given_up, &TxStatus::Unknown, 5, tip), Verdict::Note(replaced, true));
    let long_ago = Verdict::Note(Delivery::Expired, true);
    assert_eq!(judge(&dying, &TxStatus::Expired { dead: true }, 4, Height::new(200)), long_ago);
}
