//! Statements: some from a grammar, some of the usual ones and of the usual tricks, and most of all
//! mixtures and mutations of these.

use crate::effort::Random;

/// What strategies write, and what they may not.
const KNOWN: &[&str] = &[
    "SELECT status FROM volumes WHERE id = ?",
    "SELECT id, status, attach_status FROM volumes WHERE status = 'available' ORDER BY id LIMIT 5",
    "SELECT count(*), max(id) FROM volumes GROUP BY status HAVING count(*) > 1",
    "SELECT v.id FROM volumes AS v JOIN networks AS n ON n.volume = v.id WHERE n.id IN (1, 2, ?)",
    "SELECT status FROM volumes WHERE id = ? FOR UPDATE",
    "SELECT 1 FROM volumes FOR UPDATE NOWAIT",
    "SELECT CASE WHEN status IS NULL THEN 1 ELSE -1 END, trim(id), substr(id, 1, ?) FROM volumes",
    "SELECT 1 FROM volumes WHERE EXISTS (SELECT 1 FROM networks WHERE volume = volumes.id)",
    "SELECT id FROM volumes UNION ALL SELECT volume FROM networks",
    "SELECT * FROM (SELECT id FROM volumes) AS t",
    "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?",
    "UPDATE volumes SET status = 'it''s' WHERE id = 'a' || 'b' AND NOT (status <> 'x' OR 1 = 2)",
    "UPDATE volumes SET status = - -1 WHERE id = + ?",
    "INSERT INTO volumes (id, status) VALUES (?, ?), ('a', NULL)",
    "INSERT INTO volumes (id) SELECT volume FROM networks",
    "INSERT INTO volumes (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET status = excluded.status",
    "INSERT INTO volumes (id) VALUES (1) ON DUPLICATE KEY UPDATE status = VALUES(status)",
    "INSERT OR REPLACE INTO volumes (id) VALUES (1)",
    "REPLACE INTO volumes (id) VALUES (1)",
    "DELETE FROM volumes WHERE id BETWEEN ? AND ? LIMIT 1",
    "DELETE FROM volumes WHERE id IN (SELECT volume FROM networks) RETURNING id, status",
    "UPDATE volumes SET status = n.volume FROM networks AS n WHERE n.volume = volumes.id",
    "SELECT status FROM volumes WHERE id = ? LOCK IN SHARE MODE",
    "SELECT status FROM volumes FOR UPDATE WAIT 3",
    "SELECT id FROM volumes ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
    "SELECT id FROM volumes FOR SHARE",
    "DELETE FROM volumes WHERE status = ? ORDER BY id LIMIT 1 RETURNING id, status",
    "INSERT INTO volumes (id) VALUES (?) RETURNING *",
    "UPDATE volumes SET status = ? RETURNING id AS x",
    "UPDATE volumes SET status = 'x' ORDER BY id DESC LIMIT 2",
    "INSERT IGNORE INTO volumes (id) VALUES (?)",
    "INSERT OR ROLLBACK INTO volumes (id) VALUES (1)",
    "SELECT UTC_TIMESTAMP, UTC_DATE, CURRENT_ROLE, CURRENT_TIMESTAMP, NOW(3), UNIX_TIMESTAMP()",
    "SELECT id FROM volumes WHERE status < NOW() - INTERVAL 30 SECOND",
    "SELECT CURRENT_TIMESTAMP, datetime('now', '-1 day'), unixepoch(), iif(1, 2, 3), IF(1, 2, 3)",
    "SELECT SQL_NO_CACHE -1, STRAIGHT_JOIN, ROWNUM, sum(id) AS total FROM volumes",
    "SAVEPOINT a",
    "ROLLBACK TO SAVEPOINT a",
    "RELEASE SAVEPOINT a",
    "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "SET SESSION wsrep_sync_wait = 1",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "VALUES (1, 2), (?, 4)",
    "SELECT 'a\\\\', ' UNION SELECT sql FROM sqlite_master -- '",
    "SELECT '\\'' , \"volumes\", `status`, [id] FROM volumes",
    "SELECT \"a\\\\\", \" FROM mysql.user -- \" FROM volumes",
    "SELECT 'a' 'b' FROM volumes",
    "SELECT X'00', 0x61, b'1', N'x', _utf8'x', DATE '2000-01-01', TRUE, NULL, 1e9, .5",
    "SELECT /*! 1 FROM mysql.user UNION SELECT */ 2",
    "SELECT /*+ SET_VAR(x = 1) */ 1 FROM volumes",
    "SELECT 1 -- comment\n FROM volumes # another\n",
    "SELECT 1; DROP TABLE volumes",
    "SELECT sql FROM sqlite_master",
    "SELECT * FROM volumes_audit",
    "SELECT * FROM main.volumes, temp.sqlite_master",
    "SELECT * FROM pragma_table_info('volumes')",
    "SELECT * FROM json_each('[1]'), generate_series(1, 10)",
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    "SELECT random(), load_extension('x'), sleep(9), @@version, @x := 1",
    "SELECT row_number() OVER (PARTITION BY status ORDER BY id) FROM volumes WINDOW w AS (ORDER BY id)",
    "SELECT 1 FROM volumes WHERE id LIKE '%a' ESCAPE '!' OR id GLOB '*' OR id REGEXP 'a'",
    "SELECT CAST(id AS blob), id COLLATE nocase, id -> '$', id ->> '$' FROM volumes",
    "SELECT id FROM volumes INDEXED BY x NATURAL LEFT OUTER JOIN networks USING (id)",
    "EXPLAIN QUERY PLAN SELECT 1",
    "PRAGMA writable_schema = ON",
    "ATTACH DATABASE '/tmp/x' AS x",
    "UPDATE OR ROLLBACK volumes SET status = (SELECT sql FROM sqlite_master LIMIT 1)",
    "DELETE volumes FROM volumes JOIN networks USING (id)",
    "TABLE volumes_audit",
    "SELECT position('a' IN sqlite_master) FROM volumes",
    "SELECT id IN sqlite_master, id NOT IN volumes_audit FROM volumes",
    "SELECT max(id) FILTER (WHERE status = 'x'), count(DISTINCT id) FROM volumes",
    "SELECT extract(year FROM id), interval 1 day, id AT TIME ZONE 'x', id::text FROM volumes",
    "SELECT DISTINCT TOP 5 id FROM volumes LIMIT 1, 2 OFFSET 3 FETCH FIRST 1 ROWS ONLY",
    "SELECT id FROM volumes PARTITION (p0) USE INDEX (x) FOR SYSTEM_TIME AS OF NOW() TABLESAMPLE (1)",
    "SELECT ROW(1, 2) = (1, 2), (1, 2) IN ((1, 2)), 1 <=> NULL, 1 IS DISTINCT FROM 2 FROM volumes",
];

