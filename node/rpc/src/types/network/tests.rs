#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const ID: &str = "12D3KooW9pNAk8aiBuGVQtWRdbkLmo5qVL3e2h5UxbN2Nz9ttwiw";

#[test]
fn addresses_have_one_form() {
    for text in [
        "/ip4/203.0.113.7/tcp/8423".to_owned(),
        format!("/ip4/203.0.113.7/tcp/8423/p2p/{ID}"),
        "/ip6/2001:db8::7/udp/0/quic-v1".to_owned(),
        format!("/dns4/node.example/udp/8423/quic-v1/p2p/{ID}"),
        "/dns6/node-1.example/tcp/65535".to_owned(),
        format!("/dnsaddr/seed.example/p2p/{ID}"),
        "/dnsaddr/seed.example".to_owned(),
    ] {
        let address: PeerAddress = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(address.to_string(), text);
        assert_eq!(address.node_id().is_some(), text.contains("/p2p/"));
    }
    let loud: PeerAddress = "/dns4/NODE.Example/tcp/1".parse().unwrap();
    assert_eq!(loud.to_string(), "/dns4/node.example/tcp/1");
}

#[test]
fn what_is_no_address_says_where() {
    use PeerAddressError as E;
    let error = |text: &str| text.parse::<PeerAddress>().unwrap_err();
    for text in
        ["", "203.0.113.7:8423", "/", "/tcp/1", "/unix/a", "/dns/a.example/tcp/1", "ip4/1.2.3.4/tcp/1"]
    {
        assert_eq!(error(text), E::Begin, "{text}");
    }
    for text in ["/ip4/::1/tcp/1", "/ip4/1.2.3/tcp/1", "/ip6/1.2.3.4/tcp/1", "/dns4/-a/tcp/1", "/dns4//tcp/1"]
    {
        assert!(matches!(error(text), E::Host { .. }), "{text}");
    }
    let long = format!("/dns4/{}/tcp/1", "a.".repeat(130) + "a");
    assert!(matches!(error(&long), E::Host { .. }));
    for way in
        ["", "/tcp", "/tcp/", "/tcp/65536", "/tcp/01", "/tcp/+1", "/tcp/-1", "/udp/1", "/udp/1/quic", "/ws"]
    {
        assert_eq!(error(&format!("/ip4/1.2.3.4{way}")), E::Transport, "{way}");
    }
    for rest in ["/p2p", "/p2p/", "/p2p/x", "/p2p/12D3KooW"] {
        assert!(matches!(error(&format!("/ip4/1.2.3.4/tcp/1{rest}")), E::NodeId(_)), "{rest}");
    }
    for rest in ["/", "/ws", "//", "/p2p-circuit", &format!("/p2p/{ID}/x"), &format!("/p2p/{ID}/")] {
        assert!(matches!(error(&format!("/ip4/1.2.3.4/tcp/1{rest}")), E::Rest { .. }), "{rest}");
    }
}

#[test]
fn not_every_address_is_good_for_everything() {
    let parse = |text: &str| text.parse::<PeerAddress>().unwrap();
    let everywhere = parse("/ip4/0.0.0.0/tcp/8423");
    assert!(everywhere.can_listen() && !everywhere.can_dial());
    let any_port = parse("/ip4/127.0.0.1/udp/0/quic-v1");
    assert!(any_port.can_listen() && !any_port.can_dial());
    let named = parse("/dns4/a.example/tcp/1");
    assert!(!named.can_listen() && named.can_dial());
    let whose = parse(&format!("/ip4/203.0.113.7/tcp/1/p2p/{ID}"));
    assert!(!whose.can_listen() && whose.can_dial());
    assert!(parse("/dnsaddr/a.example").can_dial() && !parse("/ip6/ff02::1/tcp/1").can_dial());
}

/// The id of the key of 32 bytes 0x00 … 0x1f, by the definition of a peer id: base58 of an identity multihash.
#[test]
fn a_node_is_called_as_libp2p_calls_it() {
    let key: [u8; 32] = std::array::from_fn(|at| at as u8);
    let id = NodeIdText::new(key);
    assert_eq!(id.to_string(), "12D3KooW9pP4Seg3kZYhySpuVjn1RPdQBsUFZKiFxGMGQN5MeL6A");
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_eq!(hex::encode(key).parse(), Ok(id));
    for wrong in
        ["", "12D3KooW", "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N", &"g".repeat(64), &"1".repeat(400)]
    {
        assert_eq!(wrong.parse::<NodeIdText>(), Err(NodeIdTextError), "{wrong}");
    }
}

#[test]
fn a_range_has_one_form() {
    for (text, canonical) in [
        ("203.0.113.77", "203.0.113.77"),
        ("203.0.113.77/32", "203.0.113.77"),
        ("203.0.113.77/24", "203.0.113.0/24"),
        ("203.0.113.77/0", "0.0.0.0/0"),
        ("::ffff:203.0.113.77", "203.0.113.77"),
        ("::ffff:203.0.113.77/120", "203.0.113.0/24"),
        ("2001:db8:1::7/32", "2001:db8::/32"),
        ("2001:DB8::7", "2001:db8::7"),
        ("::1/0", "::/0"),
        (ID, ID),
    ] {
        assert_eq!(text.parse::<BanTarget>().map(|who| who.to_string()).as_deref(), Ok(canonical), "{text}");
    }
    for wrong in ["", "1.2.3", "1.2.3.4/33", "::1/129", "1.2.3.4/", "1.2.3.4/-1", "a/8", "::ffff:1.2.3.4/95"]
    {
        assert_eq!(wrong.parse::<BanTarget>(), Err(BanTargetError), "{wrong}");
    }
}

#[test]
fn a_range_knows_who_is_in_it() {
    let range = AddressRange::new("203.0.113.0".parse().unwrap(), 24).unwrap();
    let has = |text: &str| range.contains(text.parse().unwrap());
    assert!(has("203.0.113.255") && has("::ffff:203.0.113.9") && !has("203.0.114.0") && !has("::1"));
}

#[test]
fn foreign_text_is_cut_between_characters() {
    let text = BoundedText::new("é".repeat(200));
    assert_eq!(text.as_str(), "é".repeat(128));
    let odd = BoundedText::new(format!("x{}", "é".repeat(200)));
    assert_eq!(odd.as_str().len(), 255);
    let read: BoundedText = serde_json::from_value(serde_json::json!("a".repeat(10_000))).unwrap();
    assert_eq!(read.as_str().len(), BoundedText::BYTES_MAX);
}

proptest! {
    #[test]
    fn no_text_breaks_the_readers(text in "[/a-z0-9.:-]{0,80}|.{0,80}") {
        if let Ok(address) = text.parse::<PeerAddress>() {
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }
        if let Ok(who) = text.parse::<BanTarget>() {
            prop_assert_eq!(who.to_string().parse(), Ok(who));
        }
    }

    #[test]
    fn a_range_holds_what_it_was_made_of(bits: u128, four: u32, prefix in 0..=128_u8) {
        let addresses = [std::net::IpAddr::V6(bits.into()), std::net::IpAddr::V4(four.into())];
        for address in addresses {
            if let Some(range) = AddressRange::new(address, prefix) {
                prop_assert!(range.contains(address));
                prop_assert_eq!(range.to_string().parse(), Ok(BanTarget::Range(range)));
            }
        }
    }
}
