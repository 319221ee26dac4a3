//! The made-up world: addresses, blocks, a wallet.

use vibecoin_primitives::{Address, AddressPrefix, Amount};
use vibecoin_tui::model::*;
use vibecoin_tui::safe::SafeText;

pub const NOW_MS: u64 = 1_796_148_249_000;
pub const INTERVAL_MS: u64 = 1_000;
pub const TIP: u64 = 12_408;
pub const WORDS: &str = "legal winner thank year wave sausage worth useful legal winner thank yellow";
pub const PASSWORD: &str = "correct horse battery";

pub fn prefix() -> AddressPrefix {
    AddressPrefix::new("dvibe").unwrap()
}

/// An address made of one byte.
pub fn address(seed: u8) -> SafeText {
    let bytes: [u8; 20] =
        std::array::from_fn(|i| seed.wrapping_mul(37).wrapping_add((i as u8).wrapping_mul(91) ^ seed));
    SafeText::new(&Address::new(bytes).encode(prefix()))
}

/// Something like a hash.
pub fn hash(seed: u64) -> SafeText {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let text: String = (0..64)
        .map(|_| {
            x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from_digit((x >> 60) as u32, 16).unwrap()
        })
        .collect();
    SafeText::new(&text)
}

pub fn vibe(text: &str) -> Amount {
    text.parse().unwrap()
}

/// A wave between 0 and 1, so that charts have something to show.
fn wave(n: u64) -> f64 {
    let x = n as f64;
    let noise = (n.wrapping_mul(0x9e37_79b9) >> 7 & 0xff) as f64 / 255.0;
    ((x / 17.0).sin() * 0.35 + (x / 5.3).sin() * 0.15 + 0.5) * 0.7 + noise * 0.3
}

pub fn block_row(height: u64) -> BlockRow {
    let own = height.is_multiple_of(3);
    let busy = wave(height);
    let tx_count = if height.is_multiple_of(7) { 0 } else { (busy * busy * 400.0) as u64 };
    BlockRow {
        height,
        id: hash(height),
        time_ms: NOW_MS - (TIP.saturating_sub(height)) * INTERVAL_MS - 300
            + (wave(height + 3) * 250.0) as u64,
        interval_ms: 800 + (wave(height + 9) * 500.0) as u64,
        tx_count,
        gas_used: tx_count * 21_000,
        gas_limit: 10_000_000,
        miner: if own { address(1) } else { address(40 + (height % 5) as u8) },
        own,
        work: 12e6 * (0.8 + busy * 0.4),
        mark: Mark::Own,
    }
}

pub fn history_row(n: u64) -> HistoryRow {
    let confirmations = n * 31;
    let (kind, amount, counterparty, name, memo, label): (_, _, _, _, Option<&str>, Option<&str>) = match n
        % 6
    {
        0 => (HistoryKind::Sent, "1.5", Some(address(7)), Some("Ada"), Some("lunch on Tuesday"), None),
        1 => (HistoryKind::Mined, "2.000336", None, None, None, None),
        2 => (
            HistoryKind::Received,
            "48",
            Some(address(9)),
            None,
            Some("for the bicycle"),
            Some("sold the old one"),
        ),
        3 => (HistoryKind::Moved, "100", Some(address(2)), Some("savings"), None, None),
        4 => (HistoryKind::Received, "0.000000021", Some(address(11)), None, Some("dust \u{202e}evil"), None),
        _ => (HistoryKind::Sent, "12.25", Some(address(12)), None, None, Some("rent")),
    };
    let status = match n {
        0 => PaymentStatus::Pending { place: Some(3) },
        1..3 => PaymentStatus::Mined { height: TIP - n + 1, confirmations: n, done: true },
        _ => PaymentStatus::Mined { height: TIP - confirmations, confirmations, done: true },
    };
    HistoryRow {
        kind,
        account: (n % 2) as u32,
        amount: vibe(amount),
        fee: if matches!(kind, HistoryKind::Sent | HistoryKind::Moved) {
            vibe("0.000336")
        } else {
            Amount::ZERO
        },
        counterparty,
        name: name.map(SafeText::new),
        txid: (kind != HistoryKind::Mined).then(|| hash(1_000 + n)),
        status,
        time_ms: Some(NOW_MS - n * n * 9_000 - 2_000),
        memo: memo.map(SafeText::new),
        label: label.map(SafeText::new),
        mark: Mark::Own,
    }
}

