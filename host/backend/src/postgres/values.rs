//! Values on their way in and out.

use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgRow, PgTypeInfo, PgValueFormat, PgValueRef};
use sqlx::types::chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use sqlx::{Arguments, Decode, Encode, Postgres, Row as _, Type, TypeInfo, ValueRef as _};

/// The type of a parameter that the server finds out by itself.
const UNSAID: Oid = Oid(0);

/// The parameters of a statement.
pub(super) fn arguments(parameters: &[Value]) -> Result<PgArguments, CallError> {
    let mut arguments = PgArguments::default();
    for parameter in parameters {
        let added = arguments.add(Parameter(parameter));
        added.map_err(|error| CallError::rejected("parameter", error.to_string()))?;
    }
    Ok(arguments)
}

/// The letter of texts.
pub(super) const TEXT: u8 = b't';

/// The type of a letter, as SQL writes it; `unknown` where the server is to say.
pub(super) fn type_of(letter: u8) -> &'static str {
    match letter {
        b'b' => "boolean",
        b'i' => "bigint",
        b'r' => "double precision",
        b'x' => "bytea",
        _ => "unknown",
    }
}

/// The letter of a value's type. A statement is prepared for the types of its parameters: with others it
/// is another one.
pub(super) fn letter(value: &Value) -> u8 {
    match value {
        Value::Null => b'n',
        Value::Boolean(_) => b'b',
        Value::Integer(_) => b'i',
        Value::Real(_) => b'r',
        Value::Text(_) => TEXT,
        Value::Bytes(_) => b'x',
    }
}

/// A parameter as the server takes it: `bigint`, `double precision`, `text`, `boolean` or `bytea`; a NULL
/// has the type that the server expects.
struct Parameter<'a>(&'a Value);

impl Type<Postgres> for Parameter<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(UNSAID)
    }
}

impl Encode<'_, Postgres> for Parameter<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        match self.0 {
            Value::Null => Ok(IsNull::Yes),
            Value::Boolean(boolean) => Encode::<Postgres>::encode_by_ref(boolean, buffer),
            Value::Integer(integer) => Encode::<Postgres>::encode_by_ref(integer, buffer),
            Value::Real(real) => Encode::<Postgres>::encode_by_ref(real, buffer),
            Value::Text(text) => Encode::<Postgres>::encode_by_ref(&text.as_str(), buffer),
            Value::Bytes(bytes) => Encode::<Postgres>::encode_by_ref(bytes, buffer),
        }
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(match self.0 {
            Value::Null => return None,
            Value::Boolean(_) => <bool as Type<Postgres>>::type_info(),
            Value::Integer(_) => <i64 as Type<Postgres>>::type_info(),
            Value::Real(_) => <f64 as Type<Postgres>>::type_info(),
            Value::Text(_) => <str as Type<Postgres>>::type_info(),
            Value::Bytes(_) => <[u8] as Type<Postgres>>::type_info(),
        })
    }
}

/// A row as values of the contract.
pub(super) fn row(row: &PgRow) -> Result<Row, CallError> {
    (0..row.len())
        .map(|place| {
            let stored = row.try_get_raw(place);
            let stored =
                stored.map_err(|error| CallError::rejected("decode", error.to_string()))?;
            value(stored)
        })
        .collect()
}

/// Decodes by the type of the column. Numbers without a bound and times are texts, as they are written.
fn value(stored: PgValueRef) -> Result<Value, CallError> {
    if stored.is_null() {
        return Ok(Value::Null);
    }
    let column = stored.type_info().into_owned();
    let decoded = match column.name() {
        "BOOL" => decode(stored).map(Value::Boolean),
        "INT2" => decode(stored).map(|integer: i16| Value::Integer(integer.into())),
        "INT4" => decode(stored).map(|integer: i32| Value::Integer(integer.into())),
        "INT8" => decode(stored).map(Value::Integer),
        "FLOAT4" => decode(stored).map(|real: f32| Value::Real(real.into())),
        "FLOAT8" => decode(stored).map(Value::Real),
        "BYTEA" => decode(stored).map(Value::Bytes),
        "NUMERIC" => numeric(stored).map(Value::from),
        "DATE" => decode(stored).map(|date: NaiveDate| plain(date)),
        "TIME" => decode(stored).map(|time: NaiveTime| plain(time)),
        "TIMESTAMP" => decode(stored).map(|time: NaiveDateTime| plain(time)),
        "TIMESTAMPTZ" => decode(stored)
            .map(|time: DateTime<Utc>| Value::from(format!("{}+00", time.naive_utc()))),
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "UNKNOWN" => {
            decode(stored).map(|text: &str| Value::from(text))
        }
        other => Err(format!("the type {other} is none of the contract; cast it to text").into()),
    };
    decoded.map_err(|error| CallError::rejected("decode", error.to_string()))
}

fn decode<'r, T: Decode<'r, Postgres>>(stored: PgValueRef<'r>) -> Result<T, BoxDynError> {
    T::decode(stored)
}

fn plain(written: impl ToString) -> Value {
    Value::from(written.to_string())
}

/// A number as the server writes it, with as many decimals as it has. No type of the driver keeps them
/// all.
fn numeric(stored: PgValueRef) -> Result<String, BoxDynError> {
    match stored.format() {
        PgValueFormat::Text => Ok(stored.as_str()?.to_owned()),
        PgValueFormat::Binary => {
            decimal(stored.as_bytes()?).ok_or_else(|| "a broken number".into())
        }
    }
}

/// Reads four header fields (how many digits follow, the weight of the first, the sign, the number of
/// decimals), and then digits of base 10,000.
fn decimal(bytes: &[u8]) -> Option<String> {
    let mut fields = bytes
        .chunks_exact(2)
        .map(|two| i16::from_be_bytes([two[0], two[1]]));
    let (_, weight, sign, decimals) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    let sign = match sign as u16 {
        0 => "",
        0x4000 => "-",
        0xC000 => return Some("NaN".to_owned()),
        0xD000 => return Some("Infinity".to_owned()),
        0xF000 => return Some("-Infinity".to_owned()),
        _ => return None,
    };
    let digits: Vec<i16> = fields.collect();
    let group = |place: i16| {
        let place = usize::try_from(weight - place).ok();
        place
            .and_then(|place| digits.get(place).copied())
            .unwrap_or(0)
    };
    let whole: String = (0..=weight.max(0))
        .rev()
        .map(|place| format!("{:04}", group(place)))
        .collect();
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let decimals = usize::try_from(decimals).ok()?;
    let groups = i16::try_from(decimals.div_ceil(4)).ok()?;
    let mut fraction: String = (1..=groups)
        .map(|place| format!("{:04}", group(-place)))
        .collect();
    fraction.truncate(decimals);
    Some(match fraction.is_empty() {
        true => format!("{sign}{whole}"),
        false => format!("{sign}{whole}.{fraction}"),
    })
}