const TOKENS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "UPDATE",
    "SET",
    "INSERT",
    "INTO",
    "VALUES",
    "DELETE",
    "AND",
    "OR",
    "NOT",
    "IN",
    "IS",
    "NULL",
    "EXISTS",
    "BETWEEN",
    "CASE",
    "WHEN",
    "THEN",
    "ELSE",
    "END",
    "LIKE",
    "GLOB",
    "REGEXP",
    "MATCH",
    "ESCAPE",
    "COLLATE",
    "CAST",
    "AS",
    "JOIN",
    "LEFT",
    "CROSS",
    "NATURAL",
    "ON",
    "USING",
    "UNION",
    "ALL",
    "EXCEPT",
    "INTERSECT",
    "GROUP",
    "BY",
    "HAVING",
    "ORDER",
    "LIMIT",
    "OFFSET",
    "DISTINCT",
    "FOR",
    "UPDATE",
    "SHARE",
    "LOCK",
    "MODE",
    "WAIT",
    "INTERVAL 1 DAY",
    "SAVEPOINT",
    "UTC_TIMESTAMP",
    "CURRENT_USER",
    "NOW()",
    "NOWAIT",
    "SKIP",
    "LOCKED",
    "WITH",
    "RECURSIVE",
    "RETURNING",
    "REPLACE",
    "IGNORE",
    "DUPLICATE",
    "KEY",
    "CONFLICT",
    "DO",
    "NOTHING",
    "DEFAULT",
    "PRAGMA",
    "DROP",
    "TABLE",
    "OVER",
    "WINDOW",
    "FILTER",
    "LATERAL",
    "OUTFILE",
    "PROCEDURE",
    "DIV",
    "MOD",
    "XOR",
    "BINARY",
    "INTERVAL",
    "volumes",
    "networks",
    "volumes_audit",
    "sqlite_master",
    "mysql.user",
    "main.volumes",
    "id",
    "status",
    "rowid",
    "v",
    "x",
    "\"volumes\"",
    "`volumes`",
    "[volumes]",
    "\"sqlite_master\"",
    "`mysql`.`user`",
    "\"a\"\"b\"",
    "`a``b`",
    "`a\\`",
    "`;`",
    "`-- `",
    "'a'",
    "'a''b'",
    "'\\\\'",
    "'\\''",
    "'a\\'",
    "\"\\\\\"",
    "\"\\\"\"",
    "'\\0'",
    "'%'",
    "'/*'",
    "'*/'",
    "'--'",
    "';'",
    "'\n'",
    "'\u{0}'",
    "'ü'",
    "''",
    "'''",
    "'",
    "\"",
    "`",
    "\\",
    "?",
    "??",
    "?1",
    ":a",
    "$1",
    "@a",
    "@@a",
    "1",
    "0",
    "-1",
    "1.5",
    "1e400",
    "0x61",
    "X'61'",
    "b'1'",
    "N'a'",
    "_utf8'a'",
    "TRUE",
    "(",
    ")",
    "((",
    "))",
    ",",
    ";",
    ".",
    "*",
    "+",
    "-",
    "--",
    "-- ",
    "/",
    "/*",
    "*/",
    "/*!",
    "/*+",
    "#",
    "%",
    "=",
    "==",
    "<>",
    "!=",
    "<",
    ">",
    "<=>",
    "||",
    "&&",
    "|",
    "&",
    "^",
    "~",
    "!",
    "<<",
    ">>",
    "->",
    "->>",
    ":=",
    "::",
    "count(*)",
    "max(id)",
    "abs(1)",
    "concat('a', 'b')",
    "random()",
    "sleep(1)",
    "load_extension('x')",
    "trim(id)",
    "substr(id, 1)",
    "(SELECT 1)",
    "(SELECT sql FROM sqlite_master)",
    "\n",
    "\t",
    "\u{b}",
    "\u{a0}",
    "\u{feff}",
    "\u{0}",
];