pub fn overview() -> Overview {
    let account = |index: u32, name: &str, spendable: &str, maturing: &str| AccountRow {
        index,
        name: SafeText::new(name),
        address: address(index as u8 + 1),
        spendable: vibe(spendable),
        maturing: vibe(maturing),
        incoming: Amount::ZERO,
        outgoing: if index == 0 { vibe("1.500336") } else { Amount::ZERO },
    };
    Overview {
        name: SafeText::new("main"),
        watch_only: false,
        accounts: vec![account(0, "everyday", "104.5", "48.002016"), account(1, "savings", "1100", "0")],
        next_maturity: Some(Maturing { mined_at: TIP - 96, spendable_at: TIP + 4, amount: vibe("2.000336") }),
        recent: (0..30).map(history_row).collect(),
        height: TIP,
        mark: Mark::Own,
        pending_mark: Mark::Own,
    }
}

pub fn status() -> ChainStatus {
    ChainStatus {
        network: SafeText::new("devnet"),
        height: TIP,
        tip_time_ms: NOW_MS,
        sync: SyncState::Synced,
        peers: Some((8, 3)),
        pace: Pace::Paced { interval_ms: INTERVAL_MS },
        target_interval_ms: INTERVAL_MS,
        trust: Trust::FullNode,
        poh: Some(Poh { hashes_per_second: 15.6e6, segment_ms: 410.0, segment_hashes: 6_400_000 }),
        kept: Some(Kept { disk_bytes: 48_300_000, archive: false, states_from: TIP - 512, ticks_from: 0 }),
        warnings: Vec::new(),
        alarm: None,
    }
}

pub fn miner(running: bool) -> MinerStatus {
    MinerStatus {
        running,
        threads: 1,
        threads_max: 8,
        hash_rate: None,
        beneficiary: running.then(|| address(1)),
        blocks_found: if running { 312 } else { 0 },
        last_found: running.then_some((TIP, NOW_MS - 400)),
        poh: status().poh,
        maturing: (0..24)
            .map(|n| Maturing {
                mined_at: TIP - 96 + n * 4,
                spendable_at: TIP + 4 + n * 4,
                amount: vibe("2.000336"),
            })
            .collect(),
        unavailable: None,
    }
}

pub fn prices() -> Prices {
    Prices { low: 16, normal: 18, high: 32, minimum: 16, mark: Mark::Own }
}

pub fn contacts() -> Vec<Contact> {
    [("Ada", 7), ("Grace", 20), ("Hedy", 21), ("the bakery", 22)]
        .map(|(name, seed)| Contact { name: SafeText::new(name), address: address(seed) })
        .to_vec()
}

pub fn block_detail(height: u64) -> BlockDetail {
    let row = block_row(height);
    let transactions = (0..row.tx_count.min(40))
        .map(|n| TxRow {
            txid: hash(height * 1_000 + n),
            from: address((n % 9) as u8 + 1),
            to: Some(address((n % 11) as u8 + 5)),
            value: Amount::from_beats(1_500_000_000 + n * 250_000_000),
            fee: vibe("0.000336"),
            done: true,
        })
        .collect();
    BlockDetail {
        parent: hash(height - 1),
        state_root: hash(height + 1_000_001),
        tx_root: hash(height + 2_000_001),
        receipts_root: hash(height + 3_000_001),
        poh_hash: hash(height + 4_000_001),
        history_root: hash(height + 5_000_001),
        bits: SafeText::new("207fffff"),
        nonce: 3,
        size_bytes: 41_500,
        reward: vibe("2.000336"),
        reward_at: height + 100,
        confirmations: TIP - height + 1,
        transactions,
        row,
    }
}

