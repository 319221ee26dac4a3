//! What the code itself must not name. Dependencies cannot show a clock that the standard library brings, or which
//! file of the binary uses an inner crate, so these read the sources.

use std::path::{Path, PathBuf};

use super::workspace::{packages, root, source_files};

/// Fails with every line of `files` that contains one of `words`, comments and tests excepted.
fn must_not_name(files: &[PathBuf], words: &[&str], why: &str) {
    let mut faults = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file).expect("a readable source file");
        for (number, line) in code_lines(&text) {
            if let Some(word) = words.iter().find(|word| line.contains(**word)) {
                let shown = file.strip_prefix(root()).unwrap_or(file).display();
                faults.push(format!("{shown}:{number}: {word}"));
            }
        }
    }
    assert!(faults.is_empty(), "{why}:\n{}", faults.join("\n"));
}

/// The lines of a source file with their numbers, without comments and without items that only tests have.
fn code_lines(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let mut numbered = text.lines().enumerate();
    while let Some((number, line)) = numbered.next() {
        if line.trim_start() == "#[cfg(test)]" {
            let end = format!("{}}}", " ".repeat(line.len() - line.trim_start().len()));
            // An item with a body ends with a brace below its attribute; others end on their own line.
            let opens = numbered.find(|(_, line)| line.ends_with('{') || line.ends_with(';'));
            if opens.is_some_and(|(_, line)| line.ends_with('{')) {
                numbered.find(|(_, line)| *line == end);
            }
            continue;
        }
        lines.push((number + 1, line.split("//").next().unwrap_or_default()));
    }
    lines
}

fn sources_of(folders: &[&str]) -> Vec<PathBuf> {
    folders.iter().flat_map(|folder| source_files(&root().join(folder).join("src"))).collect()
}

#[test]
fn rules_are_handed_the_time_and_read_no_clock() {
    must_not_name(
        &sources_of(&["node/crypto", "node/primitives", "node/consensus", "node/execution"]),
        &["SystemTime", "Instant::now", "std::time"],
        "a clock where time must arrive as an argument",
    );
}

#[test]
fn rules_touch_no_file_and_no_socket() {
    must_not_name(
        &sources_of(&["node/crypto", "node/primitives", "node/consensus", "node/execution", "node/mempool"]),
        &["std::fs", "std::net", "std::process", "std::env"],
        "input or output in code that only calculates",
    );
}

#[test]
fn the_binary_chooses_and_leaves_the_inner_crates_to_bench_and_chain() {
    // The offline chain commands repair, and bench measures, what the node otherwise keeps to itself.
    let allowed = |file: &Path| {
        let path = file.strip_prefix(root().join("src")).unwrap_or(file).to_string_lossy().into_owned();
        path.contains("bench") || path.contains("chain")
    };
    let files: Vec<PathBuf> =
        source_files(&root().join("src")).into_iter().filter(|file| !allowed(file)).collect();
    must_not_name(
        &files,
        &["vibecoin_chain", "vibecoin_execution", "vibecoin_mempool", "vibecoin_storage"],
        "an inner crate in a command that has to go through the node or the client",
    );
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    // They forbid unsafe code and deny what is undocumented, for everybody or for nobody.
    for package in packages() {
        let manifest =
            std::fs::read_to_string(package.folder.join("Cargo.toml")).expect("a readable manifest");
        assert!(manifest.contains("[lints]\nworkspace = true"), "{} has lints of its own", package.name);
    }
}

#[test]
fn a_file_is_one_idea() {
    let mut long = Vec::new();
    for package in packages() {
        for file in source_files(&package.folder.join("src")) {
            let lines = std::fs::read_to_string(&file).expect("a readable source file").lines().count();
            if lines > 450 {
                long.push(format!(
                    "{} has {lines} lines",
                    file.strip_prefix(root()).unwrap_or(&file).display()
                ));
            }
        }
    }
    assert!(long.is_empty(), "above 450 lines a file is several ideas:\n{}", long.join("\n"));
}
