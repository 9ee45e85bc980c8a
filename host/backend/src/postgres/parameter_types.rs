//! Types that the server expects of parameters which are texts.
//!
//! A parameter of the type `text` is refused where a time, a number or a UUID has to stand. So a server
//! is asked, once for each statement, what it would take there for a value without a type. Where that is
//! no text, the mark gets a cast by which the server reads the text as it would read a literal.
//!
//! ```text
//! UPDATE jobs SET due = ? WHERE name = ?       both texts
//! UPDATE jobs SET due = $1::text::timestamp with time zone WHERE name = $2
//! ```
//!
//! It is asked on a connection of the host: an error there ends no transaction of a session.

use super::node::Node;
use super::values::{TEXT, type_of};
use crate::model::value::Value;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Statements whose types are kept. A strategy may make a new text for each change.
const AT_MOST: usize = 1000;

/// Types that take a text as it is.
const TEXTS: &[&str] = &["text", "character varying", "character", "name", "unknown"];

/// For each mark the type to cast to, if any.
pub(super) type Casts = Arc<[Option<String>]>;

/// The answers of the servers so far, by the text of the statement and the letters of its types.
#[derive(Default)]
pub(super) struct ParameterTypes {
    known: Mutex<HashMap<(String, Vec<u8>), Casts>>,
    asked: AtomicU64,
}

impl ParameterTypes {
    /// The casts of a statement with numbered marks. Where no node can say, there are none, and the server
    /// of the session has its own error for it.
    pub(super) async fn casts(&self, nodes: &[Node], text: &str, letters: &[u8]) -> Casts {
        let key = (text.to_owned(), letters.to_vec());
        if let Some(known) = self.known().get(&key) {
            return known.clone();
        }
        let name = format!("contend_{}", self.asked.fetch_add(1, Ordering::Relaxed));
        let types: Vec<_> = letters.iter().map(|&letter| type_of(letter)).collect();
        let ask = format!(
            "PREPARE {name} ({}) AS {text}; \
             SELECT of_one.type::text FROM pg_prepared_statements, \
             unnest(parameter_types) WITH ORDINALITY AS of_one (type, place) \
             WHERE name = '{name}' ORDER BY place; DEALLOCATE {name}",
            types.join(", ")
        );
        for node in nodes {
            let Ok(rows) = node.readers.read(&ask, &[]).await else {
                continue;
            };
            let expected = rows.into_iter().flatten().map(Value::into_text);
            let casts: Casts = letters
                .iter()
                .zip(expected)
                .map(|(&letter, expected)| {
                    expected.filter(|name| letter == TEXT && !TEXTS.contains(&&**name))
                })
                .collect();
            let mut known = self.known();
            if known.len() >= AT_MOST {
                known.clear();
            }
            known.insert(key, casts.clone());
            return casts;
        }
        letters.iter().map(|_| None).collect()
    }

    fn known(&self) -> MutexGuard<'_, HashMap<(String, Vec<u8>), Casts>> {
        // Nothing can panic while it is held.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