pub fn tx_detail(txid: SafeText) -> TxDetail {
    TxDetail {
        row: TxRow {
            txid,
            from: address(1),
            to: Some(address(7)),
            value: vibe("1.5"),
            fee: vibe("0.000592"),
            done: true,
        },
        status: PaymentStatus::Mined { height: TIP - 2, confirmations: 3, done: true },
        block: Some(hash(TIP - 2)),
        time_ms: Some(NOW_MS - 2_000),
        position: Some(4),
        nonce: 17,
        valid_until: TIP + 98,
        gas_limit: 21_256,
        gas_used: Some(21_256),
        gas_price: 16,
        size_bytes: 238,
        memo: Some(SafeText::new("lunch on Tuesday")),
        mark: Mark::Own,
        receipt: Mark::Own,
    }
}

pub fn account_detail(address: SafeText) -> AccountDetail {
    AccountDetail {
        name: Some(SafeText::new("Ada")),
        own: false,
        balance: vibe("4210.75"),
        nonce: 92,
        activity_count: 1_204,
        has_code: false,
        mark: Mark::Own,
        entries: (1..40).map(history_row).collect(),
        address,
    }
}

pub fn plan(request: &SendRequest) -> SendPlan {
    let gas = 21_000 + 16 * request.memo.len() as u64;
    let fee = Amount::from_beats(gas * 16);
    let before = vibe("104.5");
    let amount = match request.amount {
        SendAmount::Exact(amount) => amount,
        SendAmount::Max => before.checked_sub(fee).unwrap(),
    };
    SendPlan {
        id: 7,
        kind: PlanKind::Payment,
        account: request.account,
        account_name: SafeText::new("everyday"),
        from: address(1),
        to: SafeText::new(&request.to),
        to_name: contacts().into_iter().find(|c| c.address.as_str() == request.to).map(|c| c.name),
        amount,
        fee,
        gas_price: 16,
        gas,
        memo: (!request.memo.is_empty()).then(|| SafeText::new(&request.memo)),
        valid_until: request.valid_for.map_or(0, |n| TIP + n),
        nonce: 18,
        balance_before: before,
        balance_after: before.saturating_sub(amount).saturating_sub(fee),
        mark: Mark::Own,
        warnings: Vec::new(),
    }
}

/// A node's id as libp2p writes them.
pub fn node_id(seed: u8) -> SafeText {
    SafeText::new(&format!("12D3KooW9pNAk8aiBuGVQtWRdbkLmo5qVL3e2h5UxbN2Nz9tt{:03}", seed))
}

pub fn peer_row(seed: u8) -> PeerRow {
    let outbound = seed < 3;
    let ip = match seed {
        2 => "2001:db8:85a3:8d3:1319:8a2e:370:7348".to_owned(),
        _ => format!("203.0.113.{seed}"),
    };
    let (place, address) = match seed {
        2 => (format!("[{ip}]:28423 quic"), format!("/ip6/{ip}/udp/28423/quic-v1")),
        _ => (format!("{ip}:28423"), format!("/ip4/{ip}/tcp/28423")),
    };
    let fault = |points, reason: &str| FaultRow {
        time_ms: NOW_MS - 200_000 - u64::from(points) * 3_000,
        reason: SafeText::new(reason),
        points,
    };
    let faults = match seed {
        1 => vec![
            fault(20, "a header whose target is not the difficulty's"),
            fault(5, "an answer nobody asked for"),
        ],
        6 => vec![fault(50, "a block whose body is not its header's")],
        _ => Vec::new(),
    };
    PeerRow {
        id: node_id(seed),
        place: SafeText::new(&place),
        address: SafeText::new(&address),
        ip: (seed != 5).then(|| SafeText::new(&ip)),
        outbound,
        kind: SafeText::new(if seed == 1 { "a short look" } else { "everything" }),
        relay: (seed == 5).then(|| node_id(99)),
        agent: SafeText::new(if seed == 4 { "\u{1b}[31mvibe\u{202e}coin" } else { "vibecoin/0.1.0" }),
        capabilities: SafeText::new("full, state"),
        height: (seed != 7).then_some(TIP - u64::from(seed / 4)),
        latency_ms: (seed != 7).then_some(f64::from(seed) * 31.0 + 4.4),
        since_ms: NOW_MS - u64::from(seed + 1) * 1_900_000,
        bytes: (412_000 * u64::from(seed + 1), 93_000 * u64::from(8 - seed)),
        kinds: [
            ("blocks", 300_000, 12_000),
            ("transactions", 80_000, 61_000),
            ("headers", 9_000, 14_000),
            ("segments", 2_000, 1_500),
        ]
        .map(|(kind, received, sent)| (SafeText::new(kind), received, sent))
        .to_vec(),
        score: (faults.iter().map(|fault| fault.points).sum(), 100),
        faults,
        in_flight: SafeText::new(if seed == 1 { "16 bodies" } else { "" }),
        last: Some((SafeText::new("headers"), NOW_MS - 2_000)),
    }
}

