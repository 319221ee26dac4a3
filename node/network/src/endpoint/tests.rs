use proptest::prelude::*;
use vibecoin_primitives::encoding::{DecodeError, decode, encode};

use super::*;

fn endpoint(text: &str) -> Endpoint {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn any_host() -> impl Strategy<Value = Host> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(Host::Ip4),
        any::<[u8; 16]>().prop_map(Host::Ip6),
        any::<[u8; 4]>().prop_map(|ip| Host::Ip6(std::net::Ipv4Addr::from(ip).to_ipv6_mapped().octets())),
        "[a-zA-Z0-9]{1,20}(\\.[a-z]{1,10}){1,3}".prop_map(|name| Host::Dns(name.parse().unwrap())),
    ]
}

fn any_endpoint() -> impl Strategy<Value = Endpoint> {
    (any_host(), 1..=u16::MAX, prop_oneof![Just(Transport::Tcp), Just(Transport::Quic)])
        .prop_map(|(host, port, transport)| Endpoint::new(host, port, transport).unwrap())
}

proptest! {
    #[test]
    fn text_and_bytes_come_back(endpoint in any_endpoint()) {
        prop_assert_eq!(&endpoint.to_string().parse::<Endpoint>().unwrap(), &endpoint);
        let bytes = encode(&endpoint);
        prop_assert!(bytes.len() <= Endpoint::BYTES_MAX);
        prop_assert_eq!(&decode::<Endpoint>(&bytes).unwrap(), &endpoint);
    }

    #[test]
    fn whatever_can_be_read_has_one_encoding(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(endpoint) = decode::<Endpoint>(&bytes) {
            prop_assert_eq!(encode(&endpoint), bytes);
        }
    }

    #[test]
    fn whatever_is_nearly_an_encoding_has_one(
        endpoint in any_endpoint(), place in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = encode(&endpoint);
        let place = place.index(bytes.len());
        bytes[place] = byte;
        if let Ok(endpoint) = decode::<Endpoint>(&bytes) {
            prop_assert_eq!(encode(&endpoint), bytes);
        }
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC{0,64}|(/[a-z0-9.:]{0,12}){0,8}") {
        if let Ok(endpoint) = text.parse::<Endpoint>() {
            prop_assert_eq!(endpoint.to_string().parse::<Endpoint>().unwrap(), endpoint);
        }
    }

    #[test]
    fn groups_come_back(endpoint in any_endpoint()) {
        let group = endpoint.group();
        prop_assert_eq!(&decode::<Group>(&encode(&group)).unwrap(), &group);
    }

    #[test]
    fn node_ids_are_hex(bytes in any::<[u8; 32]>()) {
        let node = NodeId::new(bytes);
        prop_assert_eq!(node.to_string().parse::<NodeId>().unwrap(), node);
        prop_assert_eq!(node.to_string().to_lowercase(), node.to_string());
        prop_assert_eq!(encode(&node), bytes);
    }
}

#[test]
fn texts_are_those_of_multiaddrs() {
    let same = ["/ip4/1.2.3.4/tcp/8423", "/ip6/2a00:1450::8/udp/8423/quic-v1", "/dns/seed.example.org/tcp/1"];
    for text in same {
        assert_eq!(endpoint(text).to_string(), text);
    }
    assert_eq!(endpoint("/dns4/Seed.Example.ORG./tcp/1").to_string(), "/dns/seed.example.org/tcp/1");
    assert_eq!(endpoint("/ip6/::ffff:1.2.3.4/tcp/8423"), endpoint(same[0]));
}

