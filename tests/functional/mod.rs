//! The real binary from a shell: several processes, exit codes, signals, and what it says when something is wrong.

mod chain;
mod crash;
mod light;
mod light_api;
mod network;
mod operation;
mod payment;
mod peers;
mod pool;
mod refusals;

use serde_json::Value;

use crate::support::{Home, Running};

/// The password of every wallet here.
const PASSWORD: &str = "correct horse battery staple";

/// 20 VIBE are a hundred rewards' first ten: what a wallet can spend after this many blocks.
const FIRST_BLOCKS: &str = "110";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a string: {value}"))
}

/// An amount of beats, which JSON carries as text.
fn beats(value: &Value) -> u64 {
    text(value).parse().unwrap()
}

impl Home {
    /// The file that holds the password.
    fn password_file(&self) -> String {
        self.write("password", PASSWORD).display().to_string()
    }

    /// Runs a wallet command that may need the password; it must succeed.
    fn wallet(&self, args: &[&str]) -> Value {
        let password = self.password_file();
        let mut all = vec!["wallet", "--password-file", &password];
        all.extend(args);
        self.json(&all)
    }

    /// The same for a command that must fail with this exit code.
    fn wallet_fails(&self, code: i32, args: &[&str]) -> String {
        let password = self.password_file();
        let mut all = vec!["wallet", "--password-file", &password];
        all.extend(args);
        self.fails(code, &all)
    }

    /// The address of an account of the only wallet.
    fn address(&self, account: u32) -> String {
        text(&self.json(&["wallet", "address", "--account", &account.to_string()])["address"]).to_owned()
    }

    /// Starts a node on a free port, with more flags, and waits until it answers.
    fn node(&self, args: &[&str]) -> Running {
        let mut all = vec!["node", "--rpc", "127.0.0.1:0"];
        all.extend(args);
        let node = self.start(&all);
        node.wait_for("address of the API", announced_port);
        node
    }

    /// What a running node answers to a method of the API.
    fn rpc(&self, method: &str, params: &[&str]) -> Value {
        let mut all = vec!["rpc", method];
        all.extend(params);
        self.json(&all)
    }
}

/// The port in a line that announces a loopback address.
fn announced_port(line: &str) -> Option<u16> {
    let digits = line.split("127.0.0.1:").nth(1)?;
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|port| *port != 0)
}
