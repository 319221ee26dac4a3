use proptest::prelude::*;
use vibecoin_primitives::Network;

use super::*;

fn read(bytes: &[u8]) -> Vec<Result<Vec<u8>, FileError>> {
    BlockReader::new(bytes, &Network::Devnet.spec()).take(100).collect()
}

proptest! {
    #[test]
    fn records_read_back_and_a_cut_is_noticed(records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 1..9)) {
        let mut file = Vec::new();
        for record in &records {
            write_block(&mut file, record).unwrap();
        }
        let back: Vec<_> = read(&file).into_iter().map(Result::unwrap).collect();
        prop_assert_eq!(&back, &records);
        file.pop();
        let cut = BlockReader::new(file.as_slice(), &Network::Devnet.spec()).find_map(Result::err);
        prop_assert!(matches!(cut, Some(FileError::Truncated { .. })), "{cut:?}");
    }
}

#[test]
fn a_length_beyond_every_block_is_refused_before_it_is_allocated() {
    let error = read(&u32::MAX.to_le_bytes()).remove(0).unwrap_err();
    assert!(matches!(error, FileError::TooLong { index: 0, length: 4_294_967_295, .. }), "{error}");
}

#[test]
fn a_whole_record_beyond_every_block_is_cut_and_the_next_is_read() {
    let max = record_bytes_max(&Network::Devnet.spec());
    let mut file = Vec::new();
    write_block(&mut file, &vec![7; max as usize + 9]).unwrap();
    write_block(&mut file, b"next").unwrap();
    let lengths: Vec<u64> = read(&file).into_iter().map(|record| record.unwrap().len() as u64).collect();
    assert_eq!(lengths, [max, 4]);
}
