//! The backend before servers that are away, or that say what they like.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use vibecoin_client::Vault;
use vibecoin_client::light::face::LightFace;
use vibecoin_client::light::journal::Entry;
use vibecoin_client::light::server::{ServerUrl, Transport};
use vibecoin_client::light::servers::{AssignmentSecret, Servers};
use vibecoin_client::light::{Evidence, Options};
use vibecoin_client::wallets::Wallets;
use vibecoin_primitives::Network;

use futures_util::StreamExt;

use super::*;

/// What no screen may ever show.
const THEIRS: &str = "call +1 555 0100 for your prize";

/// A folder that goes with its test.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("vibecoin-tui-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A server that answers every question with this body.
fn answering(status: &'static str, body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut question = [0; 4_096];
            let _ = stream.read(&mut question);
            let head = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(body.as_bytes());
        }
    });
    url
}

/// A port where nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

struct Scene {
    _folder: Folder,
    light: Arc<LightClient>,
    backend: ClientBackend,
}

fn before(urls: &[String]) -> Scene {
    let folder = Folder::new();
    let spec = Network::Devnet.spec();
    let urls: Vec<ServerUrl> = urls.iter().map(|url| ServerUrl::parse(url).unwrap()).collect();
    let secret = AssignmentSecret::from_bytes([7; 32]);
    let servers = Arc::new(Servers::new(&urls, &Transport::default(), secret, false).unwrap());
    let options = Options::new(&spec, Arc::new(now));
    let light = Arc::new(LightClient::open(spec.clone(), servers, options).unwrap());
    let vault = Arc::new(Vault::new(Wallets::new(folder.0.clone()), NetworkFacts::new("devnet", &spec)));
    let wallet =
        Arc::new(WalletService::light(vault, Arc::new(LightFace::new(Arc::clone(&light), "devnet"))));
    let options =
        ClientOptions { lock_after: LockAfter::Never, own_node: false, light: Some(Arc::clone(&light)) };
    let backend = ClientBackend::new(wallet, None, options);
    Scene { _folder: folder, light, backend }
}

fn address() -> String {
    Address::new([5; 20]).encode(Network::Devnet.spec().address_prefix)
}

#[tokio::test]
async fn a_wallet_opens_without_any_server() {
    let scene = before(&[nobody(), nobody()]);
    let overview = scene.backend.watch_wallet("seen".to_owned(), address()).await.unwrap();
    assert_eq!((overview.mark, overview.accounts.len()), (Mark::Unknown, 1));
    assert_eq!(overview.accounts[0].address.as_str(), address());
    // What is missing is asked for again, and its lack is told in words.
    let failure = scene.backend.overview().await.unwrap_err();
    assert!(failure.words.as_str().contains("no chain has been proven yet"), "{failure:?}");
    assert!(scene.light.sync().await.is_err());
    let view = remote::Watcher::new(Arc::clone(&scene.light)).look(&[Address::new([5; 20])]);
    assert_eq!((view.standing, view.in_use()), (Standing::Unreachable, (0, 2)));
    assert_eq!(view.proven, None);
    assert!(view.servers.iter().all(|server| server.state == ServerState::Silent));
    assert_eq!(
        view.servers.iter().map(|server| server.addresses).sum::<usize>(),
        1,
        "one learns one address"
    );
}

