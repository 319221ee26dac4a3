//! Every type that is encoded: what decodes encodes to the same bytes, and what is encoded decodes to itself.

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::prelude::*;
use vibecoin_crypto::{Hash, PublicKey, Signature};

use super::*;
use crate::{
    Account, Address, Amount, Bits, Block, Content, Entry, EntryKind, Header, Height, Log, Receipt, Reward,
    Status, Timestamp, Transaction, TransactionBody, Work,
};

/// How bytes are spoiled: a bit at a place, bytes cut off, bytes put behind.
type Spoil = (prop::sample::Index, u8, prop::sample::Index, Vec<u8>);

fn spoil() -> impl Strategy<Value = Spoil> {
    (any::<prop::sample::Index>(), 0..8_u8, any::<prop::sample::Index>(), vec(any::<u8>(), 1..40))
}

/// Whatever bytes are accepted are the encoding of what was read.
fn accepts_only_encodings<T: BorshSerialize + BorshDeserialize>(bytes: &[u8]) -> Result<bool, TestCaseError> {
    match decode::<T>(bytes) {
        Ok(value) => {
            prop_assert_eq!(encode(&value), bytes);
            Ok(true)
        }
        Err(_) => Ok(false),
    }
}

/// A value and its encoding are one to one, also around it.
fn one_to_one<T>(value: &T, (at, bit, cut, behind): &Spoil) -> Result<(), TestCaseError>
where
    T: BorshSerialize + BorshDeserialize + PartialEq + Debug,
{
    let bytes = encode(value);
    prop_assert_eq!(&decode::<T>(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?, value);
    let mut other = bytes.clone();
    other[at.index(bytes.len())] ^= 1 << bit;
    if let Ok(read) = decode::<T>(&other) {
        prop_assert_ne!(&read, value);
        prop_assert_eq!(encode(&read), other);
    }
    prop_assert_eq!(decode::<T>(&bytes[..cut.index(bytes.len())]), Err(DecodeError::Malformed));
    let longer = [bytes.as_slice(), behind.as_slice()].concat();
    prop_assert_eq!(decode::<T>(&longer), Err(DecodeError::TrailingBytes(behind.len())));
    Ok(())
}

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash::new)
}

fn address() -> impl Strategy<Value = Address> {
    any::<[u8; 20]>().prop_map(Address::new)
}

fn amount() -> impl Strategy<Value = Amount> {
    any::<u64>().prop_map(Amount::from_beats)
}

fn height() -> impl Strategy<Value = Height> {
    any::<u64>().prop_map(Height::new)
}

fn time() -> impl Strategy<Value = Timestamp> {
    any::<u64>().prop_map(Timestamp::new)
}

fn header() -> impl Strategy<Value = Header> {
    (hash(), hash(), any::<u32>(), height(), time(), time(), any::<u32>(), any::<u64>()).prop_map(
        |(history_root, content_root, version, height, prev_time, time, bits, nonce)| Header {
            history_root,
            content_root,
            version,
            height,
            prev_time,
            time,
            bits: Bits::new(bits),
            nonce,
        },
    )
}

fn content() -> impl Strategy<Value = Content> {
    ([hash(), hash(), hash()], [hash(), hash(), hash()], address(), any::<u64>(), any::<u32>()).prop_map(
        |(
            [parent_id, state_root, tx_root],
            [receipts_root, poh_root, poh_hash],
            beneficiary,
            gas_used,
            tx_count,
        )| {
            Content {
                parent_id,
                state_root,
                tx_root,
                receipts_root,
                poh_root,
                poh_hash,
                beneficiary,
                gas_used,
                tx_count,
            }
        },
    )
}

fn transaction() -> impl Strategy<Value = Transaction> {
    let counted = (any::<u8>(), any::<u32>(), any::<u64>(), any::<u64>(), any::<u64>(), any::<u64>());
    let moved = (prop::option::of(address()), amount(), vec(any::<u8>(), 0..50));
    (counted, moved, any::<[u8; 32]>(), any::<[u8; 64]>()).prop_map(
        |(
            (version, chain_id, nonce, valid_until, gas_limit, gas_price),
            (to, value, data),
            key,
            signature,
        )| {
            let body = TransactionBody {
                version,
                chain_id,
                nonce,
                valid_until,
                gas_limit,
                gas_price,
                to,
                value,
                data,
                public_key: PublicKey(key),
            };
            Transaction { body, signature: Signature(signature) }
        },
    )
}

fn block() -> impl Strategy<Value = Block> {
    (header(), content(), vec(hash(), 0..4), vec(transaction(), 0..4))
        .prop_map(|(header, content, ticks, transactions)| Block { header, content, ticks, transactions })
}

fn receipt() -> impl Strategy<Value = Receipt> {
    let status = prop_oneof![Just(Status::Failed), Just(Status::Done)];
    let log = (address(), vec(hash(), 0..3), vec(any::<u8>(), 0..20))
        .prop_map(|(address, topics, data)| Log { address, topics, data });
    (status, any::<u64>(), prop::option::of(address()), vec(log, 0..3))
        .prop_map(|(status, gas_used, contract, logs)| Receipt { status, gas_used, contract, logs })
}

