use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use proptest::prelude::*;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use vibecoin_crypto::Hash;
use vibecoin_primitives::{DecodeError, Height, Transaction, Work};

use super::kind::HANDSHAKE_BYTES_MAX;
use super::*;
use crate::endpoint::{Contact, DnsName, Endpoint, Host, NodeId, Transport};
use crate::testing::forge;

const LIMITS: WireLimits = forge::limits();

fn hash(rng: &mut SmallRng) -> Hash {
    Hash::new(rng.random())
}

fn hashes(rng: &mut SmallRng, most: usize) -> Vec<Hash> {
    (0..rng.random_range(0..=most)).map(|_| hash(rng)).collect()
}

fn transactions(rng: &mut SmallRng, most: usize) -> Vec<Transaction> {
    let transaction = |rng: &mut SmallRng| {
        let mut transaction = forge::transaction(rng.random());
        transaction.body.data = vec![rng.random(); rng.random_range(0..40)];
        if rng.random() {
            transaction.body.to = None;
        }
        transaction
    };
    (0..rng.random_range(0..=most)).map(|_| transaction(rng)).collect()
}

fn head(rng: &mut SmallRng) -> HeaderRecord {
    forge::head(&forge::child(&forge::head(&forge::genesis()), rng.random(), Vec::new()))
}

fn contact(rng: &mut SmallRng) -> Contact {
    let address = SocketAddr::from((Ipv4Addr::from_bits(rng.random()), rng.random_range(1..=u16::MAX)));
    let transport = if rng.random() { Transport::Tcp } else { Transport::Quic };
    let endpoint = Endpoint::of_socket(address, transport).expect("the port is not 0");
    Contact { node: rng.random::<bool>().then(|| NodeId::new(rng.random())), endpoint }
}

/// The longest contact there is.
fn long_contact() -> Contact {
    let label = "a".repeat(62);
    let name = format!("{label}.{label}.{label}.{}.{}", "a".repeat(59), "cc");
    let name = name.parse::<DnsName>().expect("a name of 251 characters");
    let endpoint = Endpoint::new(Host::Dns(name), 8_423, Transport::Tcp).expect("the port is not 0");
    Contact { node: Some(NodeId::new([7; 32])), endpoint }
}

/// A message of a kind, with what chance puts into it.
fn message(kind: Kind, rng: &mut SmallRng) -> Message {
    let request = RequestId(rng.random());
    let block = |rng: &mut SmallRng| {
        forge::child(&forge::head(&forge::genesis()), rng.random(), transactions(rng, 4))
    };
    match kind {
        Kind::Hello => Message::Hello(Box::new(Hello {
            version: rng.random(),
            genesis_id: hash(rng),
            capabilities: Capabilities(rng.random()),
            tip: TipClaim { id: hash(rng), height: Height::new(rng.random()), work: Work::new(rng.random()) },
            agent: "a".repeat(rng.random_range(0..=64)),
        })),
        Kind::Goodbye => Message::Goodbye(Goodbye::Stale),
        Kind::GetContacts => Message::GetContacts,
        Kind::Contacts => Message::Contacts((0..rng.random_range(0..9)).map(|_| contact(rng)).collect()),
        Kind::Tip => Message::Tip { head: Box::new(head(rng)), work: Work::new(rng.random()) },
        Kind::GetHeaders => {
            Message::GetHeaders { request, locator: hashes(rng, LOCATOR_MAX), limit: rng.random() }
        }
        Kind::Headers => {
            Message::Headers { request, headers: (0..rng.random_range(0..5)).map(|_| head(rng)).collect() }
        }
        Kind::GetBlocks => Message::GetBlocks { request, ids: hashes(rng, BLOCKS_MAX) },
        Kind::Block => {
            let block = RawBlock::new(block(rng).encode()).expect("it has a header");
            Message::Block { request, block }
        }
        Kind::PushCompact => Message::PushCompact(rng.random()),
        Kind::GetCompact => Message::GetCompact(hash(rng)),
        Kind::Compact => {
            let transactions = transactions(rng, 3).into_iter();
            let prefilled =
                transactions.zip(0..).map(|(transaction, index)| Prefilled { index, transaction });
            Message::Compact(Arc::new(CompactBlock {
                head: head(rng),
                ticks: hashes(rng, forge::TICKS),
                nonce: rng.random(),
                short_ids: (0..rng.random_range(0..9)).map(|_| rng.random()).collect(),
                prefilled: prefilled.collect(),
            }))
        }
        Kind::GetBlockTransactions => {
            let ascending = (0..rng.random_range(0..9)).map(|place| place * 7).collect();
            Message::GetBlockTransactions { request, block: hash(rng), indexes: ascending }
        }
        Kind::BlockTransactions => Message::BlockTransactions { request, transactions: transactions(rng, 4) },
        Kind::AnnounceTransactions => Message::AnnounceTransactions(hashes(rng, 9)),
        Kind::GetTransactions => Message::GetTransactions { request, ids: hashes(rng, 9) },
        Kind::Transactions => Message::Transactions { request, transactions: transactions(rng, 4) },
        Kind::Segment => Message::Segment { parent: hash(rng), ticks: hashes(rng, forge::TICKS).into() },
        Kind::GetStateChunk => {
            Message::GetStateChunk { request, block: hash(rng), start: hash(rng), bytes_max: rng.random() }
        }
        Kind::StateChunk => {
            let chunk = vec![rng.random(); rng.random_range(0..99)];
            Message::StateChunk { request, chunk: chunk.into() }
        }
        Kind::Refused => Message::Refused { request, refusal: Refusal::Busy },
    }
}

