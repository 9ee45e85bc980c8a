//! A strategy with settings of its own: `ip-two-step+choice=random+range-check=false`.

use super::PlanError;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The character between a strategy and its settings.
const PLUS: char = '+';

/// A strategy that the user asked for, and perhaps settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variant {
    /// A component, a name or a source folder.
    pub strategy: String,
    pub settings: BTreeMap<String, String>,
}

impl Variant {
    /// Splits what was given. A part without `=` belongs to the name before it, since a file may have a
    /// plus in its name.
    pub fn parse(given: &str) -> Result<Self, PlanError> {
        let mut parts = given.split(PLUS);
        let mut variant = Self {
            strategy: parts.next().unwrap_or_default().to_owned(),
            settings: BTreeMap::new(),
        };
        for part in parts {
            match part.split_once('=') {
                Some((name, value)) if !name.is_empty() && !name.contains('/') => {
                    let before = variant.settings.insert(name.to_owned(), value.to_owned());
                    if before.is_some() {
                        let name = name.to_owned();
                        return Err(PlanError::SettingTwice { name });
                    }
                }
                _ => {
                    variant.strategy.push(PLUS);
                    variant.strategy.push_str(part);
                }
            }
        }
        Ok(variant)
    }

    /// `+choice=random`, after the strategy's name; empty without settings. Of what is no part of a
    /// file's name, nothing is kept.
    pub fn suffix(settings: &BTreeMap<String, String>) -> String {
        let mut suffix = String::new();
        for (name, value) in settings {
            let _ = write!(suffix, "{PLUS}{name}={value}");
        }
        suffix.replace('/', "_")
    }

    /// The strategy's own name, of one with settings.
    pub fn base(name: &str) -> &str {
        let at = name.match_indices(PLUS).map(|(at, _)| at);
        let settings = at.filter(|at| name[at + 1..].contains('=')).min();
        settings.map_or(name, |at| &name[..at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_follow_the_strategy_and_a_plus_may_be_in_a_name() {
        let variant = Variant::parse("ip-two-step+range-check=false+choice=random").unwrap();
        assert_eq!(variant.strategy, "ip-two-step");
        let suffix = Variant::suffix(&variant.settings);
        assert_eq!(suffix, "+choice=random+range-check=false");
        assert_eq!(
            Variant::base("ip-two-step+choice=random+x=1"),
            "ip-two-step"
        );
        for plain in ["cas", "./c++/cas.wasm", "a=b/cas.wasm"] {
            let variant = Variant::parse(plain).unwrap();
            assert_eq!((&*variant.strategy, variant.settings.len()), (plain, 0));
            assert_eq!(Variant::base(plain), plain);
        }
        let twice = Variant::parse("cas+a=1+a=2").unwrap_err();
        assert!(twice.to_string().contains("\"a\" twice"), "{twice}");
    }
}
