//! The unique value that a change writes, and whatever else is found in its place.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Names one change of one worker; written `<worker>_<number>`, as the reference harness did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Marker {
    pub worker: u32,
    pub number: u32,
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.worker, self.number)
    }
}

/// The value of the marker's column. Kept small: a run of a million changes has two million effects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Option<String>", into = "Option<String>")]
pub enum Mark {
    /// NULL: no change has written here.
    None,
    Of(Marker),
    /// Something that no change of this run was given to write.
    Foreign(Box<String>),
}

impl Mark {
    /// The change that it names, if it names one.
    pub fn marker(&self) -> Option<Marker> {
        match self {
            Self::Of(marker) => Some(*marker),
            Self::None | Self::Foreign(_) => None,
        }
    }
}

impl From<Option<&str>> for Mark {
    fn from(text: Option<&str>) -> Self {
        let Some(text) = text else { return Self::None };
        let parsed = text.split_once('_').and_then(|(worker, number)| {
            Some(Marker {
                worker: written(worker)?,
                number: written(number)?,
            })
        });
        match parsed {
            Some(marker) => Self::Of(marker),
            None => Self::Foreign(Box::new(text.to_owned())),
        }
    }
}

/// A number as we write it: "+1" and "02" parse too.
fn written(number: &str) -> Option<u32> {
    let is_ours = number == "0" || number.starts_with(|first| matches!(first, '1'..='9'));
    is_ours.then(|| number.parse().ok())?
}

impl From<Option<String>> for Mark {
    fn from(text: Option<String>) -> Self {
        Self::from(text.as_deref())
    }
}

impl From<Mark> for Option<String> {
    fn from(mark: Mark) -> Self {
        match mark {
            Mark::None => None,
            Mark::Of(marker) => Some(marker.to_string()),
            Mark::Foreign(text) => Some(*text),
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no marker"),
            Self::Of(marker) => marker.fmt(f),
            Self::Foreign(text) => write!(f, "{text:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_survives_the_way_to_text_and_back() {
        for text in [None, Some("3_7"), Some("x"), Some("+3_7"), Some("3_07")] {
            let text = text.map(str::to_owned);
            let mark = Mark::from(text.clone());
            assert_eq!(Option::<String>::from(mark), text);
        }
        let marker = Marker {
            worker: 3,
            number: 7,
        };
        assert_eq!(Mark::from(Some("3_7".to_owned())), Mark::Of(marker));
    }
}
