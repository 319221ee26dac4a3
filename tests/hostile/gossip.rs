//! News that is of no use: too much of it, always the same, without having been asked for, addresses.

use std::time::Duration;

use vibecoin_crypto::{Hash, hash::sha256};
use vibecoin_network::endpoint::Contact;
use vibecoin_network::wire::{CONTACTS_MAX, Message, RequestId};

use super::peer::{Peer, hello, modest};
use super::site::Site;
use super::{Case, End};

/// Between two rounds of an offender.
pub const MOMENT: Duration = Duration::from_millis(50);

pub fn cases() -> Vec<Case> {
    vec![
        Case { name: "wrong_network", end: End::Parted, script: |site| Box::pin(wrong_network(site)) },
        Case {
            name: "gossip_abuse",
            end: End::Banned("faster than allowed"),
            script: |site| Box::pin(announcements(site, 200, false)),
        },
        Case {
            name: "duplicate_gossip",
            end: End::Banned("repeated"),
            script: |site| Box::pin(announcements(site, 8, true)),
        },
        Case {
            name: "reconnect_loop",
            end: End::Banned("again and again"),
            script: |site| Box::pin(reconnects(site)),
        },
        Case {
            name: "unrequested_data",
            end: End::Banned("nobody asked for"),
            script: |site| {
                Box::pin(async move {
                    Peer::join(site).await.repeat(MOMENT, |round| vec![unasked(round)]).await;
                })
            },
        },
        Case {
            name: "address_flood",
            end: End::Banned("addresses that are of no use"),
            script: |site| {
                Box::pin(async move {
                    Peer::join(site).await.repeat(MOMENT, |round| vec![addresses(round)]).await;
                })
            },
        },
        Case {
            name: "names_an_honest_address_and_misbehaves",
            end: End::Banned("nobody asked for"),
            script: |site| Box::pin(names_the_honest(site)),
        },
    ]
}

/// Those that may stay.
pub fn patient_cases() -> Vec<Case> {
    vec![Case {
        name: "stale_tip",
        end: End::Stays,
        script: |site| {
            Box::pin(async move {
                let nothing = |question| match question {
                    Message::GetHeaders { request, .. } => {
                        vec![Message::Headers { request, headers: Vec::new() }]
                    }
                    _ => Vec::new(),
                };
                Peer::join(site).await.serve(nothing).await;
            })
        },
    }]
}

/// A hash of nothing in particular.
pub fn id(number: u64) -> Hash {
    sha256(&number.to_be_bytes())
}

async fn wrong_network(site: Site) {
    let mut peer = Peer::new(site);
    assert!(peer.connect().await);
    let tip = modest(&peer.site);
    peer.say(hello(id(1), tip)).await;
    while peer.next().await.is_some() {}
}

async fn announcements(site: Site, many: u64, same: bool) {
    let number = move |round: u64, at: u64| if same { 0 } else { round * many + at };
    let announce = |round| {
        (0..many).map(|at| Message::AnnounceTransactions(vec![id(number(round, at))])).collect::<Vec<_>>()
    };
    Peer::join(site).await.repeat(Duration::from_millis(100), announce).await;
}

async fn reconnects(site: Site) {
    let mut peer = Peer::new(site);
    while peer.connect().await {
        peer.leave().await;
    }
}

fn unasked(round: u64) -> Message {
    Message::Headers { request: RequestId(round as u32 + 900), headers: Vec::new() }
}

fn addresses(round: u64) -> Message {
    let contact = |at: usize| -> Contact {
        let text = format!("/ip4/{}.{}.{}.1/tcp/8423", 20 + round % 100, at / 250, at % 250);
        vibecoin_swarm::parse_contact(&text).unwrap()
    };
    Message::Contacts((0..CONTACTS_MAX).map(contact).collect())
}

/// Tells the address and the id of an honest node as its own, and then deserves a ban.
async fn names_the_honest(site: Site) {
    let honest = site.honest.clone();
    let say = |round| vec![Message::Contacts(vec![honest.clone()]), unasked(round)];
    Peer::join(site).await.repeat(MOMENT, say).await;
}