fn read(frame: &[u8]) -> Result<Message, WireError> {
    let (start, body) = frame.split_first_chunk::<FRAME_HEAD_BYTES>().expect("a whole head");
    let head = FrameHead::read(*start, &LIMITS, true)?;
    assert_eq!(head.body_bytes, body.len());
    decode(head.kind, body, &LIMITS)
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop::sample::select(Kind::ALL.to_vec())
}

proptest! {
    #[test]
    fn every_message_comes_back_as_it_went(kind in kinds(), seed: u64) {
        let message = message(kind, &mut SmallRng::seed_from_u64(seed));
        let frame = encode(&message);
        prop_assert_eq!(message.kind(), kind);
        prop_assert_eq!(encoded_bytes(&message), frame.len());
        prop_assert_eq!(read(&frame), Ok(message));
    }

    #[test]
    fn whatever_is_read_has_one_encoding(kind in kinds(), body in prop::collection::vec(any::<u8>(), 0..600)) {
        if let Ok(message) = decode(kind, &body, &LIMITS) {
            prop_assert_eq!(&encode(&message)[FRAME_HEAD_BYTES..], body.as_slice());
        }
    }

    #[test]
    fn a_flipped_bit_is_another_message_or_none(kind in kinds(), seed: u64, place: prop::sample::Index, bit in 0..8_u8) {
        let message = message(kind, &mut SmallRng::seed_from_u64(seed));
        let mut body = encode(&message).split_off(FRAME_HEAD_BYTES);
        prop_assume!(!body.is_empty());
        let place = place.index(body.len());
        body[place] ^= 1 << bit;
        if let Ok(other) = decode(kind, &body, &LIMITS) {
            prop_assert_eq!(&encode(&other)[FRAME_HEAD_BYTES..], body.as_slice());
            prop_assert_ne!(other, message);
        }
    }

    #[test]
    fn what_is_cut_or_continued_is_no_message(kind in kinds(), seed: u64, place: prop::sample::Index) {
        // Two kinds carry bytes of any length, which are read elsewhere.
        prop_assume!(!matches!(kind, Kind::Block | Kind::StateChunk));
        let body = encode(&message(kind, &mut SmallRng::seed_from_u64(seed))).split_off(FRAME_HEAD_BYTES);
        if !body.is_empty() {
            let cut = &body[..place.index(body.len())];
            prop_assert_eq!(decode(kind, cut, &LIMITS), Err(WireError::Body { kind, error: DecodeError::Malformed }));
        }
        let mut long = body;
        long.push(0);
        prop_assert_eq!(
            decode(kind, &long, &LIMITS),
            Err(WireError::Body { kind, error: DecodeError::TrailingBytes(1) })
        );
    }

    #[test]
    fn a_list_that_claims_to_be_endless_costs_nothing(kind in kinds(), seed: u64, place: prop::sample::Index) {
        let mut body = encode(&message(kind, &mut SmallRng::seed_from_u64(seed))).split_off(FRAME_HEAD_BYTES);
        prop_assume!(body.len() >= 4);
        // Wherever a count stands, it is hit sooner or later; 2^32 items of 32 bytes could not be had.
        let place = place.index(body.len() - 3);
        body[place..place + 4].copy_from_slice(&[0xff; 4]);
        let _ = decode(kind, &body, &LIMITS);
    }
}

