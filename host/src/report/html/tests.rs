use super::super::check::tests::witness;
use super::*;
use crate::model::timeline::{Lane, TimelineEntry, Tone};
use crate::record::tally::Tally;

fn page(witness: Witness) -> String {
    let checked = Checked {
        strategy: "lock-only".to_owned(),
        digest: "sha256:ab".to_owned(),
        settings_unread: Vec::new(),
        verdict: Verdict::Violated(witness.prose.clone()),
        tally: Tally::default(),
        took_ns: 1,
        was_interrupted: false,
        witness: Some(witness),
    };
    write(&CheckReport {
        checked: vec![checked],
    })
}

#[test]
fn page_is_complete_and_self_contained() {
    let page = page(witness());
    for printed in [
        "lock-only",
        "violated",
        "mutual-exclusion",
        "runner check lock-only --replay",
    ] {
        assert!(page.contains(printed), "{printed}");
    }
    for moment in &witness().timeline.moments {
        assert!(page.contains(&escaped(&moment.text)), "{}", moment.text);
    }
    for outside in ["http:", "https:", "<script", "<link", "@import", "src="] {
        assert!(!page.contains(outside), "{outside}");
    }
    // Once on each of the two drawings.
    let count = |part: &str| page.matches(part).count();
    assert_eq!(count("<g class=\"card"), 24);
    assert_eq!(count("class=\"arrow\""), 2 * 4);
    assert_eq!(count("<rect class=\"both\""), 2);
    assert_eq!(count("<rect class=\"shade\""), 2);
}

#[test]
fn page_escapes_the_texts_of_a_strategy() {
    let mut witness = witness();
    let evil = "<script>alert(1)</script> \" onload='x' &amp;";
    witness.prose = evil.to_owned();
    witness.replay = evil.to_owned();
    witness.timeline.aborts = vec![evil.to_owned()];
    witness.timeline.stretches[0].text = evil.to_owned();
    witness.timeline.moments = vec![TimelineEntry {
        at: 1,
        lane: Lane::Worker(0),
        tone: Tone::Lost,
        text: evil.to_owned(),
        after: None,
    }];
    let page = page(witness);
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains("onload='"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(page.contains("&amp;amp;"));
}

#[test]
fn every_tag_that_is_opened_is_closed_in_its_place() {
    let page = page(witness());
    let body = page.split("<body>").nth(1).unwrap();
    let mut open: Vec<&str> = Vec::new();
    for part in body.split('<').skip(1) {
        let tag = part.split('>').next().unwrap();
        let name = tag.split(' ').next().unwrap();
        match name.strip_prefix('/') {
            Some("body" | "html") => {}
            Some(closed) => assert_eq!(open.pop(), Some(closed), "{part}"),
            None if tag.ends_with('/') => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_timeline_without_moments_is_drawn_too() {
    let mut witness = witness();
    witness.timeline.moments.clear();
    assert!(page(witness).contains("<svg"));
}
