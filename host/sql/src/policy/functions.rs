//! Functions that a strategy may call, and the reasons against the others.

use super::dialect::Dialect;
use super::refusal::not_allowed;
use crate::model::error::CallError;
use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause, FunctionArguments,
    WindowType,
};

/// Functions of the data alone, whose time and whose result are linear in what they are given.
const PLAIN: &[&str] = &[
    "abs",
    "avg",
    "coalesce",
    "concat",
    "count",
    "length",
    "lower",
    "max",
    "min",
    "nullif",
    "round",
    "sign",
    "substr",
    "substring",
    "sum",
    "upper",
];

const PLAIN_OF_MYSQL: &[&str] = &["char_length", "greatest", "if", "ifnull", "least", "mod"];

const PLAIN_OF_SQLITE: &[&str] = &["ifnull", "iif"];

const PLAIN_OF_POSTGRES: &[&str] = &["char_length", "greatest", "least", "mod"];

/// The clock of the server. A strategy writes it in production (`updated_at = NOW()`, `expires_at <
/// UNIX_TIMESTAMP()`), it reveals nothing but the time, and in the simulator it is the virtual clock.
const TIME_OF_MYSQL: &[&str] = &[
    "curdate",
    "current_date",
    "current_time",
    "current_timestamp",
    "curtime",
    "date_add",
    "date_sub",
    "localtime",
    "localtimestamp",
    "now",
    "unix_timestamp",
    "utc_date",
    "utc_time",
    "utc_timestamp",
];

const TIME_OF_POSTGRES: &[&str] = &[
    "current_date",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "now",
    "statement_timestamp",
    "transaction_timestamp",
];

const TIME_OF_SQLITE: &[&str] = &[
    "current_date",
    "current_time",
    "current_timestamp",
    "datetime",
    "unixepoch",
];

/// Dangerous functions, with reasons. A function on no list is refused as well.
const DANGEROUS: &[(&str, &[&str])] = &[
    (
        "it sleeps in the server for as long as its argument says; wait with timing.sleep",
        &["benchmark", "pg_sleep", "sleep"],
    ),
    (
        "it takes a server lock that the report can't show; use the lock capability",
        &[
            "get_lock",
            "is_free_lock",
            "is_used_lock",
            "pg_advisory_lock",
            "pg_advisory_xact_lock",
            "pg_try_advisory_lock",
            "pg_try_advisory_xact_lock",
            "release_all_locks",
            "release_lock",
        ],
    ),
    (
        "its values differ from run to run; timing.random draws from the run's seed",
        &[
            "gen_random_uuid",
            "rand",
            "random",
            "random_bytes",
            "randomblob",
            "sys_guid",
            "uuid",
            "uuid_short",
        ],
    ),
    (
        "it reads or writes files",
        &["load_extension", "load_file", "readfile", "writefile"],
    ),
    (
        "it reveals the server or its connections, which differ from run to run",
        &[
            "connection_id",
            "current_role",
            "current_user",
            "database",
            "schema",
            "session_user",
            "sqlite_version",
            "system_user",
            "user",
            "version",
        ],
    ),
    (
        "it depends on earlier statements of the session; use the result of execute, or RETURNING",
        &[
            "changes",
            "found_rows",
            "last_insert_id",
            "last_insert_rowid",
            "currval",
            "last_value",
            "lastval",
            "nextval",
            "row_count",
            "total_changes",
        ],
    ),
    (
        "it makes long texts of short ones, or takes hours for them, and nothing can interrupt it",
        &[
            "format",
            "glob",
            "group_concat",
            "hex",
            "instr",
            "like",
            "locate",
            "lpad",
            "printf",
            "regexp",
            "regexp_instr",
            "regexp_replace",
            "regexp_substr",
            "repeat",
            "replace",
            "rpad",
            "space",
            "string_agg",
            "zeroblob",
        ],
    ),
    (
        "it reads the clock anew for each row; NOW() is that of the statement",
        &["clock_timestamp", "sysdate", "timeofday"],
    ),
];

