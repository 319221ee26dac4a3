//! Answers from the made-up world.

use vibecoin_tui::backend::{Reply, Request};
use vibecoin_tui::model::*;
use vibecoin_tui::safe::SafeText;

use super::sample::*;

/// Answers like a wallet on a node would, from its own made-up world.
#[derive(Debug)]
pub struct Fake {
    pub wallets: Vec<WalletInfo>,
    pub payment: Payment,
    pub prices: Prices,
    pub contacts: Vec<Contact>,
    pub refuse_plan: Option<Failure>,
    pub mining: bool,
    pub network: NetworkView,
    pub pool: PoolView,
    pub overview: Overview,
    /// The height that is proven, when the answers are servers' with proofs.
    pub remote: Option<u64>,
    pub asked: Vec<Request>,
}

impl Fake {
    pub fn answer(&mut self, request: Request) -> Result<Reply, Failure> {
        self.asked.push(request.clone());
        let reply = self.reply(request)?;
        Ok(match self.remote {
            Some(tip) => super::remote::marked(reply, tip),
            None => reply,
        })
    }

    fn reply(&mut self, request: Request) -> Result<Reply, Failure> {
        Ok(match request {
            Request::Wallets => Reply::Wallets(self.wallets.clone()),
            Request::FreshWords(WordCount::Twelve) => Reply::Words(Phrase::new(WORDS)),
            Request::FreshWords(WordCount::TwentyFour) => {
                Reply::Words(Phrase::new(&format!("{WORDS} {WORDS}")))
            }
            Request::CreateWallet(_) | Request::Overview | Request::NewAccount(_) => {
                Reply::Overview(Box::new(self.overview.clone()))
            }
            Request::WatchWallet { .. } => {
                Reply::Overview(Box::new(Overview { watch_only: true, ..self.overview.clone() }))
            }
            Request::Unlock { password, .. } if password.expose() == PASSWORD => {
                Reply::Overview(Box::new(self.overview.clone()))
            }
            Request::Unlock { .. } => return Err(Failure::new("this is not the password of this wallet")),
            Request::Lock | Request::Label { .. } => Reply::Done,
            Request::Contacts => Reply::Contacts(self.contacts.clone()),
            Request::SaveContact { name, address } => {
                let contact = Contact { name: SafeText::new(&name), address: SafeText::new(&address) };
                self.contacts.push(contact);
                Reply::Contacts(self.contacts.clone())
            }
            Request::RemoveContact(address) => {
                self.contacts.retain(|c| c.address != address);
                Reply::Contacts(self.contacts.clone())
            }
            Request::History(query) => {
                let rows = (query.skip as u64..(query.skip + query.limit) as u64).map(history_row).collect();
                Reply::History(HistoryPage { rows, more: query.skip < 200, mark: Mark::Own })
            }
            Request::Prices => Reply::Prices(self.prices),
            Request::Plan(request) => match &self.refuse_plan {
                Some(failure) => return Err(failure.clone()),
                None => Reply::Plan(Box::new(plan(&request))),
            },
            Request::PlanReplacement { txid, cancel } => {
                let request = SendRequest {
                    account: 0,
                    to: address(7).to_string(),
                    amount: SendAmount::Exact(vibe("1.5")),
                    fee: FeeChoice::Normal,
                    memo: String::new(),
                    valid_for: Some(100),
                };
                let kind = if cancel {
                    PlanKind::Cancel { replaces: txid }
                } else {
                    PlanKind::SpeedUp { replaces: txid }
                };
                Reply::Plan(Box::new(SendPlan { kind, ..plan(&request) }))
            }
            Request::Send(_) => Reply::Sent(hash(77)),
            Request::Payment(_) => Reply::Payment(self.payment),
            Request::SignMessage { message, .. } => Reply::Signed(Box::new(SignedMessage {
                address: address(1),
                message: SafeText::new(&message),
                signature: SafeText::new(&format!("{}{}{}", hash(1), hash(2), hash(3))),
            })),
            Request::VerifyMessage { signature, .. } => Reply::Verified(signature == "good"),
            Request::Blocks { below, limit } => {
                let top = below.map_or(TIP, |b| b - 1);
                Reply::Blocks((0..limit as u64).map_while(|n| top.checked_sub(n)).map(block_row).collect())
            }
            Request::Block(BlockRef::Height(height)) => Reply::Block(Box::new(block_detail(height))),
            Request::Block(BlockRef::Id(id)) => {
                let height = (0..=TIP).rev().take(2_000).find(|h| hash(*h) == id);
                Reply::Block(Box::new(block_detail(height.ok_or_else(|| Failure::new("no such block"))?)))
            }
            Request::Transaction(txid) => Reply::Transaction(Box::new(tx_detail(txid))),
            Request::Account(address) => Reply::Account(Box::new(account_detail(address))),
            Request::Forks => Reply::Forks(Forks {
                branches: (1..4)
                    .map(|n| ForkRow {
                        tip: hash(n),
                        height: TIP - n * 40,
                        branches_at: TIP - n * 40 - n,
                        length: n,
                        status: SafeText::new(if n == 3 { "header" } else { "stored" }),
                        missing: if n == 3 { 2 } else { 0 },
                    })
                    .collect(),
                reorganisations: (1..3)
                    .map(|n| ReorganisationRow {
                        time_ms: NOW_MS - n * 600_000,
                        branches_at: TIP - n * 90,
                        reverted: 30 * n + 2,
                        connected: 30 * n + 5,
                        from: hash(40 + n),
                        alarming: n == 2,
                    })
                    .collect(),
                mark: Mark::Own,
            }),
            Request::Search(text) => match text.parse::<u64>() {
                Ok(height) if height <= TIP => Reply::Found(Found::Block(Box::new(block_detail(height)))),
                _ => Reply::Found(Found::Nothing),
            },
            Request::Miner => Reply::Miner(Box::new(miner(self.mining))),
            Request::StartMiner { threads, .. } => {
                self.mining = true;
                Reply::Miner(Box::new(MinerStatus { threads, ..miner(true) }))
            }
            Request::Pool => Reply::Pool(Box::new(self.pool.clone())),
            Request::Network => Reply::Network(Box::new(self.network.clone())),
            Request::AddPeer(address) if !address.starts_with('/') => {
                return Err(Failure::new("an address begins with /ip4"));
            }
            Request::AddPeer(address) => {
                self.network.peers.push(PeerRow {
                    id: SafeText::new("12D3KooWNew"),
                    place: SafeText::new(&address),
                    outbound: true,
                    ..PeerRow::default()
                });
                Reply::Network(Box::new(self.network.clone()))
            }
            Request::Ban { who, seconds } => {
                self.network.peers.retain(|peer| peer.id != who && peer.ip.as_ref() != Some(&who));
                let until_ms = NOW_MS + seconds * 1_000;
                let reason = SafeText::default();
                self.network.bans.push(BanRow { who, until_ms, reason, by_operator: true });
                Reply::Network(Box::new(self.network.clone()))
            }
            Request::Unban(who) => {
                self.network.bans.retain(|ban| ban.who != who);
                Reply::Network(Box::new(self.network.clone()))
            }
            Request::StopMiner => {
                self.mining = false;
                Reply::Miner(Box::new(miner(false)))
            }
        })
    }
}
