//! Lies about the chain. Each time an honest server stands beside the liar, and each time the honest chain is taken,
//! the liar is found out, and the words are ours.

use serde_json::{Value, json};
use vibecoin_rpc::ApiError;

use super::standing::Stand;
use super::*;

/// What a lie about the chain must lead to.
struct Outcome {
    stand: Stand,
    distrusted: bool,
    noted: fn(&Evidence) -> bool,
}

const UNPROVEN: fn(&Evidence) -> bool = |evidence| matches!(evidence, Evidence::Unproven { .. });
const FALSE_CHAIN: fn(&Evidence) -> bool = |evidence| matches!(evidence, Evidence::FalseChain { .. });

/// A liar with a heavier claim before an honest server.
async fn against(lie: impl Fn(&str, Reply) -> Reply + Send + Sync + 'static, expected: Outcome) -> Bench {
    let honest_chain = Chain::new().grow(30, 1);
    let (liar, honest) =
        (Remote::of(&honest_chain.clone().grow(3, 9)).await, Remote::of(&honest_chain).await);
    let bench = Bench::of(&[&liar, &honest]);
    bench.at(&liar.node.lock().chain.clone());
    liar.lies(lie);
    let head = bench.client.sync().await.unwrap();
    assert_eq!(head.id, honest_chain.tip().id, "the honest chain is taken");
    assert_eq!(bench.stand(0), expected.stand);
    assert_eq!(bench.health(0) == Health::Distrusted, expected.distrusted);
    assert_eq!(bench.stand(1), Stand::Agrees);
    let blamed = bench.blamed(expected.noted);
    assert!(!blamed.is_empty() && blamed.iter().all(|url| *url == liar.url().as_str()), "{blamed:?}");
    for entry in bench.client.disagreements(usize::MAX) {
        assert!(!entry.evidence.to_string().contains("own words"));
    }
    // Whoever lied about the chain is not asked for a value.
    let asked = liar.node.lock().asked.len();
    bench.client.account(&address(1)).await.unwrap();
    if expected.distrusted {
        assert_eq!(liar.node.lock().asked.len(), asked);
    }
    bench
}

/// Lets everything but following through the honest way, so that only proofs can be lied about.
fn but_for(method: &'static str, lie: fn(Reply) -> Reply) -> impl Fn(&str, Reply) -> Reply + Send + Sync {
    move |asked, reply| match asked {
        asked if asked == method => lie(reply),
        // It does not get its chain in by the other door.
        "light_headers" => Reply::Refuses(ApiError::Stopping),
        _ => reply,
    }
}

#[tokio::test]
async fn silence_after_the_seed_is_a_failed_proof() {
    let outcome = Outcome { stand: Stand::Silent, distrusted: false, noted: UNPROVEN };
    let bench = against(
        |asked, reply| match asked {
            "light_prove" => Reply::Silence,
            "light_headers" => Reply::Refuses(ApiError::Stopping),
            _ => reply,
        },
        outcome,
    )
    .await;
    assert_eq!(bench.noted(UNPROVEN), 1);
}

#[tokio::test]
async fn a_refusal_after_the_seed_is_a_failed_proof_and_its_words_stay_out() {
    let refuse = |_| Reply::Refuses(ApiError::Busy { reason: "<<the server's own words>>".to_owned() });
    let outcome = Outcome { stand: Stand::Silent, distrusted: false, noted: UNPROVEN };
    against(but_for("light_prove", refuse), outcome).await;
}

#[tokio::test]
async fn three_failed_proofs_are_enough() {
    let chain = Chain::new().grow(30, 1);
    let liar = Remote::of(&chain).await;
    let bench = Bench::of(&[&liar]);
    liar.lies(|asked, reply| match asked {
        "light_prove" => Reply::Refuses(ApiError::Stopping),
        _ => reply,
    });
    for _ in 0..5 {
        bench.client.sync().await.unwrap_err();
    }
    assert_eq!(liar.asked("light_prove"), sync::UNPROVEN_MAX as usize, "every try is another draw");
    assert_eq!(bench.health(0), Health::Distrusted);
    liar.is_honest_again();
    bench.client.sync().await.unwrap_err();
}

