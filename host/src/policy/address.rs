//! Addresses that are not somebody's public server, by the special-purpose registries of IANA (RFC 6890 and its
//! updates) and by what clouds put on fixed addresses. IPv4 inside IPv6 is unwrapped and judged by what it is.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is special about an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Special {
    Loopback,
    Private,
    LinkLocal,
    SharedCarrier,
    Metadata,
    Multicast,
    Unspecified,
    Documentation,
    Benchmark,
    Reserved,
}

impl Special {
    /// Returns the stable code of the refusal.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Loopback => "address-loopback",
            Self::Private => "address-private",
            Self::LinkLocal => "address-link-local",
            Self::SharedCarrier => "address-shared-carrier",
            Self::Metadata => "address-metadata",
            Self::Multicast => "address-multicast",
            Self::Unspecified => "address-unspecified",
            Self::Documentation => "address-documentation",
            Self::Benchmark => "address-benchmark",
            Self::Reserved => "address-reserved",
        }
    }

    /// Returns it in words, with an article.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::LinkLocal => "a link-local address",
            Self::SharedCarrier => "an address of a carrier's inside",
            Self::Metadata => "a cloud's metadata address",
            Self::Multicast => "a multicast address",
            Self::Unspecified => "an address of this host or network",
            Self::Documentation => "an address for documentation",
            Self::Benchmark => "an address for benchmarks",
            Self::Reserved => "a reserved address",
        }
    }
}

/// Tells what is special about an address; none for a public one.
pub(crate) fn special(address: IpAddr) -> Option<Special> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

fn special_v4(address: Ipv4Addr) -> Option<Special> {
    let kind = match address.octets() {
        // AWS, Azure, GCP, Oracle and others; Azure's wire server; Alibaba; Oracle's older one.
        [169, 254, 169, 254 | 253] | [168, 63, 129, 16] | [100, 100, 100, 200] | [192, 0, 0, 192] => Special::Metadata,
        [127, ..] => Special::Loopback,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Special::Private,
        [169, 254, ..] => Special::LinkLocal,
        [100, 64..=127, ..] => Special::SharedCarrier,
        [0, ..] => Special::Unspecified,
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Special::Documentation,
        [198, 18 | 19, ..] => Special::Benchmark,
        [224..=239, ..] => Special::Multicast,
        // Protocol assignments; the AS112 sinks; the 6to4 relay anycast, deprecated; the rest of class E, broadcast.
        [192, 0, 0, _]
        | [192, 31, 196, _]
        | [192, 52, 193, _]
        | [192, 175, 48, _]
        | [192, 88, 99, _]
        | [240..=255, ..] => Special::Reserved,
        _ => return None,
    };
    Some(kind)
}

fn special_v6(address: Ipv6Addr) -> Option<Special> {
    if address.is_loopback() {
        return Some(Special::Loopback);
    }
    if address.is_unspecified() {
        return Some(Special::Unspecified);
    }
    let inside = embedded_v4(address);
    if !inside.is_empty() {
        return inside.into_iter().find_map(special_v4);
    }
    let kind = match address.segments() {
        // AWS's metadata service over IPv6, and GCP's.
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254] | [0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254] => Special::Metadata,
        [first, ..] if first & 0xfe00 == 0xfc00 => Special::Private,
        [first, ..] if first & 0xffc0 == 0xfe80 => Special::LinkLocal,
        // Site-local, deprecated.
        [first, ..] if first & 0xffc0 == 0xfec0 => Special::Private,
        [first, ..] if first & 0xff00 == 0xff00 => Special::Multicast,
        // NAT64 of the local network: where it leads is the network's own affair.
        [0x0064, 0xff9b, 1, ..] => Special::Private,
        [0x2001, 0x0db8, ..] => Special::Documentation,
        [0x3fff, second, ..] if second & 0xf000 == 0 => Special::Documentation,
        [0x2001, 2, 0, ..] => Special::Benchmark,
        // Protocol assignments 2001::/23.
        [0x2001, second, ..] if second & 0xfe00 == 0 => Special::Reserved,
        // Outside of 2000::/3 nothing is anybody's public server.
        [first, ..] if first & 0xe000 != 0x2000 => Special::Reserved,
        _ => return None,
    };
    Some(kind)
}

