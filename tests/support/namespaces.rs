//! Hosts in network namespaces of their own, all on one switch. Needs root, and a system that has namespaces, virtual
//! Ethernet and bridges; elsewhere [`Switch::new`] says what is missing, and a test says that it was not tried.

use std::{
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::Value;

use super::{Home, PROGRAM, Running};

/// Where all nodes listen.
pub const PORT: u16 = 8423;
const IP: &str = "/usr/sbin/ip";

/// A switch in a namespace of its own, and hosts on it. All of it goes when it is dropped.
pub struct Switch {
    name: String,
    hosts: usize,
}

impl Switch {
    /// A switch with a host for each of these addresses. Everybody finds everybody on the wire, whatever the range.
    ///
    /// # Errors
    /// What the system does not allow.
    pub fn new(addresses: &[String]) -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let switch = Self { name: format!("vc{}-{number}", std::process::id()), hosts: addresses.len() };
        ip(&["netns", "add", &switch.space("s")])?;
        switch.within("s", &["link", "add", "sw", "type", "bridge"])?;
        switch.within("s", &["link", "set", "sw", "up"])?;
        for (host, address) in addresses.iter().enumerate() {
            let name = host.to_string();
            let space = switch.space(&name);
            ip(&["netns", "add", &space])?;
            let port = format!("p{host}");
            switch.within(
                "s",
                &["link", "add", &port, "type", "veth", "peer", "name", "e0", "netns", &space],
            )?;
            switch.within("s", &["link", "set", &port, "master", "sw", "up"])?;
            switch.within(&name, &["link", "set", "lo", "up"])?;
            switch.within(&name, &["link", "set", "e0", "up"])?;
            switch.within(&name, &["addr", "add", &format!("{address}/32"), "dev", "e0"])?;
            switch.within(&name, &["route", "add", "default", "dev", "e0"])?;
        }
        Ok(switch)
    }

    /// Gives a host every address of a range.
    ///
    /// # Errors
    /// What the system does not allow.
    pub fn give_range(&self, host: usize, range: &str) -> Result<(), String> {
        self.within(&host.to_string(), &["route", "add", "local", range, "dev", "lo"])
    }

    /// Pulls the plug of a host, or puts it back.
    pub fn plug(&self, host: usize, plugged: bool) {
        let state = if plugged { "up" } else { "down" };
        self.within("s", &["link", "set", &format!("p{host}"), state]).unwrap();
    }

    /// A command that runs a program on a host.
    pub fn command(&self, host: usize, program: &str) -> Command {
        let mut command = Command::new(IP);
        command.args(["netns", "exec", &self.space(&host.to_string()), program]);
        command
    }

    fn space(&self, part: &str) -> String {
        format!("{}-{part}", self.name)
    }

    fn within(&self, part: &str, args: &[&str]) -> Result<(), String> {
        ip(&[&["-n", &self.space(part)], args].concat())
    }
}

impl Drop for Switch {
    fn drop(&mut self) {
        for part in (0..self.hosts).map(|host| host.to_string()).chain(["s".to_owned()]) {
            // What was never made cannot be removed.
            let _ = ip(&["netns", "del", &self.space(&part)]);
        }
    }
}

fn ip(args: &[&str]) -> Result<(), String> {
    let output = Command::new(IP)
        .args(args)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{IP}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

/// A node on a host.
pub struct Host<'a> {
    switch: &'a Switch,
    number: usize,
    home: Home,
    node: Option<Running>,
    /// Who it is to others.
    pub node_id: String,
}

impl<'a> Host<'a> {
    /// Starts a node on a host, and waits until it answers.
    pub fn start(switch: &'a Switch, number: usize, home: Home, flags: &[&str]) -> Self {
        let mut host = Self { switch, number, home, node: None, node_id: String::new() };
        host.start_again(flags);
        host
    }

    /// Starts it again in its home.
    ///
    /// # Panics
    /// While it runs.
    pub fn start_again(&mut self, flags: &[&str]) {
        assert!(self.node.is_none(), "a second process in one directory");
        let listen = format!("/ip4/0.0.0.0/tcp/{PORT}");
        let args = [&["--json", "node", "--rpc", "127.0.0.1:0", "--p2p", &listen], flags].concat();
        let node = Running::spawn(&mut self.command(&args));
        let said: Value = node.wait_for("announcement", |line| serde_json::from_str(line).ok());
        said["node_id"].as_str().expect("who it is").clone_into(&mut self.node_id);
        self.node = Some(node);
    }

    /// Ends it as a service manager would.
    ///
    /// # Panics
    /// If it, or anything in it, has panicked.
    pub fn terminate(&mut self) {
        let answer = self.node.take().expect("it runs").terminate();
        assert!(!answer.stderr.contains("panicked"), "{}", answer.stderr);
    }

    /// A command line of the program on this host.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.switch.command(self.number, PROGRAM);
        command.env_clear().envs(self.home.environment()).current_dir(self.home.path());
        command.args(self.home.arguments(args));
        command
    }

    /// What its node answers to a method, which must succeed.
    pub fn ask(&self, method: &str, params: &[&str]) -> Value {
        let args = [&["--json", "rpc", method], params].concat();
        let output = self.command(&args).output().unwrap();
        assert!(output.status.success(), "{method} {params:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// The end of its chain: height and id.
    pub fn tip(&self) -> (u64, String) {
        let tip = self.ask("chain_tip", &[]);
        (tip["height"].as_u64().unwrap(), tip["id"].as_str().unwrap().to_owned())
    }
}
