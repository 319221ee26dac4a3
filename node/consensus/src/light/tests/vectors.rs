//! Draws, bounds and proofs as another implementation makes and judges them.

use serde_json::Value;
use vibecoin_primitives::{Header, Work, encoding};

use crate::history::Node;
use crate::light::tests::store::Store;
use crate::light::verify::{Asked, verify_tip};
use crate::light::{LightError, Params, Proven, draws, prove, range};
use crate::testing::{bytes, cases, hash, height, number, spec_of, text, time, vectors, wide};

fn seed(case: &Value) -> [u8; 32] {
    bytes(case, "seed").try_into().unwrap()
}

fn wides(case: &Value, key: &str) -> Vec<u128> {
    case[key].as_array().unwrap().iter().map(|number| number.as_str().unwrap().parse().unwrap()).collect()
}

fn work(case: &Value, key: &str) -> Work {
    Work::new(wide(case, key))
}

#[test]
fn draws_follow_the_vectors() {
    for case in cases("light_draws", "prf") {
        let prf = draws::prf(&seed(&case), number(&case, "j") as u32, number(&case, "i") as u32);
        assert_eq!(prf.to_string(), text(&case, "prf"), "{case}");
    }
    for case in cases("light_draws", "cases") {
        let (all, last, count) = (work(&case, "W"), work(&case, "T"), number(&case, "s") as u32);
        let octaves = draws::octaves(all, last).unwrap();
        assert_eq!(octaves, wides(&case, "octaves"), "{case}");
        let mut expected = wides(&case, "draws");
        assert_eq!(draws::in_order(&seed(&case), &octaves, count), expected, "{case}");
        expected.sort_unstable();
        assert_eq!(draws::draws(&seed(&case), all, last, count), Ok(expected), "{case}");
    }
    for case in cases("light_draws", "reject") {
        let (all, last) = (work(&case, "W"), work(&case, "T"));
        assert_eq!(draws::octaves(all, last), Err(draws::TooManyOctaves { all, last }), "{case}");
    }
}

/// The sum of the vectors, which is cut off to an integer, to a billionth.
fn assert_close(found: f64, case: &Value, key: &str) {
    let expected: f64 = case[key].as_str().unwrap().parse().unwrap();
    assert!((found - expected).abs() <= 1.0 + expected * 1e-9, "{key} is {found}: {case}");
}

#[test]
fn closed_nodes_are_judged_as_in_the_vectors() {
    let file = vectors("light_range");
    let mut verdicts = [0, 0];
    for case in cases("light_range", "cases") {
        let spec = spec_of(&file, text(&case, "network"));
        let (start, count) = (height(&case, "start"), number(&case, "count"));
        let node = Node {
            hash: vibecoin_crypto::Hash::ZERO,
            work: work(&case, "work"),
            t0: time(&case, "t0"),
            t1: time(&case, "t1"),
        };
        if count > 1 {
            let end = start.checked_add(count - 1).unwrap();
            let bounds = range::bounds(&spec, start, end, node.t0, node.t1);
            assert_close(bounds.lower, &case, "lower");
            assert_close(bounds.upper, &case, "upper");
        }
        let accepted = range::check(&spec, start, count, &node).is_ok();
        assert_eq!(accepted, case["accept"].as_bool().unwrap(), "{case}");
        verdicts[usize::from(accepted)] += 1;
    }
    assert_eq!(verdicts, [257, 191]);
}

fn judge(file: &Value, case: &Value) -> Result<Proven, LightError> {
    let network = text(case, "network");
    let header: Header = encoding::decode(&bytes(case, "tip_header")).unwrap();
    let params = Params::new(number(case, "last") as u32, number(case, "draws") as u32).unwrap();
    let asked = Asked {
        spec: &spec_of(file, network),
        genesis_id: &hash(&file["networks"][network], "genesis_id"),
        seed: &seed(case),
        params: &params,
        now: time(case, "now"),
    };
    verify_tip(&asked, &header, &hash(case, "tip_id"), &bytes(case, "proof"))
}

/// The rule behind a reason: that of the header, where one breaks it.
fn rule_of(error: &LightError) -> &'static str {
    match error {
        LightError::Leaf { source, .. } | LightError::Tip(source) => source.rule(),
        _ => error.rule(),
    }
}

fn expected_rule(reason: &str) -> &'static str {
    match reason {
        "truncated" => "LGT-8",
        "padding" => "LGT-9",
        "bits short" | "bits left" => "LGT-10",
        "trailing bytes" => "LGT-11",
        "genesis" | "leaf 0 is closed" => "LGT-12",
        "range" => "LGT-13",
        "the last L are not open" => "LGT-17",
        "a draw hits a closed node" => "LGT-18",
        "a leaf is open that was not drawn" | "open node without an open leaf" => "LGT-19",
        "tip id" => "LGT-20",
        "version" => "HDR-1",
        "work" => "HDR-5",
        "time" => "HDR-6",
        "tip in the future" => "HDR-7",
        other => panic!("unknown reason {other}"),
    }
}

#[test]
fn proofs_are_judged_as_in_the_vectors() {
    let file = vectors("light_proof");
    let mut verdicts = [0, 0];
    for case in cases("light_proof", "cases") {
        let note = text(&case, "note");
        let accept = case["accept"].as_bool().unwrap();
        verdicts[usize::from(accept)] += 1;
        match judge(&file, &case) {
            Ok(proven) => {
                assert!(accept, "{note}");
                assert_eq!(proven.header().height, height(&case, "n"), "{note}");
                assert_eq!(proven.id(), hash(&case, "tip_id"), "{note}");
                assert_eq!(proven.work(), work(&case, "total_work"), "{note}");
                assert_eq!(proven.peaks().work(), work(&case, "W"), "{note}");
                let last = proven.peaks().work().get() - proven.before_recent().work().get();
                assert_eq!(last, wide(&case, "T"), "{note}");
                let shown = number(&case, "last").min(number(&case, "n"));
                assert_eq!(proven.recent().len() as u64, shown, "{note}");
            }
            Err(error) => {
                assert!(!accept, "{note}: {error}");
                assert_eq!(rule_of(&error), expected_rule(text(&case, "reason")), "{note}: {error}");
            }
        }
    }
    assert_eq!(verdicts, [59, 23]);
}

#[test]
fn the_prover_makes_the_proofs_of_the_vectors() {
    let file = vectors("light_proof");
    let mut made = 0;
    for case in cases("light_proof", "cases") {
        if !case["accept"].as_bool().unwrap() {
            continue;
        }
        let spec = spec_of(&file, text(&case, "network"));
        let proof = bytes(&case, "proof");
        let params = Params::new(number(&case, "last") as u32, number(&case, "draws") as u32).unwrap();
        let (store, peaks) = Store::shown_by(&spec, number(&case, "n"), &proof);
        assert_eq!(prove(&store, &peaks, &seed(&case), &params), Ok(proof), "{}", text(&case, "note"));
        made += 1;
    }
    assert_eq!(made, 23);
}