/// Returns the IPv4 addresses that an IPv6 address carries: mapped, compatible, translated, NAT64, 6to4, ISATAP, and
/// server and client of Teredo.
fn embedded_v4(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let segments = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match segments {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => vec![v4(high, low)],
        [0x0064, 0xff9b, 0, 0, 0, 0, high, low] => vec![v4(high, low)],
        [0x2002, high, low, ..] => vec![v4(high, low)],
        [0x2001, 0, server_high, server_low, _, _, high, low] => {
            vec![v4(server_high, server_low), v4(!high, !low)]
        }
        [_, _, _, _, 0 | 0x0200, 0x5efe, high, low] => vec![v4(high, low)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    #[test]
    fn special_addresses_are_recognised() {
        let table = [
            ("127.0.0.1", Special::Loopback),
            ("127.255.255.254", Special::Loopback),
            ("0.0.0.0", Special::Unspecified),
            ("0.1.2.3", Special::Unspecified),
            ("10.0.0.1", Special::Private),
            ("172.16.0.1", Special::Private),
            ("172.31.255.255", Special::Private),
            ("192.168.0.1", Special::Private),
            ("169.254.1.1", Special::LinkLocal),
            ("169.254.169.254", Special::Metadata),
            ("168.63.129.16", Special::Metadata),
            ("100.100.100.200", Special::Metadata),
            ("192.0.0.192", Special::Metadata),
            ("100.64.0.1", Special::SharedCarrier),
            ("100.127.255.255", Special::SharedCarrier),
            ("192.0.0.8", Special::Reserved),
            ("192.0.2.1", Special::Documentation),
            ("198.51.100.1", Special::Documentation),
            ("203.0.113.9", Special::Documentation),
            ("198.18.0.1", Special::Benchmark),
            ("198.19.255.255", Special::Benchmark),
            ("192.88.99.1", Special::Reserved),
            ("224.0.0.1", Special::Multicast),
            ("239.255.255.255", Special::Multicast),
            ("240.0.0.1", Special::Reserved),
            ("255.255.255.255", Special::Reserved),
            ("::", Special::Unspecified),
            ("::1", Special::Loopback),
            ("fc00::1", Special::Private),
            ("fdff::1", Special::Private),
            ("fd00:ec2::254", Special::Metadata),
            ("fe80::1", Special::LinkLocal),
            ("fec0::1", Special::Private),
            ("ff02::1", Special::Multicast),
            ("2001:db8::1", Special::Documentation),
            ("3fff::1", Special::Documentation),
            ("2001:2::1", Special::Benchmark),
            ("2001:10::1", Special::Reserved),
            ("100::1", Special::Reserved),
            ("5f00::1", Special::Reserved),
            ("64:ff9b:1::808:808", Special::Private),
            // IPv4 inside IPv6.
            ("::ffff:127.0.0.1", Special::Loopback),
            ("::ffff:0:10.0.0.1", Special::Private),
            ("::10.0.0.1", Special::Private),
            ("64:ff9b::169.254.169.254", Special::Metadata),
            ("2002:7f00:1::", Special::Loopback),
            ("2002:c0a8:101::1", Special::Private),
            // Teredo: the client 192.168.0.1 with its bits turned; the server 10.0.0.1.
            ("2001:0:4136:e378:8000:63bf:3f57:fffe", Special::Private),
            ("2001:0:a00:1:8000:63bf:f7f7:f7f7", Special::Private),
            ("2a00:1450::5efe:7f00:1", Special::Loopback),
        ];
        for (text, expected) in table {
            assert_eq!(special(text.parse().unwrap()), Some(expected), "{text}");
        }
    }

    #[test]
    fn public_addresses_pass() {
        let table = [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "126.255.255.255",
            "128.0.0.1",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.1",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ];
        for text in table {
            assert_eq!(special(text.parse().unwrap()), None, "{text}");
        }
    }
}