#[tokio::test]
async fn no_word_of_a_server_reaches_a_screen() {
    let error = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":-32000,"message":"{THEIRS}"}}}}"#);
    let typed = format!(
        r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":-32001,"message":"{THEIRS}","data":{{"kind":"busy","reason":"{THEIRS}"}}}}}}"#
    );
    let result = format!(r#"{{"jsonrpc":"2.0","id":1,"result":"{THEIRS}"}}"#);
    let urls = [
        answering("200 OK", error),
        answering("200 OK", typed),
        answering("200 OK", result),
        answering("503 Busy", THEIRS.to_owned()),
    ];
    let scene = before(&urls);
    let mut said = Vec::new();
    for _ in 0..2 {
        said.push(format!("{:?}", scene.light.sync().await.map_err(|error| error.to_string())));
    }
    let overview = scene.backend.watch_wallet("seen".to_owned(), address()).await.unwrap();
    assert_eq!(overview.mark, Mark::Unknown);
    let txid = SafeText::new(&"ab".repeat(32));
    for failure in [
        scene.backend.overview().await.map(drop),
        scene.backend.payment(txid.clone()).await.map(drop),
        scene.backend.transaction(txid).await.map(drop),
        scene.backend.block(BlockRef::Height(3)).await.map(drop),
        scene.backend.blocks(None, 5).await.map(drop),
        scene.backend.account(SafeText::new(&address())).await.map(drop),
        scene.backend.search("7".to_owned()).await.map(drop),
        scene.backend.pool().await.map(drop),
        scene.backend.prices().await.map(drop),
        scene.backend.forks().await.map(drop),
        scene.backend.history(HistoryQuery { account: None, skip: 0, limit: 9 }).await.map(drop),
    ] {
        said.push(format!("{failure:?}"));
    }
    let view = remote::Watcher::new(Arc::clone(&scene.light)).look(&[]);
    assert_eq!(view.proven, None);
    assert_ne!(view.standing, Standing::Following);
    said.push(format!("{view:?}"));
    for words in said {
        assert!(!words.contains("prize") && !words.contains("555"), "{words}");
    }
}

#[tokio::test]
async fn what_happens_is_told_without_a_node() {
    let scene = before(&[nobody()]);
    let mut events = scene.backend.events();
    let first = events.next().await.unwrap();
    let Event::Remote(view) = first else { panic!("{first:?}") };
    assert_eq!(view.standing, Standing::Asking);
    assert!(scene.light.sync().await.is_err());
    loop {
        match events.next().await.unwrap() {
            Event::Remote(view) if view.standing == Standing::Unreachable => break,
            Event::Remote(_) | Event::Log(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn every_kind_of_evidence_is_told_whole_and_escaped() {
    let (id, evil) = (Hash::new([0xab; 32]), "\u{202e}evil\u{1b}[2J".to_owned());
    let all = [
        Evidence::Unproven { id, work: evil.clone(), times: 3 },
        Evidence::FalseChain { error: evil.clone() },
        Evidence::FutureTip { time: Timestamp::new(90_000), now: Timestamp::new(1_000) },
        Evidence::Fork { fork_height: Height::new(7), id, work: evil.clone(), ours: id },
        Evidence::DeepFork { fork_height: Height::new(7), id, work: evil.clone() },
        Evidence::Reorganised { fork_height: Some(Height::new(7)), from: id, to: id, reverted: 75 },
        Evidence::Reorganised { fork_height: None, from: id, to: id, reverted: 300 },
        Evidence::FalseValue { height: Height::new(7), error: evil.clone() },
        Evidence::NotRelayed { txid: id, blocks: 3 },
        Evidence::PohFault { id, height: Height::new(7), tick: 4 },
    ];
    for evidence in all {
        let about_nobody = matches!(evidence, Evidence::Reorganised { .. });
        let server = (!about_nobody).then(|| format!("http://127.0.0.1:1/{evil}"));
        let entry = Entry { time: Timestamp::new(5), server, evidence };
        let row = disagreements::row(&entry);
        assert_eq!(row.said.is_empty(), about_nobody, "{row:?}");
        assert!(!row.about.is_empty() && !row.outcome.is_empty(), "{row:?}");
        let shown = format!("{row:?}");
        assert!(!shown.contains('\u{202e}') && !shown.contains('\u{1b}'), "{shown}");
        if let Some(fault) = disagreements::fault(&entry) {
            assert!(!fault.words.as_str().contains('\u{1b}'), "{fault:?}");
        }
        assert_eq!(disagreements::depth(&[entry]).is_some(), about_nobody);
    }
}
