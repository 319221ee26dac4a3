//! The table of methods. Everything else about the API follows from it.

use futures_util::stream::BoxStream;

use vibecoin_crypto::Hash;
use vibecoin_primitives::{Amount, Height, Timestamp};

use crate::error::ApiError;
use crate::table::{Access, Kind, Method, Param, api, schema_of};
use crate::types::*;

/// A subscription's items. It ends when the node stops, the connection breaks, or the reader is too slow; whoever
/// still wants to know subscribes again and asks for the present state first.
pub type ApiStream<T> = BoxStream<'static, T>;

api! {
    /// What anybody may ask a node, or tell it. The node answers in the same process; [`RpcClient`] over the wire.
    ///
    /// [`RpcClient`]: crate::client::RpcClient
    trait NodeApi, access Public, table NODE_METHODS, registered by register_node;
    calls {
        /// The block that the node holds for the best.
        chain_tip() -> Tip;
        /// The header and the content of a block, by height on the active chain or by id on any branch.
        chain_header(block: BlockRef) -> HeaderInfo;
        /// A block with its transactions.
        chain_block(block: BlockRef) -> BlockInfo;
        /// A whole block as hex of its Borsh encoding, ticks included.
        chain_raw_block(block: BlockRef) -> HexBytes;
        /// A transaction with its receipt, its block, its position, its confirmations and its Merkle path. One that
        /// still waits in the pool has no block.
        chain_tx(txid: Hash) -> TxDetail;
        /// What a text may mean: a height, a block id, a txid, an address.
        chain_search(text: String) -> Vec<SearchHit>;
        /// Averages over the last `window` blocks of the active chain (by default 100, at most 10,000).
        chain_stats([window: u64]) -> ChainStats;
        /// The Proof of History segment that a block carries.
        chain_poh(block: BlockRef) -> PohSegment;
        /// The branches beside the active chain, and the newest reorganisations.
        chain_forks() -> ForksReport;
        /// Where every beat is: balances, reward ring, burned; and whether the sum is what was issued.
        chain_supply() -> Supply;

        /// An account after the tip, or after the active block at `height`.
        state_account(address: AddressText, [height: Height]) -> AccountInfo;
        /// An account, and storage slots of it, with proofs against the state root of a block.
        state_proof(address: AddressText, [slots: Vec<Hash>, height: Height]) -> StateProof;
        /// The activity entries of an account, newest first: those with an index below `before` (by default all),
        /// at most `limit` of them (by default 50, at most 1,000).
        account_history(address: AddressText, [before: u64, limit: u32]) -> HistoryPage;

        /// Takes a signed transaction (hex of its encoding) into the pool. An answer means that the transaction
        /// survives a crash of the node.
        tx_submit(transaction: HexBytes) -> TxAccepted;
        /// Where a transaction is.
        tx_status(txid: Hash) -> TxStatus;
        /// The price of gas, in beats, that would have a transaction mined within 1, 3 and 10 blocks.
        tx_fees() -> FeePrices;

        /// How full the pool is.
        mempool_info() -> MempoolInfo;
        /// What waits, in the order in which it would be mined: at most `limit` (by default 100, at most 1,000).
        mempool_list([limit: u32]) -> Vec<MempoolTx>;

        /// What the miner does.
        miner_status() -> MinerStatus;

        /// The node among its peers: who it is, how it is reached, what it has sent, how far synchronisation is.
        net_info() -> NetInfo;

        /// The node, its network, how far it is, and what it keeps.
        node_info() -> NodeInfo;
        /// Whether the node works, and what ails it if it does not.
        node_health() -> NodeHealth;
        /// The Proof of History generator.
        poh_status() -> PohStatus;

        /// A block that the node stands by before it is questioned: by default the tip, else any whose header stood
        /// the rules, with its content, its work and the peaks of its history.
        light_tip([id: Hash]) -> LightTip;
        /// The proof that the chain below a tip has its work, for 32 fresh bytes that the caller has drawn: the
        /// last `last` headers (at most 2,048) and those that `draws` draws (at most 64) of each octave hit.
        light_prove(tip_id: Hash, seed: Hash, last: u32, draws: u32) -> LightProof;
        /// The headers of the active chain after the last block that it shares with the chain of `from_id`, at most
        /// `limit` of them (by default, and at most, 2,000).
        light_headers(from_id: Hash, [limit: u32]) -> LightHeaders;
        /// The header of a height below a tip, with the path that proves it under the tip's history root.
        light_ancestor(tip_id: Hash, height: Height) -> LightAncestor;
        /// The proof that the Proof of History segment of a block is false, if the node refused the block for it.
        light_poh_fault(block: Hash) -> LightPohFault;
    }
    streams {
        /// Every new tip; the present one first.
        chain_subscribe_tip(), ended by chain_unsubscribe_tip -> Tip;
        /// The account, now and whenever a block or the pool changes it.
        account_subscribe(address: AddressText), ended by account_unsubscribe -> AccountInfo;
        /// What enters and leaves the pool.
        mempool_subscribe(), ended by mempool_unsubscribe -> MempoolEvent;
        /// What `light_headers` answers, now and whenever the tip changes; each time after the last header that was
        /// told before. At most a hundred headers at once; the rest follows without waiting.
        light_subscribe(from_id: Hash), ended by light_unsubscribe -> LightHeaders;
    }
}