fn entry() -> impl Strategy<Value = Entry> {
    use EntryKind::*;
    let kinds = [
        Sent,
        Received,
        MinedReward,
        ContractCall,
        ContractCreate,
        ReceivedFromContract,
        SentByContract,
        Failed,
    ];
    let place = (any::<u64>(), height(), any::<u32>(), prop::sample::select(kinds.to_vec()));
    (place, address(), amount(), amount(), hash()).prop_map(
        |((index, height, tx_index, kind), counterparty, amount, fee, txid)| Entry {
            index,
            height,
            tx_index,
            kind,
            counterparty,
            amount,
            fee,
            txid,
        },
    )
}

fn account() -> impl Strategy<Value = Account> {
    (any::<u64>(), amount(), hash(), any::<u64>(), hash(), height()).prop_map(
        |(nonce, balance, code_hash, activity_count, activity_head, activity_height)| Account {
            nonce,
            balance,
            code_hash,
            activity_count,
            activity_head,
            activity_height,
        },
    )
}

fn reward() -> impl Strategy<Value = Reward> {
    (height(), address(), amount()).prop_map(|(height, beneficiary, amount)| Reward {
        height,
        beneficiary,
        amount,
    })
}

proptest! {
    #[test]
    fn structures_and_their_encodings_are_one_to_one(
        (header, content, block, transaction) in (header(), content(), block(), transaction()),
        (receipt, entry, account, reward) in (receipt(), entry(), account(), reward()),
        spoil in spoil(),
    ) {
        one_to_one(&header, &spoil)?;
        one_to_one(&content, &spoil)?;
        one_to_one(&block, &spoil)?;
        one_to_one(&transaction, &spoil)?;
        one_to_one(&transaction.body, &spoil)?;
        one_to_one(&receipt, &spoil)?;
        one_to_one(&entry, &spoil)?;
        one_to_one(&account, &spoil)?;
        one_to_one(&reward, &spoil)?;
        prop_assert_eq!(header.to_bytes().to_vec(), encode(&header));
        prop_assert_eq!(encode(&content).len(), Content::BYTES);
        prop_assert_eq!(transaction.encode().len(), transaction.encoded_len());
    }

    #[test]
    fn numbers_and_their_encodings_are_one_to_one(
        (number, wide, word) in (any::<u64>(), any::<u128>(), any::<u32>()),
        (key, signature) in (any::<[u8; 32]>(), any::<[u8; 64]>()),
        spoil in spoil(),
    ) {
        one_to_one(&Amount::from_beats(number), &spoil)?;
        one_to_one(&Height::new(number), &spoil)?;
        one_to_one(&Timestamp::new(number), &spoil)?;
        one_to_one(&Work::new(wide), &spoil)?;
        one_to_one(&Bits::new(word), &spoil)?;
        one_to_one(&Hash::new(key), &spoil)?;
        one_to_one(&PublicKey(key), &spoil)?;
        one_to_one(&Signature(signature), &spoil)?;
        prop_assert_eq!(encode(&Amount::from_beats(number)), number.to_le_bytes());
        prop_assert_eq!(encode(&Work::new(wide)), wide.to_le_bytes());
    }

    /// Any bytes, and bytes of small numbers, which look like tags and lengths more often.
    #[test]
    fn whatever_decodes_encodes_back(
        bytes in prop_oneof![vec(any::<u8>(), 0..400), vec(0..4_u8, 0..400)],
        exact in vec(any::<u8>(), 120),
    ) {
        accepts_only_encodings::<Block>(&bytes)?;
        accepts_only_encodings::<Transaction>(&bytes)?;
        accepts_only_encodings::<TransactionBody>(&bytes)?;
        accepts_only_encodings::<Receipt>(&bytes)?;
        accepts_only_encodings::<Entry>(&bytes)?;
        // What has a fixed length and no tag is any bytes of that length.
        prop_assert!(accepts_only_encodings::<Header>(&exact[..Header::BYTES])?);
        prop_assert!(accepts_only_encodings::<Account>(&exact[..96])?);
        prop_assert!(accepts_only_encodings::<Reward>(&exact[..36])?);
        prop_assert!(!accepts_only_encodings::<Header>(&exact)?);
    }

    #[test]
    fn the_id_of_a_header_changes_with_each_of_its_bits(header in header()) {
        let bytes = header.to_bytes();
        let mut ids = std::collections::BTreeSet::from([header.id()]);
        for bit in 0..8 * Header::BYTES {
            let mut other = bytes;
            other[bit / 8] ^= 1 << (bit % 8);
            let other: Header = decode(&other).unwrap();
            prop_assert!(ids.insert(other.id()), "bit {}", bit);
        }
    }
}

#[test]
fn a_count_that_the_bytes_cannot_hold_takes_no_memory() {
    // 2^32 - 1 ticks, topics or bytes of data are announced, and none follows.
    let mut block = vec![0; Header::BYTES + Content::BYTES];
    block.extend([0xff; 4]);
    assert_eq!(decode::<Block>(&block), Err(DecodeError::Malformed));
    assert_eq!(decode::<Vec<Hash>>(&[0xff; 4]), Err(DecodeError::Malformed));
    assert_eq!(decode::<Vec<u8>>(&[0xff; 4]), Err(DecodeError::Malformed));
    assert_eq!(decode::<Vec<Log>>(&[0xff; 4]), Err(DecodeError::Malformed));
}
