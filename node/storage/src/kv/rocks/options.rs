//! RocksDB's options, one by one, and why each is as it is.

use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, DBCompressionType, DBRecoveryMode, Options, ReadOptions,
    WriteOptions,
};

use super::super::Durability;

const MIB: usize = 1 << 20;

/// Files of the first level of a column at which writes wait for compaction.
const LEVEL_ZERO_STOP: i32 = 36;

/// Limits of memory and files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RocksOptions {
    /// Bytes of the block cache that all columns share.
    pub cache_bytes: usize,
    /// Bytes of one column's write buffer. Since columns go to files together, what counts is the common limit; a
    /// lower one here makes more and smaller files.
    pub write_buffer_bytes: usize,
    /// Bytes of all write buffers together.
    pub write_buffers_total_bytes: usize,
    /// Open files.
    pub open_files_max: i32,
}

impl Default for RocksOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 64 * MIB,
            write_buffer_bytes: 48 * MIB,
            write_buffers_total_bytes: 48 * MIB,
            open_files_max: 256,
        }
    }
}

/// The database's options. `is_new`: nothing was ever stored in its folder.
pub(super) fn database(limits: &RocksOptions, is_new: bool) -> Options {
    let mut options = Options::default();
    // A folder that lost its CURRENT file must not become an empty database over what is still in it.
    options.create_if_missing(is_new);
    // Columns that a later version adds.
    options.create_missing_column_families(true);

    // Replay stops at the first record of the log that is not whole, and nothing behind it is applied: what is
    // there is always what was committed up to some moment. The torn end of a log after a power cut is the usual
    // case and opens. The milder mode (tolerate a corrupt tail) refuses a tail whose pages came out of order,
    // though nobody was promised it; the stricter one (absolute) refuses every torn tail. That the replay ended
    // early is said by the inspection before it, and what of it was acknowledged by the tip marker.
    options.set_wal_recovery_mode(DBRecoveryMode::PointInTime);
    // All columns go to files together, or none. Otherwise one column's file may be ahead of a log that is damaged
    // for another column, and then RocksDB can only refuse.
    options.set_atomic_flush(true);
    // A log file that is used again holds old records behind the new ones: another way for an end to look whole.
    options.set_recycle_log_file_num(0);
    // Every commit goes to the system at once, so that it survives the end of the process.
    options.set_manual_wal_flush(false);
    // The log is bounded: beyond this, buffers go to files and their log goes away; none is kept for archives.
    options.set_max_total_wal_size(2 * limits.write_buffers_total_bytes as u64);
    options.set_wal_ttl_seconds(0);
    options.set_wal_size_limit_mb(0);

    // Structures are checked when they are read and written, and after an error of a write there are no more.
    options.set_paranoid_checks(true);
    // fdatasync: what it leaves out are times, which nothing depends on.
    options.set_use_fsync(false);
    // The manifest is synced after every change of it, always. It begins anew at this size, so that opening never
    // reads a long one.
    options.set_max_manifest_file_size(16 * MIB);
    // Table files go to the device while they are written, not all at once at their end.
    options.set_bytes_per_sync(MIB as u64);

    // RocksDB's own diary: two files of at most 4 MiB, warnings and errors only.
    options.set_keep_log_file_num(2);
    options.set_max_log_file_size(4 * MIB);
    options.set_log_level(rocksdb::LogLevel::Warn);

    options.set_max_open_files(limits.open_files_max);
    options.set_db_write_buffer_size(limits.write_buffers_total_bytes);
    options.set_max_background_jobs(2);
    options
}

/// A column's options: the same for all, and one block cache for all of them.
pub(super) fn column(cache: &Cache, limits: &RocksOptions) -> Options {
    let mut table = BlockBasedOptions::default();
    table.set_block_cache(cache);
    // Most reads are of single rows of the state, which have no neighbours worth reading with them.
    table.set_block_size(4 * 1024);
    table.set_bloom_filter(10.0, false);
    // Indexes and filters are part of what the cache bounds. In parts, since whole ones are as large as what
    // they displace; what finds the parts stays.
    table.set_cache_index_and_filter_blocks(true);
    table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    table.set_partition_filters(true);
    table.set_pin_top_level_index_and_filter(true);
    table.set_pin_l0_filter_and_index_blocks_in_cache(true);
    table.set_format_version(5);
    let mut options = Options::default();
    options.set_block_based_table_factory(&table);
    options.set_compression_type(DBCompressionType::Lz4);
    options.set_write_buffer_size(limits.write_buffer_bytes);
    options.set_max_write_buffer_number(2);
    options.set_level_compaction_dynamic_level_bytes(true);
    // Writes are never slowed down, only stopped, so that a stop that will not end can be told (see
    // `RocksStore::commit`): at the count of files where RocksDB would stop, and at no amount of bytes before.
    options.set_level_zero_slowdown_writes_trigger(LEVEL_ZERO_STOP);
    options.set_level_zero_stop_writes_trigger(LEVEL_ZERO_STOP);
    options.set_soft_pending_compaction_bytes_limit(0);
    options
}

/// How rows are read.
pub(super) fn reading() -> ReadOptions {
    let mut options = ReadOptions::default();
    // The checksum of every block that comes from a file. Our own is over the row.
    options.set_verify_checksums(true);
    options
}

/// How a batch is committed.
pub(super) fn writing(durability: Durability) -> WriteOptions {
    let mut options = WriteOptions::default();
    options.set_sync(durability == Durability::Synced);
    // A write that would have to wait comes back instead.
    options.set_no_slowdown(true);
    options
}
