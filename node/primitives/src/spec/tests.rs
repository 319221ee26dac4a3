use super::*;
use crate::encoding;
use crate::testing::{bytes, cases, spec, text, vectors};

#[test]
fn the_built_in_networks_are_those_of_the_vectors() {
    let file = vectors("genesis");
    for network in Network::ALL {
        assert_eq!(network.spec(), spec(&file["networks"][network.name()]));
        assert_eq!(network.name().parse(), Ok(network));
    }
    assert!("moonnet".parse::<Network>().is_err());
}

#[test]
fn the_genesis_commits_to_the_spec() {
    let file = vectors("genesis");
    for case in cases("genesis", "cases") {
        let spec = spec(&file["networks"][text(&case, "network")]);
        assert_eq!(spec.commitment().as_bytes().as_slice(), &bytes(&case, "content")[..32]);
    }
}

#[test]
fn a_spec_file_reads_back() {
    for network in Network::ALL {
        let spec = network.spec();
        assert_eq!(ChainSpec::from_json(&spec.to_json()).unwrap(), spec);
    }
}

#[test]
fn faults_in_a_spec_file_are_named() {
    let good = Network::Devnet.spec().to_json();
    let change = |from: &str, to: &str| {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good);
        ChainSpec::from_json(&changed).unwrap_err().to_string()
    };
    assert!(change("\"interval_ms\"", "\"interval\"").contains("interval"));
    assert!(change("0x207fffff", "207fffff").contains("easiest_bits"));
    assert!(change("\"dvibe\"", "\"Dvibe\"").contains("address_prefix"));
    assert!(change("9fc440", "9fc44z").contains("genesis_allocation.address"));
    assert!(change("{", "").contains("line"));
}

#[test]
fn the_commitment_is_over_every_row() {
    let base = Network::Devnet.spec();
    let mut other = base.clone();
    other.block_bytes += 1;
    assert_ne!(base.commitment(), other.commitment());
    assert_eq!(encoding::encode(&base.easiest_bits).len(), 4);
}
