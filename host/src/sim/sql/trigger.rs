//! CREATE TRIGGER … AFTER UPDATE … FOR EACH ROW with one INSERT.
//!
//! The frame around the INSERT is read here, word by word: the parser does not know MariaDB's.

use super::expression::{Environment, Expression};
use super::insert::{Insert, stored};
use super::key::Key;
use super::parse::{parse_tokens, tokens};
use super::plan::insert;
use super::refuse::{syntax, unsupported};
use super::schema::{Definition, Schema, TableId};
use super::scope::Scope;
use super::view::{StoredRow, View};
use crate::model::fault::Fault;
use sqlparser::ast::{Ident, ObjectName, Statement};
use sqlparser::tokenizer::Token;
use std::sync::Arc;

/// Inserts a row into a table whenever a row of another was updated.
#[derive(Debug, Clone)]
pub struct Trigger {
    name: String,
    table: TableId,
    insert: Insert,
}

/// OLD and NEW are the first and the second level of the INSERT's expressions.
const OLD: usize = 0;
const NEW: usize = 1;

impl Trigger {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The table whose updates it follows.
    pub fn table(&self) -> TableId {
        self.table
    }

    /// The row that an update makes it insert, and where. `number` becomes what `UUID()` gives.
    pub fn fire(
        &self,
        old: &StoredRow,
        new: &StoredRow,
        number: u128,
    ) -> Result<(TableId, StoredRow), Fault> {
        let mut env = Environment::writing(&[], &Nothing);
        env.number = number;
        let env = env.at(OLD, old).at(NEW, new);
        let row = stored(&self.insert.table, &self.insert.rows[0], &env)?;
        Ok((self.insert.id, row))
    }
}

/// A trigger's INSERT reads no table.
struct Nothing;

impl View for Nothing {
    fn get(&self, _: TableId, _: &Key) -> Option<&StoredRow> {
        None
    }

    fn scan<'a>(&'a self, _: TableId) -> Box<dyn Iterator<Item = (&'a Key, &'a StoredRow)> + 'a> {
        Box::new(std::iter::empty())
    }
}

/// The definition, if the text begins with CREATE TRIGGER or DROP TRIGGER.
pub(super) fn definition(text: &str, schema: &Schema) -> Option<Result<Definition, Fault>> {
    let mut words = text.split_whitespace();
    let (verb, what) = (words.next()?, words.next()?);
    if !what.eq_ignore_ascii_case("trigger") {
        return None;
    }
    let definition = match verb.to_ascii_lowercase().as_str() {
        "create" => tokens(text).and_then(|tokens| create(tokens, schema)),
        "drop" => tokens(text).and_then(|tokens| drop(&tokens)),
        _ => return None,
    };
    Some(definition)
}

fn drop(tokens: &[Token]) -> Result<Definition, Fault> {
    let words: Vec<&str> = tokens.iter().map(word).collect();
    let upper: Vec<String> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
    let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
    let (name, if_exists) = match upper.as_slice() {
        [_, _, "IF", "EXISTS", _] => (words[4], true),
        [_, _, _] => (words[2], false),
        _ => return Err(unsupported("a DROP TRIGGER that is more than a name")),
    };
    let name = name.to_owned();
    Ok(Definition::DropTrigger { name, if_exists })
}

fn create(mut tokens: Vec<Token>, schema: &Schema) -> Result<Definition, Fault> {
    let words: Vec<String> = tokens.iter().map(|token| word(token).to_owned()).collect();
    let upper: Vec<String> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
    let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
    let begins = match upper.as_slice() {
        [
            _,
            _,
            _,
            "AFTER",
            "UPDATE",
            "ON",
            _,
            "FOR",
            "EACH",
            "ROW",
            "BEGIN",
            ..,
        ] => true,
        [
            _,
            _,
            _,
            "AFTER",
            "UPDATE",
            "ON",
            _,
            "FOR",
            "EACH",
            "ROW",
            ..,
        ] => false,
        _ => {
            return Err(unsupported(
                "a trigger other than CREATE TRIGGER name AFTER UPDATE ON table FOR EACH ROW",
            ));
        }
    };
    let mut body = tokens.split_off(if begins { 11 } else { 10 });
    body.pop_if(|token| *token == Token::SemiColon);
    if begins
        && body
            .pop()
            .is_none_or(|last| !word(&last).eq_ignore_ascii_case("end"))
    {
        return Err(syntax("a trigger with BEGIN and without END"));
    }
    let statement = parse_tokens(body)?;
    let Statement::Insert(ast) = &statement else {
        return Err(unsupported("a trigger that does other than INSERT"));
    };
    let mut scope = Scope::new(schema, &statement);
    scope.is_trigger = true;
    let name = ObjectName::from(vec![Ident::new(&words[6])]);
    let (table, columns) = scope.find(&name)?;
    scope.open("OLD", columns.clone())?;
    scope.open("NEW", columns)?;
    let insert = insert(ast, &mut scope)?;
    let uuids = |row: &Vec<Option<Expression>>| {
        let is_uuid = |value: &&Option<Expression>| matches!(value, Some(Expression::Uuid));
        row.iter().filter(is_uuid).count()
    };
    match insert.rows.as_slice() {
        [row] if uuids(row) < 2 => {}
        [_] => return Err(unsupported("UUID() twice in a trigger")),
        _ => return Err(unsupported("a trigger that inserts several rows")),
    }
    Ok(Definition::CreateTrigger(Arc::new(Trigger {
        name: words[2].clone(),
        table,
        insert,
    })))
}

/// Without its quotes; nothing for what is no word.
fn word(token: &Token) -> &str {
    match token {
        Token::Word(word) => &word.value,
        _ => "",
    }
}