#[test]
fn counts_are_not_believed() {
    let endless = u32::MAX.to_le_bytes();
    let after = |bytes: usize| [vec![0; bytes], endless.to_vec(), vec![0; 64]].concat();
    let cases = [
        (Kind::Contacts, after(0)),
        (Kind::GetHeaders, after(4)),
        (Kind::Headers, after(4)),
        (Kind::GetBlocks, after(4)),
        (Kind::Compact, after(HeaderRecord::BYTES)),
        (Kind::GetBlockTransactions, after(36)),
        (Kind::BlockTransactions, after(4)),
        (Kind::AnnounceTransactions, after(0)),
        (Kind::GetTransactions, after(4)),
        (Kind::Transactions, after(4)),
        (Kind::Segment, after(32)),
    ];
    for (kind, body) in cases {
        let expected = Err(WireError::Body { kind, error: DecodeError::Malformed });
        assert_eq!(decode(kind, &body, &LIMITS), expected);
    }
}

#[test]
fn kinds_have_their_numbers_and_names_to_themselves() {
    for (number, kind) in (0..).zip(Kind::ALL) {
        assert_eq!(kind.number(), number);
        assert_eq!(Kind::of_number(number), Some(kind));
    }
    assert_eq!(Kind::of_number(21), None);
    let mut names: Vec<_> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Kind::ALL.len());
}

#[test]
fn a_length_is_refused_before_anything_is_allocated_for_it() {
    for kind in Kind::ALL {
        let head = |bytes: usize| {
            let length = u32::try_from(bytes).expect("limits are far below 4 GiB").to_le_bytes();
            [kind.number(), length[0], length[1], length[2], length[3]]
        };
        let bytes_max = kind.bytes_max(&LIMITS);
        assert_eq!(
            FrameHead::read(head(bytes_max), &LIMITS, true),
            Ok(FrameHead { kind, body_bytes: bytes_max })
        );
        assert_eq!(
            FrameHead::read(head(bytes_max + 1), &LIMITS, true),
            Err(WireError::TooLong { kind, bytes: bytes_max + 1, bytes_max })
        );
        let before = FrameHead::read(head(0), &LIMITS, false);
        if kind.is_handshake() {
            assert!(before.is_ok() && bytes_max <= HANDSHAKE_BYTES_MAX);
        } else {
            assert_eq!(before, Err(WireError::BeforeHandshake(kind)));
        }
    }
    let unknown = FrameHead::read([21, 0, 0, 0, 0], &LIMITS, true);
    assert_eq!(unknown, Err(WireError::UnknownKind(21)));
}

