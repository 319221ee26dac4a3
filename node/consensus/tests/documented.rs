//! The numbers of rules: what the code cites stands in `docs/protocol.md`, once.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What the numbers of rules begin with.
const FAMILIES: [&str; 21] = [
    "ENC", "HSH", "KEY", "ADR", "MSG", "TX", "BLK", "HDR", "POW", "DIF", "POH", "HIS", "STA", "ACT", "EXE",
    "EMI", "FRK", "ORP", "LGT", "SPEC", "GEN",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every word like `HDR-3` in a text.
fn numbers(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .filter(|word| {
            word.split_once('-').is_some_and(|(family, digits)| {
                let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                number && FAMILIES.contains(&family)
            })
        })
        .map(str::to_owned)
        .collect()
}

/// The Rust files under a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            found.push(entry);
        }
    }
}

/// The numbers that the document defines: those in bold.
fn defined() -> Vec<String> {
    let document = fs::read_to_string(root().join("docs/protocol.md")).unwrap();
    document.split("**").skip(1).step_by(2).flat_map(numbers).collect()
}

#[test]
fn every_number_is_defined_once_and_none_is_left_out() {
    let all = defined();
    let once: BTreeSet<_> = all.iter().cloned().collect();
    assert_eq!(all.len(), once.len(), "a number is defined twice: {all:?}");
    for family in FAMILIES {
        let count = once.iter().filter(|number| number.split('-').next() == Some(family)).count();
        assert!(count > 0, "nothing begins with {family}");
        for number in 1..=count {
            assert!(once.contains(&format!("{family}-{number}")), "{family}-{number} is left out");
        }
    }
}

#[test]
fn every_number_that_the_code_cites_is_defined() {
    let defined: BTreeSet<_> = defined().into_iter().collect();
    let mut files = Vec::new();
    for folder in ["crypto", "primitives", "consensus", "execution", "chain", "mempool"] {
        sources(&root().join("node").join(folder).join("src"), &mut files);
    }
    let mut cited = BTreeSet::new();
    for file in files {
        for number in numbers(&fs::read_to_string(&file).unwrap()) {
            assert!(defined.contains(&number), "{} cites {number}", file.display());
            cited.insert(number);
        }
    }
    assert!(cited.len() > 40, "only {cited:?}");
}