pub fn network() -> NetworkView {
    let known = |address: &str, how: &str| (SafeText::new(address), SafeText::new(how));
    NetworkView {
        absent: None,
        unavailable: None,
        own: OwnNode {
            id: node_id(200),
            reach: SafeText::new("public: others reach this node"),
            reachable: Reach::Good,
            router: SafeText::new("the router has opened a port"),
            addresses: vec![
                known("/ip4/198.51.100.7/tcp/28423", "opened by the router"),
                known("/ip6/2001:db8::7/udp/28423/quic-v1", "confirmed by a peer"),
            ],
            outbound: (3, 10),
            inbound: (5, 64),
            known: (312, 1_204),
            bytes: (12_400_000, 3_100_000),
            paused: false,
        },
        sync: SyncRow::default(),
        peers: (0..8).map(peer_row).collect(),
        bans: vec![
            BanRow {
                who: node_id(50),
                until_ms: NOW_MS + 80_000_000,
                reason: SafeText::new("a wrong signature"),
                by_operator: false,
            },
            BanRow {
                who: SafeText::new("192.0.2.0/24"),
                until_ms: NOW_MS + 4_000_000,
                reason: SafeText::new("spam"),
                by_operator: true,
            },
        ],
        goodbyes: vec![
            GoodbyeRow {
                id: node_id(60),
                place: SafeText::new("192.0.2.61:28423"),
                time_ms: NOW_MS - 61_000,
                reason: SafeText::new("it has too many peers"),
                banned: false,
            },
            GoodbyeRow {
                id: node_id(61),
                place: SafeText::new("192.0.2.62:28423"),
                time_ms: NOW_MS - 7_000_000,
                reason: SafeText::new("too many requests"),
                banned: true,
            },
        ],
    }
}

/// Blocks being caught up with.
pub fn sync_row() -> SyncRow {
    SyncRow {
        what: Some(SafeText::new("blocks")),
        at: TIP,
        to: 20_000,
        done: 0.62,
        rate: Some(SafeText::new("412/s")),
        eta_s: Some(18),
        servers: 3,
        stalling: 1,
    }
}

pub fn syncing() -> ChainStatus {
    let sync = SyncState::Syncing { target: 20_000, done: Some(0.62), eta_s: Some(18) };
    ChainStatus { sync, ..status() }
}

/// A pool of which the next block takes two thirds.
pub fn pool() -> PoolView {
    let rows = (0..30)
        .map(|n| PoolRow {
            txid: hash(5_000 + n),
            from: if n == 4 { address(1) } else { address(n as u8 + 40) },
            to: (n != 9).then(|| address(if n == 12 { 2 } else { n as u8 + 90 })),
            value: vibe(if n % 3 == 0 { "1204.5" } else { "0.25" }),
            price: 140 - n * 4,
            gas: 21_000 + n * 100,
            size_bytes: 168,
            since_ms: NOW_MS - n * 1_700,
            own: n == 4 || n == 12,
            block: u32::from(n >= 20),
        })
        .collect();
    PoolView {
        transactions: 1_204,
        senders: 311,
        bytes: 202_272,
        memory: (481_000, 64_000_000),
        price_min: 16,
        block_gas: 600_000,
        block_bytes: 8_388_608,
        rows,
        mark: Mark::Own,
    }
}
