//! SHA-256 digests.

use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt;
use std::str::FromStr;

const ALGORITHM: &str = "sha256:";
const DIGITS: usize = 64;

/// A SHA-256 digest: `sha256:` and 64 hexadecimal digits, in small letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Digest(String);

impl Digest {
    pub fn from_content(bytes: &[u8]) -> Self {
        let digest = <Sha256 as sha2::Digest>::digest(bytes);
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{ALGORITHM}{digits}"))
    }

    /// The hexadecimal digits, without the name of the algorithm.
    pub fn digits(&self) -> &str {
        &self.0[ALGORITHM.len()..]
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Digest {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        let digits = given.strip_prefix(ALGORITHM);
        let is_digest = digits.is_some_and(|digits| {
            let is_digit = |c| matches!(c, b'0'..=b'9' | b'a'..=b'f');
            digits.len() == DIGITS && digits.bytes().all(is_digit)
        });
        match is_digest {
            true => Ok(Self(given.to_owned())),
            false => Err(format!(
                "{given:?} is no digest, which is written sha256:… with {DIGITS} hexadecimal digits"
            )),
        }
    }
}

impl TryFrom<String> for Digest {
    type Error = String;

    fn try_from(given: String) -> Result<Self, String> {
        given.parse()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_accepts_only_a_well_formed_digest() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Digest::from_content(b"").to_string(), empty);
        assert_eq!(empty.parse(), Ok(Digest::from_content(b"")));
        let no_path = format!("sha256:{}", "../".repeat(22));
        for wrong in ["", "sha256:", &empty[..70], &empty.to_uppercase(), &no_path] {
            assert!(wrong.parse::<Digest>().is_err(), "{wrong}");
        }
    }
}