#[tokio::test]
async fn a_false_proof_ends_all_trust() {
    let flip = |reply: Reply| {
        reply.map(|value| {
            let proof = value["proof"].as_str().unwrap().to_owned();
            let middle = proof.len() / 2;
            let digit = if proof.as_bytes()[middle] == b'0' { "1" } else { "0" };
            value["proof"] = format!("{}{digit}{}", &proof[..middle], &proof[middle + 1..]).into();
        })
    };
    let empty = |reply: Reply| reply.map(|value| value["proof"] = "00000000".into());
    let cut = |reply: Reply| {
        reply.map(|value| {
            let proof = value["proof"].as_str().unwrap().to_owned();
            value["proof"] = proof[..proof.len() - 2].into();
        })
    };
    let lies: [fn(Reply) -> Reply; 3] = [flip, empty, cut];
    for lie in lies {
        let outcome = Outcome { stand: Stand::Refuted, distrusted: true, noted: FALSE_CHAIN };
        let bench = against(but_for("light_prove", lie), outcome).await;
        assert_eq!(bench.noted(UNPROVEN), 1);
    }
}

#[tokio::test]
async fn the_proof_of_another_tip_is_a_change_of_mind() {
    let chain = Chain::new().grow(30, 1);
    let (claimed, proven) = (chain.clone().grow(3, 8), chain.clone().grow(3, 9));
    let (liar, honest) = (Remote::of(&claimed).await, Remote::of(&chain).await);
    let bench = Bench::of(&[&liar, &honest]);
    bench.at(&claimed);
    // It claims one tip and proves the other, whatever the seed.
    let other = Node::new(proven);
    liar.lies(move |asked, reply| match asked {
        "light_prove" => {
            let question = json!([other.chain.tip().id, Hash::new([3; 32]), 16, 8]);
            Reply::Says(other.answer("light_prove", &question).unwrap())
        }
        "light_headers" => Reply::Refuses(ApiError::Stopping),
        _ => reply,
    });
    assert_eq!(bench.client.sync().await.unwrap().id, chain.tip().id);
    assert_eq!(bench.health(0), Health::Distrusted);
}

#[tokio::test]
async fn a_claim_that_does_not_agree_with_itself_is_not_even_questioned() {
    let lies: [fn(&mut Value); 7] = [
        |tip| tip["work"] = "340282366920938463463374607431768211455".into(),
        |tip| tip["work"] = "340282366920938463463374607431768211456".into(),
        |tip| tip["height"] = 9_007_199_254_740_993_u64.into(),
        |tip| tip["peaks"] = tip["peaks"].as_str().unwrap()[128..].to_owned().into(),
        |tip| tip["content"] = "00".repeat(224).into(),
        |tip| tip["header"] = "00".repeat(104).into(),
        |tip| tip["id"] = "00".repeat(32).into(),
    ];
    for (case, lie) in lies.into_iter().enumerate() {
        let chain = Chain::new().grow(30, 1);
        let (liar, honest) = (Remote::of(&chain.clone().grow(3, 9)).await, Remote::of(&chain).await);
        let bench = Bench::of(&[&liar, &honest]);
        bench.at(&chain.clone().grow(3, 9));
        liar.lies(move |asked, reply| match asked {
            "light_tip" => reply.map(lie),
            "light_headers" => Reply::Refuses(ApiError::Stopping),
            _ => reply,
        });
        assert_eq!(bench.client.sync().await.unwrap().id, chain.tip().id, "case {case}");
        assert_eq!(liar.asked("light_prove"), 0, "case {case}: no seed is drawn for it");
        assert_ne!(bench.stand(0), Stand::Agrees, "case {case}");
    }
}

#[tokio::test]
async fn work_that_was_invented_is_claimed_in_vain() {
    // One real block on peaks with a thousand times the work: its claim agrees with itself, and cannot be proven.
    let chain = Chain::new().grow(30, 1);
    let mut invented = chain.clone();
    let heavier: Vec<Arc<chain::Made>> =
        invented.made.iter().map(|made| chain::heavier(made, 1_000)).collect();
    invented.made = heavier;
    invented.mine(1_000, 9, &[]);
    let (liar, honest) = (Remote::of(&invented).await, Remote::of(&chain).await);
    let bench = Bench::of(&[&liar, &honest]);
    bench.at(&invented);
    liar.lies(|asked, reply| match asked {
        "light_headers" => Reply::Refuses(ApiError::Stopping),
        _ => reply,
    });
    assert_eq!(bench.client.sync().await.unwrap().id, chain.tip().id);
    assert_eq!(liar.asked("light_prove"), 1);
    assert_eq!(bench.health(0), Health::Distrusted);
    assert_eq!(bench.noted(UNPROVEN), 1);
}

