//! What was meant by a name that is not there.

/// The known name that is most like this one, or all of them if none is.
pub fn nearest(name: &str, known: &[&str]) -> String {
    let likeness = |key: &&&str| (strsim::jaro_winkler(name, key) * 1000.0) as u32;
    match known.iter().max_by_key(likeness) {
        Some(key) if strsim::jaro_winkler(name, key) > 0.7 => format!("did you mean `{key}`?"),
        _ => format!("known are: {}", known.join(", ")),
    }
}