/// The longest message of a kind that an honest node has reason to send.
fn longest(kind: Kind) -> Message {
    let rng = &mut SmallRng::seed_from_u64(1);
    let request = RequestId(u32::MAX);
    let ids = |count: usize| vec![Hash::new([9; 32]); count];
    let mut short = forge::transaction(1);
    short.body.to = None;
    let count = LIMITS.block_bytes / short.encoded_len();
    let full = vec![short; count];
    match kind {
        Kind::Hello => Message::Hello(Box::new(Hello {
            version: 1,
            genesis_id: hash(rng),
            capabilities: Capabilities(u32::MAX),
            tip: TipClaim { id: hash(rng), height: Height::new(1), work: Work::new(1) },
            agent: "a".repeat(64),
        })),
        Kind::Contacts => Message::Contacts(vec![long_contact(); CONTACTS_MAX]),
        Kind::GetHeaders => Message::GetHeaders { request, locator: ids(LOCATOR_MAX), limit: 1 },
        Kind::Headers => Message::Headers { request, headers: vec![head(rng); HEADERS_MAX] },
        Kind::GetBlocks => Message::GetBlocks { request, ids: ids(BLOCKS_MAX) },
        Kind::Block => {
            let block = forge::child(&head(rng), 1, full);
            Message::Block { request, block: RawBlock::new(block.encode()).expect("it has a header") }
        }
        Kind::Compact => {
            let prefilled = full.into_iter().zip(0..);
            Message::Compact(Arc::new(CompactBlock {
                head: head(rng),
                ticks: ids(LIMITS.ticks),
                nonce: u64::MAX,
                short_ids: Vec::new(),
                prefilled: prefilled.map(|(transaction, index)| Prefilled { index, transaction }).collect(),
            }))
        }
        Kind::GetBlockTransactions => Message::GetBlockTransactions {
            request,
            block: hash(rng),
            indexes: (0..).take(LIMITS.transactions_max()).collect(),
        },
        Kind::BlockTransactions => Message::BlockTransactions { request, transactions: full },
        Kind::AnnounceTransactions => Message::AnnounceTransactions(ids(TRANSACTION_IDS_MAX)),
        Kind::GetTransactions => Message::GetTransactions { request, ids: ids(TRANSACTION_IDS_MAX) },
        Kind::Transactions => {
            let count = TRANSACTIONS_BYTES_MAX / full[0].encoded_len();
            let count = count.min(TRANSACTION_IDS_MAX);
            Message::Transactions { request, transactions: full[..count].to_vec() }
        }
        Kind::Segment => Message::Segment { parent: hash(rng), ticks: ids(LIMITS.ticks).into() },
        Kind::StateChunk => Message::StateChunk { request, chunk: vec![0; STATE_CHUNK_BYTES_MAX].into() },
        Kind::Goodbye
        | Kind::GetContacts
        | Kind::Tip
        | Kind::PushCompact
        | Kind::GetCompact
        | Kind::GetStateChunk
        | Kind::Refused => message(kind, rng),
    }
}

#[test]
fn the_longest_message_of_every_kind_is_not_too_long() {
    for kind in Kind::ALL {
        let message = longest(kind);
        assert_eq!(read(&encode(&message)).as_ref(), Ok(&message), "{}", kind.name());
    }
}

#[test]
fn places_in_a_block_ascend() {
    let request = RequestId(1);
    for indexes in [vec![3, 3], vec![3, 2]] {
        let message = Message::GetBlockTransactions { request, block: Hash::new([1; 32]), indexes };
        let body = encode(&message).split_off(FRAME_HEAD_BYTES);
        let kind = Kind::GetBlockTransactions;
        let expected = Err(WireError::Body { kind, error: DecodeError::Malformed });
        assert_eq!(decode(kind, &body, &LIMITS), expected);
    }
}

#[test]
fn lists_are_bounded_by_number() {
    let ids = |count: usize| vec![Hash::new([9; 32]); count];
    let request = RequestId(1);
    let transactions = vec![forge::transaction(1); TRANSACTION_IDS_MAX + 1];
    let mut hello = message(Kind::Hello, &mut SmallRng::seed_from_u64(1));
    if let Message::Hello(hello) = &mut hello {
        hello.agent = "a".repeat(65);
    }
    let cases = [
        (hello, 64),
        (Message::Contacts(vec![contact(&mut SmallRng::seed_from_u64(1)); CONTACTS_MAX + 1]), CONTACTS_MAX),
        (Message::GetHeaders { request, locator: ids(LOCATOR_MAX + 1), limit: 0 }, LOCATOR_MAX),
        (Message::GetBlocks { request, ids: ids(BLOCKS_MAX + 1) }, BLOCKS_MAX),
        (Message::AnnounceTransactions(ids(TRANSACTION_IDS_MAX + 1)), TRANSACTION_IDS_MAX),
        (Message::GetTransactions { request, ids: ids(TRANSACTION_IDS_MAX + 1) }, TRANSACTION_IDS_MAX),
        (Message::Transactions { request, transactions }, TRANSACTION_IDS_MAX),
        (Message::Segment { parent: Hash::new([1; 32]), ticks: ids(LIMITS.ticks + 1).into() }, LIMITS.ticks),
    ];
    for (message, most) in cases {
        let body = encode(&message).split_off(FRAME_HEAD_BYTES);
        let kind = message.kind();
        let expected = Err(WireError::TooMany { kind, found: most + 1, most });
        assert_eq!(decode(kind, &body, &LIMITS), expected);
    }
}
