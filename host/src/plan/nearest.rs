//! Suggestions for a name that is not there.

/// Names less alike than this are different words.
const LEAST_LIKENESS: f64 = 0.7;

/// The known name that is most like this one, or all of them if none is.
pub fn nearest(name: &str, known: &[&str]) -> String {
    match closest(name, known.iter().copied()) {
        Some(key) => format!("did you mean `{key}`?"),
        None => format!("known are: {}", known.join(", ")),
    }
}

/// The known name that is most like this one; `None` if none is like it.
pub fn closest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |known: &str| strsim::jaro_winkler(name, known);
    let alike = known.filter(|known| likeness(known) > LEAST_LIKENESS);
    alike.max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_name_is_found_and_another_word_is_not() {
        let known = ["cas", "for-update", "lock-change", "lock-only"];
        for (given, meant) in [
            ("case", Some("cas")),
            ("for_update", Some("for-update")),
            ("lockonly", Some("lock-only")),
            ("zzz", None),
        ] {
            assert_eq!(closest(given, known.into_iter()), meant, "{given}");
        }
        assert!(nearest("zzz", &known).starts_with("known are: cas, "));
    }
}
