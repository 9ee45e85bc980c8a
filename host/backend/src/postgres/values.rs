//! Values on their way in and out.

use crate::model::error::CallError;
use crate::model::value::{Row, Value};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgRow, PgTypeInfo, PgValueRef};
use sqlx::types::BigDecimal;
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

/// The letter of a value's type. A statement is prepared for the types of its parameters: with others it
/// is another one.
pub(super) fn letter(value: &Value) -> u8 {
    match value {
        Value::Null => b'n',
        Value::Boolean(_) => b'b',
        Value::Integer(_) => b'i',
        Value::Real(_) => b'r',
        Value::Text(_) => b't',
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
            Value::Text(text) => Encode::<Postgres>::encode_by_ref(text, buffer),
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
        "NUMERIC" => decode(stored).map(|number: BigDecimal| plain(number.to_plain_string())),
        "DATE" => decode(stored).map(|date: NaiveDate| plain(date)),
        "TIME" => decode(stored).map(|time: NaiveTime| plain(time)),
        "TIMESTAMP" => decode(stored).map(|time: NaiveDateTime| plain(time)),
        "TIMESTAMPTZ" => decode(stored)
            .map(|time: DateTime<Utc>| Value::Text(format!("{}+00", time.naive_utc()))),
        "TEXT" | "VARCHAR" | "CHAR" | "NAME" | "UNKNOWN" => decode(stored).map(Value::Text),
        other => Err(format!("the type {other} is none of the contract; cast it to text").into()),
    };
    decoded.map_err(|error| CallError::rejected("decode", error.to_string()))
}

fn decode<'r, T: Decode<'r, Postgres>>(stored: PgValueRef<'r>) -> Result<T, BoxDynError> {
    T::decode(stored)
}

fn plain(written: impl ToString) -> Value {
    Value::Text(written.to_string())
}
