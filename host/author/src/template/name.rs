//! Valid names of strategies.

/// Words that Rust or cargo reserve, so that no package can have them as a name; and `all`, with which
/// the runner means every strategy.
const TAKEN: &str = "abstract all alloc as async await become box break const continue core crate \
     do dyn else enum extern false final fn for gen if impl in let loop macro match mod move mut \
     override priv proc_macro pub ref return self static std struct super test trait true try type \
     typeof unsafe unsized use virtual where while wit-bindgen wit_bindgen yield";

/// Checks the name of a strategy. The error is the reason.
pub fn check(name: &str) -> Result<(), &'static str> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(is_plain) {
        return Err(
            "a name begins with a small letter and has only small letters, digits, - and _",
        );
    }
    if TAKEN.split(' ').any(|taken| taken == name) {
        return Err("the word is taken: by Rust, by cargo or by the runner");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_a_package_can_have() {
        for name in ["mine", "my-strategy", "x2", "a_b"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        let no_words = [
            "", "2x", "-x", "_x", "Mine", "a b", "a.b", "a/b", "..", "/a", "ü",
        ];
        for name in no_words {
            assert!(check(name).unwrap_err().contains("small letter"), "{name}");
        }
        for name in ["all", "core", "match", "test", "wit-bindgen", "yield"] {
            assert!(check(name).unwrap_err().contains("taken"), "{name}");
        }
    }
}
