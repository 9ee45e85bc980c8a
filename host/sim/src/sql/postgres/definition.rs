//! Definitions, which come as texts of one statement or of two: a table with its comment, the function
//! of a trigger with the trigger.

use crate::model::error::CallError;
use crate::sql::create::create_table;
use crate::sql::create_trigger::{Frame, create};
use crate::sql::dialect::Dialect;
use crate::sql::parse::{Kept, once, parse_tokens, tokens};
use crate::sql::refuse::{no_such_column, no_such_table, syntax, unsupported};
use crate::sql::schema::{Definition, Schema};
use crate::sql::trigger::TriggerEvent;
use sqlparser::ast::{CreateTable, Statement};
use sqlparser::tokenizer::Token;
use std::cell::RefCell;

const DIALECT: Dialect = Dialect::Postgres;

/// A definition, read and not yet resolved.
enum Read {
    Table(CreateTable),
    Trigger(Frame),
    Index { table: String, columns: Vec<String> },
    DropTrigger { name: String, if_exists: bool },
}

/// The definition, if the text begins with CREATE or with DROP TRIGGER.
pub(in crate::sql) fn definition(
    text: &str,
    schema: &Schema,
) -> Option<Result<Definition, CallError>> {
    thread_local! {
        static READ: RefCell<Kept<Read>> = RefCell::default();
    }
    let mut words = text.split_whitespace();
    let (verb, what) = (words.next()?, words.next()?);
    let is_one = match verb.to_ascii_lowercase().as_str() {
        "create" => true,
        "drop" => what.eq_ignore_ascii_case("trigger"),
        _ => false,
    };
    let resolved = |text| match &*once(&READ, text, || read(text))? {
        Read::Table(ast) => create_table(ast, DIALECT),
        Read::Trigger(frame) => create(frame, schema),
        Read::Index { table, columns } => index(table, columns, schema),
        Read::DropTrigger { name, if_exists } => Ok(Definition::DropTrigger {
            name: name.clone(),
            if_exists: *if_exists,
        }),
    };
    is_one.then(|| resolved(text))
}

fn read(text: &str) -> Result<Read, CallError> {
    let tokens = tokens(text, DIALECT)?;
    let statements = tokens.split(|token| *token == Token::SemiColon);
    let statements: Vec<&[Token]> = statements.filter(|it| !it.is_empty()).collect();
    let words: Vec<Vec<String>> = statements.iter().map(|it| words(it)).collect();
    let words: Vec<Vec<&str>> = words
        .iter()
        .map(|it| it.iter().map(String::as_str).collect())
        .collect();
    let words: Vec<&[&str]> = words.iter().map(Vec::as_slice).collect();
    match (words.as_slice(), statements.as_slice()) {
        ([["create", "table", ..], comments @ ..], [table, ..]) => {
            if !comments.iter().all(is_comment) {
                return Err(unsupported("anything but COMMENT ON TABLE behind a table"));
            }
            match parse_tokens(table.to_vec(), DIALECT)? {
                Statement::CreateTable(ast) => Ok(Read::Table(ast)),
                other => Err(unsupported(other)),
            }
        }
        ([["create", "index", _, "on", table, "(", columns @ .., ")"]], _) => Ok(Read::Index {
            table: (*table).to_owned(),
            columns: names(columns)
                .ok_or_else(|| unsupported("an index of other than plain columns"))?,
        }),
        ([function, trigger], [whole, _]) => frame(function, whole, trigger).map(Read::Trigger),
        ([["drop", "trigger", "if", "exists", name, "on", _]], _) => Ok(Read::DropTrigger {
            name: (*name).to_owned(),
            if_exists: true,
        }),
        ([["drop", "trigger", name, "on", _]], _) => Ok(Read::DropTrigger {
            name: (*name).to_owned(),
            if_exists: false,
        }),
        _ => Err(unsupported(
            "this definition; there are CREATE TABLE, CREATE INDEX name ON table (columns), and \
             CREATE FUNCTION with CREATE TRIGGER in one text",
        )),
    }
}

/// A comment says nothing to the simulator.
fn is_comment(words: &&[&str]) -> bool {
    matches!(words, ["comment", "on", "table", _, "is", _])
}

/// Names with commas between them.
fn names(words: &[&str]) -> Option<Vec<String>> {
    let list = words.split(|word| *word == ",");
    let one = |words: &[&str]| match words {
        [name] => Some((*name).to_owned()),
        _ => None,
    };
    list.map(one).collect()
}

/// The trigger that calls the function.
fn frame(function: &[&str], tokens: &[Token], trigger: &[&str]) -> Result<Frame, CallError> {
    let (["create", "or", "replace", function @ ..] | ["create", function @ ..]) = function else {
        return Err(other_trigger());
    };
    let [
        "function",
        function,
        "(",
        ")",
        "returns",
        "trigger",
        rest @ ..,
    ] = function
    else {
        return Err(other_trigger());
    };
    let (["language", "plpgsql", "as", _], Some(Token::DollarQuotedString(body))) =
        (rest, tokens.last())
    else {
        return Err(other_trigger());
    };
    let [
        "create",
        "trigger",
        name,
        "after",
        event,
        "on",
        table,
        "for",
        "each",
        "row",
        "execute",
        "function",
        called,
        "(",
        ")",
    ] = trigger
    else {
        return Err(other_trigger());
    };
    if called != function {
        return Err(unsupported(
            "a trigger of another function than that beside it",
        ));
    }
    let event = TriggerEvent::of(&event.to_ascii_uppercase()).ok_or_else(other_trigger)?;
    Ok(Frame {
        name: (*name).to_owned(),
        table: (*table).to_owned(),
        event,
        body: statement(&body.value)?,
    })
}

/// The one statement of the function.
fn statement(body: &str) -> Result<Statement, CallError> {
    let tokens = tokens(body, DIALECT)?;
    let words = words(&tokens);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let words = words.strip_suffix(&[";"]).unwrap_or(&words);
    let ["begin", _, .., ";", "return", "null", ";", "end"] = words else {
        return Err(other_trigger());
    };
    let end = words.iter().position(|word| *word == ";");
    let end = end.ok_or_else(|| syntax(DIALECT, "a function without a statement"))?;
    if words.iter().filter(|word| **word == "return").count() > 1 || words[end + 1] != "return" {
        return Err(other_trigger());
    }
    parse_tokens(tokens[1..end].to_vec(), DIALECT)
}

fn index(table: &str, columns: &[String], schema: &Schema) -> Result<Definition, CallError> {
    let id = schema.id(table);
    let found = id.and_then(|id| schema.table(id));
    let found = found.ok_or_else(|| no_such_table(DIALECT, table))?;
    match columns.iter().find(|name| found.column(name).is_none()) {
        Some(missing) => Err(no_such_column(DIALECT, missing)),
        None => Ok(Definition::CreateIndex),
    }
}

fn other_trigger() -> CallError {
    unsupported(
        "a trigger other than CREATE FUNCTION name() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         INSERT …; RETURN NULL; END $$; CREATE TRIGGER name AFTER INSERT, UPDATE or DELETE ON table \
         FOR EACH ROW EXECUTE FUNCTION name()",
    )
}

/// Words in lower case, names in quotes as they are, and signs.
fn words(tokens: &[Token]) -> Vec<String> {
    let word = |token: &Token| match token {
        Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_lowercase(),
        Token::Word(word) => word.value.clone(),
        other => other.to_string(),
    };
    tokens.iter().map(word).collect()
}