#[tokio::test]
async fn false_headers_end_all_trust_and_change_nothing() {
    let lies: [fn(&mut Value); 4] = [
        // No work.
        |said| said["records"] = "11".repeat(52).into(),
        // A tip that its headers do not lead to.
        |said| said["tip_id"] = "22".repeat(32).into(),
        |said| said["tip_work"] = "99999999999999".into(),
        // A shared block that is none.
        |said| said["fork_id"] = "33".repeat(32).into(),
    ];
    for (case, lie) in lies.into_iter().enumerate() {
        let chain = Chain::new().grow(30, 1);
        let (liar, honest) = (Remote::of(&chain).await, Remote::of(&chain).await);
        let bench = Bench::of(&[&liar, &honest]);
        bench.client.sync().await.unwrap();
        let grown = chain.clone().grow(1, 1);
        liar.set(&grown);
        bench.at(&grown);
        liar.lies(move |asked, reply| if asked == "light_headers" { reply.map(lie) } else { reply });
        bench.client.follow(bench.id(0)).await.unwrap_err();
        assert_eq!(bench.stand(0), Stand::Refuted, "case {case}");
        assert_eq!(bench.noted(FALSE_CHAIN), 1, "case {case}");
        assert!(bench.client.standing().warnings.contains(&Warning::Refuted { servers: 1 }));
        honest.set(&grown);
        bench.client.follow_all().await;
        assert_eq!(bench.head_id(), Some(grown.tip().id), "case {case}");
    }
}

#[tokio::test]
async fn headers_that_never_end_are_given_up() {
    let chain = Chain::new().grow(30, 1);
    let remote = Remote::of(&chain).await;
    let bench = Bench::of(&[&remote]);
    bench.client.sync().await.unwrap();
    // It always says that there is one block more than it shows.
    remote.lies(|asked, reply| match asked {
        "light_headers" => reply.map(|said| {
            said["tip_height"] = (said["tip_height"].as_u64().unwrap() + 1).into();
            said["records"] = "".into();
        }),
        _ => reply,
    });
    let failure = bench.client.follow(bench.id(0)).await.unwrap_err();
    assert_eq!(failure, Failure::Form("headers"));
    assert!(remote.asked("light_headers") < 5);
}

#[tokio::test]
async fn another_network_is_refused_by_its_genesis() {
    let mut foreign = Chain::new();
    foreign.spec.chain_id = 4;
    let block = vibecoin_consensus::genesis(&foreign.spec);
    foreign.made[0] = chain::genesis_of(block);
    let foreign = foreign.grow(40, 1);
    let remote = Remote::of(&foreign).await;
    let bench = Bench::of(&[&remote]);
    let error = bench.client.sync().await.unwrap_err();
    assert!(matches!(error.failures[0].1, Failure::Proof(_)), "{error}");
    assert_eq!(bench.client.head(), None);
}

#[tokio::test]
async fn a_rival_that_is_said_to_extend_the_tip_gets_no_reserve_for_it() {
    let trunk = Chain::new().grow(30, 1);
    let honest = trunk.clone().grow(2, 2);
    let mut rival = trunk;
    rival.mine(2, 3, &[]);
    rival.mine(2, 3, &[]);
    assert!(rival.work() > honest.work());
    let liar = Remote::of(&honest).await;
    let bench = Bench::of(&[&liar]);
    bench.client.sync().await.unwrap();
    liar.set(&rival);
    // So much is to come on this very tip that it has to be proven; what is proven is the heavier rival.
    let tip = honest.tip().id.to_string();
    liar.lies(move |asked, reply| match asked {
        "light_headers" => Reply::Says(json!({
            "fork_id": tip, "fork_height": 32, "records": "", "tip_id": tip, "tip_height": 1_000_000, "tip_work": "1",
        })),
        _ => reply,
    });
    bench.client.follow(bench.id(0)).await.unwrap();
    assert_eq!(liar.asked("light_prove"), 2);
    assert_eq!(bench.head_id(), Some(honest.tip().id));
    assert_eq!(bench.noted(|evidence| matches!(evidence, Evidence::DeepFork { .. })), 1);
}
