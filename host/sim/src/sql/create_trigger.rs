//! CREATE TRIGGER … AFTER INSERT, UPDATE or DELETE … FOR EACH ROW with one INSERT, and DROP TRIGGER.
//!
//! The frame around the INSERT is read here, word by word: the parser does not know MariaDB's.

use super::compile_write::insert;
use super::dialect::Dialect;
use super::expression::Expression;
use super::parse::{Kept, once, parse_tokens, tokens};
use super::refuse::{syntax, unsupported};
use super::schema::{Definition, Schema};
use super::scope::Scope;
use super::trigger::{Trigger, TriggerEvent};
use crate::model::error::CallError;
use sqlparser::ast::{Ident, ObjectName, Statement};
use sqlparser::tokenizer::Token;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// The definition, if the text begins with CREATE TRIGGER or DROP TRIGGER.
pub(super) fn definition(text: &str, schema: &Schema) -> Option<Result<Definition, CallError>> {
    let mut words = text.split_whitespace();
    let (verb, what) = (words.next()?, words.next()?);
    if !what.eq_ignore_ascii_case("trigger") {
        return None;
    }
    let definition = match verb.to_ascii_lowercase().as_str() {
        "create" => frame(text).and_then(|frame| create(&frame, schema)),
        "drop" => tokens(text, Dialect::Mysql).and_then(|tokens| drop(&tokens)),
        _ => return None,
    };
    Some(definition)
}

fn drop(tokens: &[Token]) -> Result<Definition, CallError> {
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

/// A CREATE TRIGGER, read and not yet resolved.
pub(super) struct Frame {
    pub name: String,
    pub table: String,
    pub event: TriggerEvent,
    pub body: Statement,
}

fn frame(text: &str) -> Result<Rc<Frame>, CallError> {
    thread_local! {
        static FRAMES: RefCell<Kept<Frame>> = RefCell::default();
    }
    once(&FRAMES, text, || read(tokens(text, Dialect::Mysql)?))
}

fn read(mut tokens: Vec<Token>) -> Result<Frame, CallError> {
    let words: Vec<String> = tokens.iter().map(|token| word(token).to_owned()).collect();
    let upper: Vec<String> = words.iter().map(|word| word.to_ascii_uppercase()).collect();
    let upper: Vec<&str> = upper.iter().map(String::as_str).collect();
    let [
        _,
        _,
        _,
        "AFTER",
        event,
        "ON",
        _,
        "FOR",
        "EACH",
        "ROW",
        rest @ ..,
    ] = upper.as_slice()
    else {
        return Err(other_trigger());
    };
    let event = TriggerEvent::of(event).ok_or_else(other_trigger)?;
    let begins = rest.first() == Some(&"BEGIN");
    let mut body = tokens.split_off(if begins { 11 } else { 10 });
    body.pop_if(|token| *token == Token::SemiColon);
    if begins
        && body
            .pop()
            .is_none_or(|last| !word(&last).eq_ignore_ascii_case("end"))
    {
        return Err(syntax(
            Dialect::Mysql,
            "a trigger with BEGIN and without END",
        ));
    }
    Ok(Frame {
        name: words[2].clone(),
        table: words[6].clone(),
        event,
        body: parse_tokens(body, Dialect::Mysql)?,
    })
}

pub(super) fn create(frame: &Frame, schema: &Schema) -> Result<Definition, CallError> {
    let Statement::Insert(ast) = &frame.body else {
        return Err(unsupported("a trigger that does other than INSERT"));
    };
    let event = frame.event;
    let mut scope = Scope::new(schema, &frame.body);
    scope.is_trigger = true;
    let name = ObjectName::from(vec![Ident::new(&frame.table)]);
    let (table, columns) = scope.find(&name)?;
    // A level for each, in any case; a name of none where there is no such row.
    let named = |name, is_there| if is_there { name } else { "" };
    scope.open(named("OLD", event.has_old()), columns.clone())?;
    scope.open(named("NEW", event.has_new()), columns)?;
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
        name: frame.name.clone(),
        table,
        event,
        insert,
    })))
}

fn other_trigger() -> CallError {
    unsupported(
        "a trigger other than CREATE TRIGGER name AFTER INSERT, UPDATE or DELETE ON table FOR EACH ROW",
    )
}

/// Without its quotes; nothing for what is no word.
fn word(token: &Token) -> &str {
    match token {
        Token::Word(word) => &word.value,
        _ => "",
    }
}
