//! The settings that were given with `--set name=value`.

use crate::Error;
use crate::bindings::contend::strategy::settings;
use std::fmt::Display;
use std::str::FromStr;

/// A setting's value, or `default` if it was not given. `rejected` with `bad-setting` if what was
/// given is not such a value: a typing error must not measure something else than was meant.
pub fn setting<T>(name: &str, default: T) -> Result<T, Error>
where
    T: FromStr<Err: Display>,
{
    Ok(setting_or_nothing(name)?.unwrap_or(default))
}

/// A setting's value, or nothing if it was not given.
pub fn setting_or_nothing<T>(name: &str) -> Result<Option<T>, Error>
where
    T: FromStr<Err: Display>,
{
    let Some(given) = settings::get(name) else {
        return Ok(None);
    };
    given.parse().map(Some).map_err(|error| {
        let message = format!("the setting {name} is `{given}`: {error}");
        Error::rejected("bad-setting", message)
    })
}