fn allowed(dialect: Dialect) -> impl Iterator<Item = &'static str> {
    let more = match dialect {
        Dialect::Sqlite => [PLAIN_OF_SQLITE, TIME_OF_SQLITE],
        Dialect::Mysql => [PLAIN_OF_MYSQL, TIME_OF_MYSQL],
        Dialect::Postgres => [PLAIN_OF_POSTGRES, TIME_OF_POSTGRES],
    };
    PLAIN.iter().chain(more.into_iter().flatten()).copied()
}

/// Checks that a statement may contain this call. `VALUES(column)` is allowed if `in_upsert`.
pub(super) fn check(
    function: &Function,
    dialect: Dialect,
    in_upsert: bool,
) -> Result<(), CallError> {
    let name = function.name.to_string().to_ascii_lowercase();
    if name == "values" && in_upsert {
        return takes_a_column(function);
    }
    if !allowed(dialect).any(|known| known == name) {
        return Err(refused(&name, dialect));
    }
    nothing_else(function, &name, dialect)
}

fn refused(name: &str, dialect: Dialect) -> CallError {
    let is_it = |(_, names): &&(&str, &[&str])| names.contains(&name);
    let reason = match (DANGEROUS.iter().find(is_it), name) {
        (Some((reason, _)), _) => format!("{reason}; "),
        (None, "values" | "value") => "it belongs in ON DUPLICATE KEY UPDATE; ".to_owned(),
        (None, _) => String::new(),
    };
    let allowed: Vec<&str> = allowed(dialect).collect();
    let allowed = allowed.join(", ");
    not_allowed(format!(
        "the function {name}: {reason}allowed are: {allowed}"
    ))
}

/// Other parts of a call are of other dialects, or read differently.
fn nothing_else(function: &Function, name: &str, dialect: Dialect) -> Result<(), CallError> {
    let refuse = |what: &str| Err(not_allowed(format!("{what} ({name})")));
    if !matches!(function.parameters, FunctionArguments::None) || function.uses_odbc_syntax {
        return refuse("a call with two lists of arguments, or in braces");
    }
    if !function.within_group.is_empty() || function.null_treatment.is_some() {
        return refuse("WITHIN GROUP, or a treatment of NULLs");
    }
    if function.filter.is_some() && dialect == Dialect::Mysql {
        return refuse("FILTER, which MariaDB does not have");
    }
    match &function.over {
        None => {}
        Some(WindowType::WindowSpec(window))
            if window.window_name.is_none() && window.window_frame.is_none() => {}
        Some(_) => return refuse("a window with a name or a frame"),
    }
    let list = match &function.args {
        FunctionArguments::List(list) => list,
        // Only clocks are read without brackets.
        FunctionArguments::None => return Ok(()),
        FunctionArguments::Subquery(_) => return refuse("a call with a query for its arguments"),
    };
    // These have them as names only.
    let is_name = match dialect {
        Dialect::Sqlite => name.starts_with("current_"),
        Dialect::Mysql => false,
        Dialect::Postgres => name.starts_with("current_") || name.starts_with("local"),
    };
    if is_name && list.args.is_empty() {
        let server = dialect.server();
        return refuse(&format!("brackets behind it, which {server} does not take"));
    }
    let other =
        |clause: &FunctionArgumentClause| !matches!(clause, FunctionArgumentClause::OrderBy(_));
    if list.clauses.iter().any(other) || !list.clauses.is_empty() {
        return refuse("a clause among the arguments");
    }
    let unnamed = |argument: &FunctionArg| matches!(argument, FunctionArg::Unnamed(_));
    if !list.args.iter().all(unnamed) {
        return refuse("a named argument");
    }
    Ok(())
}

/// `VALUES(column)` is what would have been inserted there.
fn takes_a_column(function: &Function) -> Result<(), CallError> {
    if let FunctionArguments::List(list) = &function.args
        && let [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Identifier(_)))] =
            list.args.as_slice()
        && list.clauses.is_empty()
        && list.duplicate_treatment.is_none()
        && function.over.is_none()
        && function.filter.is_none()
    {
        return Ok(());
    }
    Err(not_allowed("VALUES() of anything but a column"))
}
