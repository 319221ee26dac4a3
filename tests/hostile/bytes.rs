//! Below the messages: bytes that are none, lengths, silence, floods of pings and streams.

use std::time::Duration;

use futures_util::{AsyncReadExt, AsyncWriteExt};
use vibecoin_network::wire::{Kind, Message, encode};
use vibecoin_swarm::testing::{Stranger, SubstreamBox, write};

use super::peer::{hello, modest};
use super::site::Site;
use super::{Case, End};

pub fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "garbage",
            end: End::Banned("what is no message"),
            script: |site| Box::pin(says(site, vec![0xff; 64])),
        },
        Case {
            name: "huge_length",
            end: End::Banned("what is no message"),
            script: |site| Box::pin(says(site, head(Kind::Compact, u32::MAX))),
        },
        Case {
            name: "oversize_block",
            end: End::Banned("what is no message"),
            script: |site| {
                let bytes = Kind::Compact.bytes_max(&site.limits()) as u32 + 1;
                Box::pin(says(site, head(Kind::Compact, bytes)))
            },
        },
        Case {
            name: "speaks_before_the_handshake",
            end: End::Banned("what is no message"),
            script: |site| {
                Box::pin(async move {
                    let stranger = visit(&site).await;
                    let mut talk = stranger.lane("talk").await;
                    write(&mut talk, &encode(&Message::GetContacts)).await;
                    until_closed(&mut talk).await;
                })
            },
        },
        Case {
            name: "ping_flood",
            end: End::Banned("busy with what is no message"),
            script: |site| Box::pin(pings(site)),
        },
        Case {
            name: "stream_flood",
            end: End::Banned("busy with what is no message"),
            script: |site| Box::pin(streams(site)),
        },
    ]
}

/// Those that take many seconds.
pub fn slow_cases() -> Vec<Case> {
    vec![
        Case { name: "slow_drip", end: End::Banned("too slowly"), script: |site| Box::pin(drips(site)) },
        Case {
            name: "says_nothing",
            end: End::Parted,
            script: |site| {
                Box::pin(async move {
                    let stranger = visit(&site).await;
                    let mut talk = stranger.lane("talk").await;
                    until_closed(&mut talk).await;
                })
            },
        },
    ]
}

async fn visit(site: &Site) -> Stranger {
    let stranger = Stranger::visit(&site.victim, &site.network).await;
    site.known_as(stranger.id);
    stranger
}

/// A stranger that has said hello, and its talk lane.
async fn introduced(site: &Site) -> (Stranger, SubstreamBox) {
    let stranger = visit(site).await;
    let mut talk = stranger.lane("talk").await;
    write(&mut talk, &encode(&hello(site.genesis, modest(site)))).await;
    (stranger, talk)
}

/// Reads until the other side has ended the connection.
async fn until_closed(stream: &mut SubstreamBox) {
    let mut scrap = [0; 4_096];
    while stream.read(&mut scrap).await.is_ok_and(|read| read > 0) {}
}

fn head(kind: Kind, length: u32) -> Vec<u8> {
    [&[kind.number()], length.to_le_bytes().as_slice()].concat()
}

async fn says(site: Site, bytes: Vec<u8>) {
    let (_stranger, mut talk) = introduced(&site).await;
    write(&mut talk, &bytes).await;
    until_closed(&mut talk).await;
}

async fn drips(site: Site) {
    let (_stranger, mut talk) = introduced(&site).await;
    write(&mut talk, &head(Kind::GetHeaders, 1_000)).await;
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if talk.write_all(&[0]).await.is_err() || talk.flush().await.is_err() {
            return;
        }
    }
}

async fn pings(site: Site) {
    let (stranger, _talk) = introduced(&site).await;
    let (mut pongs, mut pings) = stranger.stream("/ipfs/ping/1.0.0").await.split();
    let read = async {
        let mut scrap = [0; 4_096];
        while pongs.read(&mut scrap).await.is_ok_and(|read| read > 0) {}
    };
    let write = async { while pings.write_all(&[7; 32 * 64]).await.is_ok() {} };
    tokio::join!(read, write);
}

async fn streams(site: Site) {
    let (stranger, _talk) = introduced(&site).await;
    while let Some(mut stream) = stranger.bare_stream().await {
        // What is refused is tried again.
        let _ = stream.write_all(b"\x13/multistream/1.0.0\n\x09/nothing\n").await;
        let _ = stream.close().await;
    }
}
