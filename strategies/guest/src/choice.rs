//! Which of the free addresses to take.

use crate::addresses::{Address, Ranges};
use crate::retry::random_below;
use std::str::FromStr;

/// As given with `--set choice=…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The lowest one.
    Sequential,
    /// Any one.
    Random,
}

impl Choice {
    /// One of these; nothing if there are none.
    pub fn of(self, free: &Ranges) -> Option<Address> {
        match self {
            Self::Sequential => free.lowest(),
            Self::Random => among_the_lowest(free, u128::MAX),
        }
    }
}

/// A random one of the `window` lowest; nothing if there are none.
pub fn among_the_lowest(free: &Ranges, window: u128) -> Option<Address> {
    match free.count().min(window) {
        0 => None,
        count => free.nth(random_below(count)),
    }
}

impl FromStr for Choice {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "sequential" => Ok(Self::Sequential),
            "random" => Ok(Self::Random),
            _ => Err("the choices are sequential and random"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_is_one_of_two_words() {
        assert_eq!("random".parse(), Ok(Choice::Random));
        assert_eq!("sequential".parse(), Ok(Choice::Sequential));
        assert!("Random".parse::<Choice>().is_err());
    }

    #[test]
    fn none_is_chosen_where_none_is_free() {
        assert_eq!(Choice::Sequential.of(&Ranges::default()), None);
        assert_eq!(Choice::Random.of(&Ranges::default()), None);
    }
}
