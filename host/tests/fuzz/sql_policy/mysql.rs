//! SQL as MySQL and MariaDB take it apart, as far as texts and comments go.

pub struct Read {
    /// The same, with an `x` in each text that is no plain word.
    pub emptied: String,
    /// Question marks outside of texts.
    pub parameters: usize,
}

/// An error says what there is that should not have passed.
pub fn read(sql: &str) -> Result<Read, String> {
    let mut read = Read {
        emptied: String::new(),
        parameters: 0,
    };
    let mut rest = sql.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        match c {
            '\'' | '"' => {
                let mut text = String::new();
                loop {
                    match rest.next().ok_or("a text without an end")? {
                        '\\' => drop(rest.next()),
                        end if end == c && rest.peek() != Some(&c) => break,
                        end if end == c => drop(rest.next()),
                        inner => text.push(inner),
                    }
                }
                // The SQL policy may take a plain word for a name, where MySQL has a text: an error at worst.
                let is_word = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                match is_word {
                    true => read.emptied.push_str(&format!("{c}{text}{c}")),
                    false => read.emptied.push_str("'x'"),
                }
            }
            '`' => {
                read.emptied.push(c);
                loop {
                    let inner = rest.next().ok_or("a name without an end")?;
                    read.emptied.push(inner);
                    if inner == '`' {
                        match rest.peek() {
                            Some('`') => read.emptied.extend(rest.next()),
                            _ => break,
                        }
                    }
                }
            }
            '#' => return Err("a comment from # on".to_owned()),
            '/' if after == Some('*') => return Err("a comment from /* on".to_owned()),
            '-' if after == Some('-') => {
                let mut two = rest.clone();
                two.next();
                if two
                    .next()
                    .is_none_or(|c| c.is_whitespace() || c.is_control())
                {
                    return Err("a comment from -- on".to_owned());
                }
                read.emptied.push(c);
            }
            ';' => return Err("a second statement".to_owned()),
            '@' => return Err("a variable".to_owned()),
            '?' => {
                read.parameters += 1;
                read.emptied.push(c);
            }
            _ => read.emptied.push(c),
        }
    }
    Ok(read)
}
