//! Announcements, transactions, addresses and requests: what anybody may say, said to do harm.

use std::collections::BTreeMap;

use vibecoin_crypto::{Hash, hash::sha256};
use vibecoin_network::endpoint::{Contact, Endpoint};
use vibecoin_network::testing::forge;
use vibecoin_network::wire::{CONTACTS_MAX, Message, RequestId, TRANSACTION_IDS_MAX};
use vibecoin_primitives::Transaction;

use super::{always, once};
use crate::case::{Case, End, Moment, Script};
use crate::honest::raw;

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("gossip_abuse", End::Banned("flood"), || {
            let mut number = 0;
            always(move |scene| {
                for _ in 0..100 {
                    number += 1;
                    scene.say(Message::AnnounceTransactions(vec![id(number)]));
                }
            })
        }),
        Case::new("announces_more_than_a_pool_holds", End::Banned("flood"), || {
            let mut number = 0;
            always(move |scene| {
                let ids = (0..TRANSACTION_IDS_MAX as u64).map(|at| id(number + at)).collect();
                number += TRANSACTION_IDS_MAX as u64;
                scene.say(Message::AnnounceTransactions(ids));
            })
        }),
        Case::new("duplicate_gossip", End::Banned("repeated"), || {
            always(|scene| {
                for _ in 0..4 {
                    scene.say(Message::AnnounceTransactions(vec![id(1)]));
                }
            })
        }),
        Case::new("duplicate_tips", End::Banned("repeated"), || {
            always(|scene| scene.say(scene.chain.announcement()))
        }),
        // One that this node chose itself is asked to push, so only the repetition is a fault there.
        Case::new("pushes_unasked", End::Banned("pushy repeated"), || {
            always(|scene| {
                // After the time for what was on its way.
                if scene.now_ms() > 15_000 {
                    scene.say(scene.chain.push());
                }
            })
        }),
        Case::new("announcements_without_data", End::Banned("flood"), || {
            transactions(32, |_| Some(Vec::new()))
        }),
        Case::new("announcements_without_answer", End::Banned("withheld"), || transactions(8, |_| None)),
        Case::new("other_transactions_than_asked", End::Banned("wrong_answer"), || {
            transactions(1, |_| Some(vec![forge::transaction(5_000_000)]))
        }),
        Case::new("invalid_transactions", End::Banned("broken_transaction"), || {
            served(forge::broken_transaction)
        }),
        Case::new(
            "nonce_gaps_and_other_unwanted_transactions",
            End::Stays("the sender cannot know what this pool wants"),
            || served(forge::unwanted_transaction),
        ),
        Case::new("unrequested_data", End::Banned("unrequested"), || {
            let mut number = 1_000;
            always(move |scene| {
                number += 1;
                let request = RequestId(number);
                let block = raw(&scene.better_block(1));
                let headers = vec![scene.chain.tip()];
                let said = match number % 3 {
                    0 => Message::Block { request, block },
                    1 => Message::Headers { request, headers },
                    _ => Message::Transactions { request, transactions: Vec::new() },
                };
                scene.say(said);
            })
        }),
        Case::new("address_flood", End::Banned("bad_contacts"), || {
            let mut number = 0;
            always(move |scene| {
                let contacts = (0..CONTACTS_MAX as u32).map(|at| contact(number + at)).collect();
                number += CONTACTS_MAX as u32;
                scene.say(Message::Contacts(contacts));
            })
        }),
        Case::new(
            "false_addresses_when_asked",
            End::Stays("who tells of others may be wrong; what it told has one range's place in the book"),
            || {
                let mut number = 0;
                Box::new(move |scene, moment| match moment {
                    Moment::Begin => scene.join(),
                    Moment::Heard(Message::GetContacts) => {
                        let contacts = (0..CONTACTS_MAX as u32).map(|at| contact(number + at)).collect();
                        number += CONTACTS_MAX as u32;
                        scene.say(Message::Contacts(contacts));
                    }
                    _ => {}
                })
            },
        ),
        Case::new("asks_for_addresses_again_and_again", End::Banned("repeated"), || {
            always(|scene| scene.say(Message::GetContacts))
        }),
        Case::new("forged_segments", End::Banned("broken_segment"), || {
            once(|scene| {
                let parent = scene.chain.tip().id();
                let ticks = vec![id(1); forge::TICKS].into();
                scene.say(Message::Segment { parent, ticks });
            })
        }),
        Case::new("segments_of_nothing", End::Banned("flood"), || {
            let mut number = 0;
            always(move |scene| {
                for _ in 0..20 {
                    number += 1;
                    let ticks = vec![id(1); forge::TICKS].into();
                    scene.say(Message::Segment { parent: id(number), ticks });
                }
            })
        }),
    ]
}

fn id(number: u64) -> Hash {
    sha256(&number.to_le_bytes())
}

/// An address of a range of its own.
fn contact(number: u32) -> Contact {
    let [_, a, b, c] = number.to_be_bytes();
    let text = format!("/ip4/{}.{b}.{c}.1/tcp/8423", 20 + a % 100);
    let endpoint: Endpoint = text.parse().expect("it is an address");
    endpoint.into()
}

/// Announces so many new ids in every step, and answers questions for them in its way; `None` is silence.
fn transactions(many: u64, answer: fn(&[Hash]) -> Option<Vec<Transaction>>) -> Script {
    let mut number = 0;
    Box::new(move |scene, moment| match moment {
        Moment::Begin => scene.join(),
        Moment::Heard(Message::GetTransactions { request, ids }) => {
            if let Some(transactions) = answer(&ids) {
                scene.say(Message::Transactions { request, transactions });
            }
        }
        Moment::Step if scene.is_connected() => {
            let ids = (0..many).map(|at| id(number + at)).collect();
            number += many;
            scene.say(Message::AnnounceTransactions(ids));
        }
        _ => {}
    })
}

/// Announces transactions of this kind in every step, and serves them.
fn served(make: fn(u64) -> Transaction) -> Script {
    let mut number = 1 << 32;
    let mut known: BTreeMap<Hash, u64> = BTreeMap::new();
    Box::new(move |scene, moment| match moment {
        Moment::Begin => scene.join(),
        Moment::Heard(Message::GetTransactions { request, ids }) => {
            let transactions = ids.iter().filter_map(|id| known.remove(id)).map(make).collect();
            scene.say(Message::Transactions { request, transactions });
        }
        Moment::Step if scene.is_connected() => {
            let numbers = number..number + 16;
            number = numbers.end;
            let ids: Vec<_> = numbers.clone().map(|number| make(number).leaf_hash()).collect();
            known.extend(ids.iter().copied().zip(numbers));
            scene.say(Message::AnnounceTransactions(ids));
        }
        _ => {}
    })
}