api! {
    /// What only the operator may do: every method asks for the cookie of the data directory.
    trait OperatorApi, access Cookie, table OPERATOR_METHODS, registered by register_operator;
    calls {
        /// Takes a whole block, as hex of its Borsh encoding, through the door of every block.
        chain_submit(block: HexBytes) -> Submitted;
        /// Work for a miner outside the node: a header to vary the nonce of. Paid to `beneficiary`, or else to
        /// whom the node's own miner pays.
        miner_template([beneficiary: AddressText]) -> Template;
        /// The nonce that solves a template, and the time if it was changed.
        miner_submit(template: Hash, nonce: u64, [time: Timestamp]) -> Submitted;
        /// Starts mining to `beneficiary` (by default the one of the last start) on `threads` threads.
        miner_start([beneficiary: AddressText, threads: u32]) -> MinerStatus;
        /// Stops mining.
        miner_stop() -> MinerStatus;
        /// The peers that the node is connected to, and what it thinks of them.
        net_peers() -> Vec<PeerInfo>;
        /// Tells the node of a peer, to be dialled at once.
        net_add(address: PeerAddress) -> NetAdded;
        /// Bans a node, an address, or a range of addresses, by default for a day and without a reason. Whoever it
        /// names is disconnected, and neither dialled nor taken until then.
        net_ban(who: BanTarget, [seconds: u64, reason: String]) -> BanInfo;
        /// Ends a ban, and answers what it was.
        net_unban(who: BanTarget) -> BanInfo;
        /// The bans in force, and the goodbyes of peers that wanted nothing more of this node.
        net_bans() -> NetBans;

        /// Stops the node in order. The answer comes before the end.
        node_stop() -> Stopping;

        /// Mines `blocks` blocks at once, to `beneficiary` or to whom the miner pays. Only where the chain spec
        /// does not retarget; so are the other dev methods.
        dev_mine(blocks: u32, [beneficiary: AddressText]) -> DevMined;
        /// Sends `amount` to an address from an account of the public test mnemonic.
        dev_faucet(address: AddressText, amount: Amount) -> TxAccepted;
        /// Moves the clock of this process by `ms` milliseconds forward.
        dev_warp(ms: u64) -> DevClock;
        /// Remembers the tip, to be returned to by `dev_revert`.
        dev_snapshot() -> DevSnapshot;
        /// Returns to a snapshot, by default the newest; later snapshots are forgotten.
        dev_revert([snapshot: u64]) -> Tip;
    }
    streams {
        /// The node's log, line by line, from the most recent ones on.
        node_logs(), ended by node_logs_end -> LogLine;
    }
}

/// Every method of the API but `rpc.discover`, which describes them.
pub fn methods() -> impl Iterator<Item = &'static Method> {
    NODE_METHODS.iter().chain(OPERATOR_METHODS)
}