#[test]
fn every_reason_to_refuse_a_text_is_met() {
    let long = format!("/dns4/{}/tcp/1", "a".repeat(400));
    let label = format!("/dns4/{}.org/tcp/1", "a".repeat(64));
    let name = format!("/dns4/{}org/tcp/1", "abcdefg.".repeat(32));
    let cases = [
        (long.as_str(), EndpointError::TooLong(412)),
        ("", EndpointError::Form),
        ("1.2.3.4:8423", EndpointError::Form),
        ("/ip4/1.2.3.4", EndpointError::Form),
        ("/ip4/1.2.3.4/udp/1", EndpointError::Form),
        ("/ip4/1.2.3.4/udp/1/quic", EndpointError::Form),
        ("/ip4/1.2.3.4/sctp/1", EndpointError::Form),
        ("/unix/x/tcp/1", EndpointError::Form),
        ("/ip4/1.2.3.256/tcp/1", EndpointError::Ip4),
        ("/ip6/1.2.3.4/tcp/1", EndpointError::Ip6),
        ("/ip6/fe80::1%eth0/tcp/1", EndpointError::Ip6),
        ("/ip4/1.2.3.4/tcp/0", EndpointError::Port),
        ("/ip4/1.2.3.4/tcp/+1", EndpointError::Port),
        ("/ip4/1.2.3.4/tcp/65536", EndpointError::Port),
        ("/ip4/1.2.3.4/tcp/1/p2p/12D3", EndpointError::Trailing),
        ("/ip4/1.2.3.4/tcp/1/", EndpointError::Trailing),
        ("/dns4//tcp/1", EndpointError::Name(DnsNameError::Length(0))),
        (name.as_str(), EndpointError::Name(DnsNameError::Length(259))),
        ("/dns4/a..b/tcp/1", EndpointError::Name(DnsNameError::LabelLength(0))),
        (label.as_str(), EndpointError::Name(DnsNameError::LabelLength(64))),
        ("/dns4/a_b.org/tcp/1", EndpointError::Name(DnsNameError::Character)),
        ("/dns4/-a.org/tcp/1", EndpointError::Name(DnsNameError::Character)),
        ("/dns4/bücher.org/tcp/1", EndpointError::Name(DnsNameError::Character)),
        ("/dns4/127.0.0.1/tcp/1", EndpointError::Name(DnsNameError::Number)),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<Endpoint>(), Err(error), "{text}");
    }
}

#[test]
fn other_forms_of_the_same_place_are_no_encoding() {
    let mapped = [&[1][..], &[0; 10], &[0xff, 0xff, 1, 2, 3, 4], &[1, 0, 0]].concat();
    assert_eq!(decode::<Endpoint>(&mapped), Err(DecodeError::Malformed));
    assert_eq!(decode::<Endpoint>(b"\x02\x03A.b\x01\x00\x00"), Err(DecodeError::Malformed));
    assert_eq!(decode::<Endpoint>(b"\x02\x04a.b.\x01\x00\x00"), Err(DecodeError::Malformed));
    assert_eq!(decode::<Endpoint>(b"\x00\x01\x02\x03\x04\x00\x00\x00"), Err(DecodeError::Malformed));
    assert_eq!(decode::<Endpoint>(b"\x00\x01\x02\x03\x04\x01\x00\x02"), Err(DecodeError::Malformed));
    assert_eq!(
        decode::<Endpoint>(b"\x00\x01\x02\x03\x04\x01\x00\x01"),
        Ok(endpoint("/ip4/1.2.3.4/udp/1/quic-v1"))
    );
}

#[test]
fn the_public_network_ends_where_the_registries_say() {
    let public = [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.0.1",
        "100.128.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "192.167.0.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "2a00::1",
        "2001:200::1",
        "2002:101:101::1",
        "2607:f8b0::1",
        "3ffe::1",
    ];
    let local = [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "169.254.1.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fd00::1",
        "ff02::1",
        "2001::1",
        "2001:20::1",
        "2001:db8::1",
        "3fff::1",
        "64:ff9b::101:101",
        "2002:a00:1::1",
        "4000::1",
        "::ffff:10.0.0.1",
    ];
    let is_global = |ip: &&str| Host::from(ip.parse::<std::net::IpAddr>().unwrap()).is_global();
    assert_eq!(public.iter().filter(|ip| !is_global(ip)).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert_eq!(local.iter().filter(|ip| is_global(ip)).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert!(!endpoint("/dns4/localhost/tcp/1").is_global());
}

#[test]
fn ranges_are_wide_in_public_and_exact_at_home() {
    let same = |a: &str, b: &str| endpoint(a).group() == endpoint(b).group();
    assert!(same("/ip4/1.2.3.4/tcp/1", "/ip4/1.2.200.4/udp/9/quic-v1"));
    assert!(!same("/ip4/1.2.3.4/tcp/1", "/ip4/1.3.3.4/tcp/1"));
    assert!(same("/ip6/2a00:1450::1/tcp/1", "/ip6/2a00:1450:9::7/tcp/1"));
    assert!(!same("/ip6/2a00:1450::1/tcp/1", "/ip6/2a00:1451::1/tcp/1"));
    // Whoever owns an IPv4 address owns a range of 6to4 with it.
    assert!(same("/ip6/2002:102:304::1/tcp/1", "/ip4/1.2.9.9/tcp/1"));
    assert!(!same("/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/2"));
    assert!(!same("/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.2/tcp/1"));
    assert_eq!(
        endpoint("/ip4/127.0.0.1/tcp/1").host().group(),
        endpoint("/ip4/127.0.0.1/tcp/2").host().group()
    );
}
