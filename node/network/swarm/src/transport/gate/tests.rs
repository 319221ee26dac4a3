use super::*;

fn address(text: &str) -> Multiaddr {
    text.parse().unwrap()
}

#[test]
fn strangers_lead_to_public_addresses_only() {
    let permits = Permits::new(false);
    assert!(permits.allows(&address("/ip4/8.8.8.8/tcp/1")));
    assert!(permits.allows(&address("/ip4/8.8.8.8/udp/1/quic-v1")));
    for inside in ["/ip4/127.0.0.1/tcp/1", "/ip4/192.168.1.1/tcp/80", "/ip6/::1/tcp/1", "/ip6/fe80::1/tcp/1"]
    {
        assert!(!permits.allows(&address(inside)), "{inside}");
        assert!(Permits::new(true).allows(&address(inside)), "{inside}");
    }
    for strange in ["/dns/example.org/tcp/1", "/ip4/8.8.8.8/tcp/1/ws", "/ip4/8.8.8.8/udp/1", "/unix/%2Ftmp"] {
        assert!(!Permits::new(true).allows(&address(strange)), "{strange}");
    }
}

#[test]
fn what_this_node_dials_is_open_as_long_as_it_does() {
    let permits = Permits::new(false);
    let name = address("/dns4/seed.example.org/tcp/8423");
    let first = permits.permit(endpoint_of(&name).unwrap());
    let second = permits.permit(endpoint_of(&name).unwrap());
    assert!(permits.allows(&name));
    drop(first);
    assert!(permits.allows(&name));
    drop(second);
    assert!(!permits.allows(&name));
    assert!(permits.chosen.lock().is_empty());
}
