use super::*;
use crate::key::NodeKey;

#[test]
fn a_contact_is_written_as_it_is_read() {
    let node = NodeKey::from_secret([7; 32]).node();
    let peer = peer_of(&node).unwrap();
    for endpoint in
        ["/ip4/1.2.3.4/tcp/8423", "/ip6/2001:db8::1/udp/8423/quic-v1", "/dns/seed.example.org/tcp/8423"]
    {
        for text in [endpoint.to_owned(), format!("{endpoint}/p2p/{peer}")] {
            let contact = parse_contact(&text).unwrap();
            assert_eq!(format_contact(&contact), text);
            assert_eq!(contact.node.is_some(), text.contains("p2p"));
            assert_eq!(contact_of(&text.parse().unwrap()).unwrap(), contact);
            assert_eq!(multiaddr_of(&contact.endpoint).to_string(), endpoint);
        }
    }
    let by_name = parse_contact("/dns4/seed.example.org/tcp/8423").unwrap();
    assert_eq!(by_name, parse_contact("/dns6/seed.example.org/tcp/8423").unwrap());
}

#[test]
fn what_is_not_a_contact_is_refused() {
    let rsa = "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N";
    for (text, error) in [
        ("", AddressError::Endpoint(EndpointError::Form)),
        ("/ip4/1.2.3.4/tcp/0", AddressError::Endpoint(EndpointError::Port)),
        ("/ip4/1.2.3.4/tcp/1/p2p/", AddressError::Node),
        (&format!("/ip4/1.2.3.4/tcp/1/p2p/{rsa}"), AddressError::Node),
        (&format!("/ip4/1.2.3.4/tcp/1/p2p/{}", "1".repeat(1_000)), AddressError::Node),
    ] {
        assert_eq!(parse_contact(text), Err(error), "{text}");
    }
}

#[test]
fn keys_of_other_kinds_are_no_nodes() {
    let key = identity::Keypair::generate_ed25519();
    let node = node_of(&key.public().to_peer_id()).unwrap();
    assert_eq!(peer_of(&node), Some(key.public().to_peer_id()));
    assert_eq!(node_of(&PeerId::random()), None, "a digest of no key");
    // The same key, with its fields in another order.
    let bytes = key.public().try_into_ed25519().unwrap().to_bytes();
    let mut swapped = vec![0x12, 0x20];
    swapped.extend_from_slice(&bytes);
    swapped.extend_from_slice(&[0x08, 0x01]);
    let peer = PeerId::from_multihash(libp2p::multihash::Multihash::wrap(0, &swapped).unwrap()).unwrap();
    assert_eq!(node_of(&peer), None);
}

#[test]
fn addresses_through_relays_name_the_relay() {
    let relay = NodeKey::from_secret([1; 32]).keypair().public().to_peer_id();
    let text = format!("/ip4/1.2.3.4/tcp/1/p2p/{relay}/p2p-circuit");
    let address: Multiaddr = text.parse().unwrap();
    assert!(is_relayed(&address));
    assert_eq!(relay_of(&address), Some(relay));
    assert_eq!(contact_of(&address), None);
    let node = NodeKey::from_secret([2; 32]).node();
    let contact = parse_contact(&format!("{text}/p2p/{}", peer_of(&node).unwrap())).unwrap();
    assert_eq!((contact.node, contact.endpoint.to_string().as_str()), (Some(node), "/ip4/1.2.3.4/tcp/1"));
    let plain: Multiaddr = "/ip4/1.2.3.4/tcp/1".parse().unwrap();
    assert!(!is_relayed(&plain));
    assert_eq!(relay_of(&plain), None);
}
