//! Statements as the server takes them: with numbered marks, and with casts where a text is none there.

use super::options::PREPARED_STATEMENTS;
use super::servers::Servers;
use super::values::{TEXT, letter};
use crate::capability::statement::Statement;
use crate::model::value::Value;
use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};
use std::collections::HashMap;
use std::sync::Arc;

/// The texts of one session. With parameters of other types it is another statement, so each has one for
/// each list of types.
#[derive(Default)]
pub(super) struct Texts(HashMap<String, Vec<(Vec<u8>, SqlStr)>>);

impl Texts {
    pub(super) async fn of(
        &mut self,
        servers: &Servers,
        statement: &Statement,
        parameters: &[Value],
    ) -> SqlStr {
        let letters = || parameters.iter().map(letter);
        let known = self.0.get(statement.text());
        let same = known.and_then(|all| {
            all.iter()
                .find(|(types, _)| letters().eq(types.iter().copied()))
        });
        if let Some((_, text)) = same {
            return text.clone();
        }
        let types: Vec<u8> = letters().collect();
        let text = numbered(servers, statement, &types).await;
        let text = AssertSqlSafe(Arc::<str>::from(text)).into_sql_str();
        if statement.is_kept() {
            self.keep(statement, types, text.clone());
        }
        text
    }

    fn keep(&mut self, statement: &Statement, types: Vec<u8>, text: SqlStr) {
        if self.0.len() >= PREPARED_STATEMENTS {
            self.0.clear();
        }
        let all = self.0.entry(statement.text().to_owned()).or_default();
        if all.len() >= PREPARED_STATEMENTS {
            all.clear();
        }
        all.push((types, text));
    }
}

async fn numbered(servers: &Servers, statement: &Statement, types: &[u8]) -> String {
    let numbered = |number: usize| format!("${}", number + 1);
    let mut text = statement.with_marks(numbered);
    if types.contains(&TEXT) {
        let (known, nodes) = (&servers.parameter_types, &servers.nodes);
        let casts = known.casts(nodes, &text, types).await;
        text = statement.with_marks(|number| match casts.get(number) {
            Some(Some(cast)) => format!("{}::text::{cast}", numbered(number)),
            _ => numbered(number),
        });
    }
    if !types.is_empty() {
        // The driver knows a prepared statement by its text alone, and for longer than this does.
        text += &format!(" /* {} */", String::from_utf8_lossy(types));
    }
    text
}
