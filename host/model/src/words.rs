//! Enums whose variants are words, for people and for files. A macro of a few lines, so that the nouns need no
//! procedural macro besides those of serde and thiserror.

/// Declares an enum with the word of each variant beside it.
///
/// ```
/// contend_model::words! {
///     #[derive(Debug, Clone, Copy, PartialEq)]
///     pub enum Colour {
///         Red = "red",
///         Green = "green",
///     }
/// }
/// assert_eq!(Colour::ALL.map(Colour::as_str), ["red", "green"]);
/// assert_eq!("green".parse(), Ok(Colour::Green));
/// let error = "blue".parse::<Colour>().unwrap_err();
/// assert_eq!(error, r#""blue" is none of red, green"#);
/// ```
#[macro_export]
macro_rules! words {
    (
        $(#[$attribute:meta])*
        pub enum $name:ident {
            $($(#[$of_variant:meta])* $variant:ident = $word:literal,)*
        }
    ) => {
        $(#[$attribute])*
        pub enum $name {
            $($(#[$of_variant])* $variant,)*
        }

        impl $name {
            /// All, in the order of their declaration.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$variant),*];

            /// The word for people and files.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

        }

        /// From the word; the error lists those that there are.
        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(word: &str) -> Result<Self, String> {
                let known = Self::ALL.into_iter().find(|known| known.as_str() == word);
                known.ok_or_else(|| {
                    let words = Self::ALL.map(Self::as_str).join(", ");
                    format!("{word:?} is none of {words}")
                })
            }
        }
    };
}
