use super::*;

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn taken(addresses: &[&str]) -> BTreeSet<Address> {
    addresses.iter().map(|text| address(text)).collect()
}

fn range(first: &str, last: &str) -> Range {
    Range::parse(first, last).unwrap()
}

fn row(first: &str, last: &str) -> Row {
    vec![first.into(), last.into()]
}

/// As `192.168.0.2-192.168.0.254 …`.
fn text(ranges: &[Range]) -> String {
    let text = |range: &Range| format!("{}-{}", range.first, range.last);
    ranges.iter().map(text).collect::<Vec<_>>().join(" ")
}

fn pool(first: &str, last: &str) -> Ranges {
    let text = |text: &str| text.to_owned();
    let pool = Pool {
        id: text("pool-0"),
        subnet: text("subnet"),
        first: text(first),
        last: text(last),
    };
    Ranges::of(&pool).unwrap()
}

#[test]
fn addresses_are_ordered_as_numbers_and_not_as_texts() {
    assert!(address("192.168.0.9") < address("192.168.0.10"));
    assert!(address("2001:db8::9") < address("2001:db8::10"));
    let rows = [
        row("10.0.0.10", "10.0.0.20"),
        row("10.0.0.100", "10.0.0.120"),
        row("10.0.0.9", "10.0.0.9"),
    ];
    let ranges = Ranges::of_rows(&rows).unwrap();
    assert_eq!(
        text(&ranges.0),
        "10.0.0.9-10.0.0.9 10.0.0.10-10.0.0.20 10.0.0.100-10.0.0.120"
    );
    assert_eq!(ranges.count(), 33);
}

#[test]
fn an_address_is_written_in_its_canonical_form() {
    for (given, canonical) in [
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("::ffff:192.168.0.1", "::ffff:192.168.0.1"),
        ("192.168.0.1", "192.168.0.1"),
    ] {
        assert_eq!(address(given).to_string(), canonical);
    }
}

#[test]
fn there_is_no_address_beyond_the_ends_of_a_family() {
    assert_eq!(address("255.255.255.255").plus(1), None);
    assert_eq!(address("0.0.0.0").before(), None);
    let last = address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    assert_eq!(last.plus(1), None);
    assert_eq!(address("::").plus(u128::MAX), Some(last));
    let next = address("192.168.0.255").plus(1).unwrap();
    assert_eq!(next.to_string(), "192.168.1.0");
}

#[test]
fn a_range_is_shrunk_split_or_gone() {
    for (first, last, addresses, left) in [
        (".2", ".4", [".2"].as_slice(), ".3-.4"),
        (".2", ".4", &[".4"], ".2-.3"),
        (".2", ".4", &[".3"], ".2-.2 .4-.4"),
        (".2", ".2", &[".2"], ""),
        (".2", ".4", &[".2", ".3", ".4"], ""),
        (".2", ".9", &[".3", ".4", ".9"], ".2-.2 .5-.8"),
        (".2", ".4", &[".1", ".5"], ".2-.4"),
        (".2", ".4", &[], ".2-.4"),
        (".0", ".255", &[".0", ".255"], ".1-.254"),
    ] {
        let whole = |end: &str| format!("255.255.255{end}");
        let addresses = addresses.iter().map(|end| address(&whole(end))).collect();
        let range = range(&whole(first), &whole(last));
        let found = text(&range.without(&addresses)).replace("255.255.255.", ".");
        assert_eq!(found, left, "{first}-{last} without {addresses:?}");
    }
}

#[test]
fn the_other_family_takes_nothing() {
    let range = range("::", "::ff");
    assert!(!range.has(address("0.0.0.1")));
    let other = taken(&["0.0.0.1", "255.255.255.255"]);
    assert_eq!(range.without(&other), [range]);
}

#[test]
fn a_pool_of_ipv6_is_never_listed() {
    let free = pool("2001:db8::", "2001:db8::ffff:ffff:ffff:ffff");
    assert_eq!(free.count(), 1 << 64);
    let free = free.without(&taken(&["2001:db8::", "2001:db8::1", "2001:db8::5"]));
    assert_eq!(free.count(), (1 << 64) - 3);
    for (place, expected) in [
        (0, Some("2001:db8::2")),
        (2, Some("2001:db8::4")),
        (3, Some("2001:db8::6")),
        ((1 << 64) - 4, Some("2001:db8::ffff:ffff:ffff:ffff")),
        ((1 << 64) - 3, None),
    ] {
        assert_eq!(free.nth(place), expected.map(address), "{place}");
    }
    let all = pool("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    assert_eq!(all.count(), u128::MAX);
}

#[test]
fn nothing_is_left_of_a_pool_that_is_full() {
    let free = pool("10.0.0.1", "10.0.0.2").without(&taken(&["10.0.0.1", "10.0.0.2"]));
    assert_eq!((free.count(), free.lowest()), (0, None));
    assert!(!free.has(address("10.0.0.1")));
}

#[test]
fn text_that_is_no_address_or_range_is_rejected() {
    for (first, last) in [
        ("192.168.0", "192.168.0.4"),
        ("192.168.0.4", "192.168.0.2"),
        ("192.168.0.4", "::1"),
        ("", ""),
    ] {
        let error = Range::parse(first, last).unwrap_err();
        assert_eq!(error.detail().code, "bad-address", "{first} to {last}");
    }
    assert!(Ranges::of_rows(&[vec!["10.0.0.1".into()]]).is_err());
}