pub struct Generator<'a> {
    pub random: &'a mut Random,
}

impl Generator<'_> {
    pub fn statement(&mut self) -> String {
        let mut tokens = match self.random.below(4) {
            0 => vec![self.grown()],
            1 => tokens(self.random.of_these(KNOWN)),
            2 => self.spliced(),
            _ => tokens(&self.grown()),
        };
        for _ in 0..self.random.below(5) {
            self.mutate(&mut tokens);
        }
        let mut text = tokens.concat();
        if self.random.one_in(10) {
            self.break_a_character(&mut text);
        }
        text
    }

    /// The beginning of one and the end of another.
    fn spliced(&mut self) -> Vec<String> {
        let mut one = tokens(self.random.of_these(KNOWN));
        let other = tokens(self.random.of_these(KNOWN));
        one.truncate(self.random.below(one.len()) + 1);
        one.push(" ".to_owned());
        one.extend_from_slice(&other[self.random.below(other.len())..]);
        one
    }

    fn mutate(&mut self, tokens: &mut Vec<String>) {
        let at = self.random.below(tokens.len().max(1)).min(tokens.len());
        let new = format!(" {} ", self.random.of_these(TOKENS));
        match self.random.below(6) {
            0 if at < tokens.len() => drop(tokens.remove(at)),
            1 if at < tokens.len() => tokens[at] = new,
            2 if at < tokens.len() => {
                let other = self.random.below(tokens.len());
                tokens.swap(at, other);
            }
            3 if at < tokens.len() => {
                // Without the spaces, so that it grows together with its neighbours.
                tokens[at].push_str(new.trim());
            }
            _ => tokens.insert(at, new),
        }
    }

    fn break_a_character(&mut self, text: &mut String) {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        if places.is_empty() {
            return;
        }
        let at = self.random.of_these(&places);
        match self.random.below(2) {
            0 => drop(text.remove(at)),
            _ => text.insert(
                at,
                self.random
                    .of_these(&['\'', '"', '`', '\\', '-', '/', '*', '\0']),
            ),
        }
    }

    /// From a grammar: most of these pass.
    fn grown(&mut self) -> String {
        let table = self.table();
        let condition = self.expression(3);
        match self.random.below(6) {
            0 => {
                let value = self.expression(2);
                format!("UPDATE {table} SET status = {value} WHERE {condition}")
            }
            1 => {
                let (one, other) = (self.expression(2), self.expression(2));
                format!("INSERT INTO {table} (id, status) VALUES ({one}, {other})")
            }
            2 => format!("DELETE FROM {table} WHERE {condition}"),
            _ => self.query(3),
        }
    }

    fn query(&mut self, depth: usize) -> String {
        let (one, other) = (self.expression(depth), self.expression(depth));
        let (table, condition) = (self.table(), self.expression(depth));
        let mut query = format!("SELECT {one}, {other} FROM {table} WHERE {condition}");
        if depth > 1 && self.random.one_in(6) {
            let second = self.query(depth - 1);
            query = format!("{query} UNION {second}");
        }
        let tail = [
            "",
            "",
            "",
            " ORDER BY 1 DESC",
            " LIMIT 3",
            " FOR UPDATE",
            " GROUP BY id",
        ];
        query + self.random.of_these(&tail)
    }

    fn table(&mut self) -> &'static str {
        let names = [
            "volumes",
            "volumes",
            "volumes",
            "networks",
            "\"volumes\"",
            "`volumes`",
            "VOLUMES",
            "volumes AS v",
            "volumes JOIN networks ON 1 = 1",
            "(SELECT 1 AS id FROM volumes) AS t",
            "volumes, networks",
            "sqlite_master",
        ];
        self.random.of_these(&names)
    }

    fn expression(&mut self, depth: usize) -> String {
        let leaves = [
            "?",
            "id",
            "status",
            "volumes.id",
            "1",
            "-1",
            "- -1",
            "- ?",
            "+ - 2",
            "'a'",
            "'a''b'",
            "'\\\\'",
            "'\\''",
            "'a\\nb'",
            "\"status\"",
            "`id`",
            "NULL",
            "TRUE",
            "1.5",
            "X'61'",
            "''",
            "\"a\\\\\"",
            "'; DROP TABLE volumes; --'",
            "' UNION SELECT sql FROM sqlite_master -- '",
            "'?'",
            "'/*'",
            "rowid",
        ];
        if depth == 0 || self.random.one_in(4) {
            return self.random.of_these(&leaves).to_owned();
        }
        let (one, other) = (self.expression(depth - 1), self.expression(depth - 1));
        match self.random.below(12) {
            0 => format!("({one})"),
            1 => format!("NOT {one}"),
            2 => format!("-{one}"),
            3 => format!("{one} IN ({other}, {one})"),
            4 => format!("{one} BETWEEN {other} AND {one}"),
            5 => format!("CASE WHEN {one} THEN {other} ELSE {one} END"),
            6 => {
                let names = [
                    "abs", "lower", "coalesce", "concat", "length", "trim", "max", "ifnull",
                ];
                let name = self.random.of_these(&names);
                format!("{name}({one}, {other})")
            }
            7 => format!("({})", self.query(depth - 1)),
            8 => format!(
                "{one} IS NOT {}",
                self.random.of_these(&["NULL", "TRUE", "DISTINCT FROM 1"])
            ),
            _ => {
                let operators = [
                    "=", "<>", "<", "AND", "OR", "+", "-", "*", "/", "%", "||", "<=>", "--",
                ];
                let operator = self.random.of_these(&operators);
                format!("{one} {operator} {other}")
            }
        }
    }
}

/// Words and single characters, so that nothing is lost.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    for c in text.chars() {
        match tokens.last_mut() {
            Some(last) if is_word(c) && last.chars().all(is_word) => last.push(c),
            _ => tokens.push(c.to_string()),
        }
    }
    tokens
}
