//! The types of columns.

use super::refuse::unsupported;
use super::table::ColumnType;
use crate::model::error::CallError;
use sqlparser::ast::{BinaryLength, CharacterLength, DataType};

/// The values of a column of a type, and their greatest length.
pub(super) struct Shape {
    pub column_type: ColumnType,
    pub max_length: Option<usize>,
}

/// `unsupported` for a type that is not one of whole numbers of at most 64 bits, of real numbers, of
/// texts or of bytes.
pub(super) fn shape(data_type: &DataType) -> Result<Shape, CallError> {
    let integer = |least, greatest| Ok(plain(ColumnType::Integer(least, greatest), None));
    let signed = |bits: u32| integer(i64::MIN >> (64 - bits), i64::MAX >> (64 - bits));
    let unsigned = |bits: u32| integer(0, i64::MAX >> (63 - bits));
    match data_type {
        DataType::TinyInt(_) | DataType::Bool | DataType::Boolean => signed(8),
        DataType::SmallInt(_) => signed(16),
        DataType::MediumInt(_) => signed(24),
        DataType::Int(_) | DataType::Integer(_) => signed(32),
        DataType::BigInt(_) => signed(64),
        DataType::TinyIntUnsigned(_) => unsigned(8),
        DataType::SmallIntUnsigned(_) => unsigned(16),
        DataType::MediumIntUnsigned(_) => unsigned(24),
        DataType::IntUnsigned(_) | DataType::IntegerUnsigned(_) => unsigned(32),
        // The contract has no greater numbers.
        DataType::BigIntUnsigned(_) => unsigned(63),
        DataType::Double(_) | DataType::DoublePrecision => Ok(plain(ColumnType::Real, None)),
        DataType::Char(length) | DataType::Character(length) => characters(length, Some(1)),
        DataType::Varchar(length) | DataType::CharacterVarying(length) => characters(length, None),
        DataType::TinyText | DataType::Text | DataType::MediumText | DataType::LongText => {
            Ok(plain(ColumnType::Text, None))
        }
        DataType::Binary(length) => Ok(bytes(Some(length.unwrap_or(1)))),
        DataType::Varbinary(Some(BinaryLength::IntegerLength { length })) => {
            Ok(bytes(Some(*length)))
        }
        DataType::TinyBlob | DataType::Blob(_) | DataType::MediumBlob | DataType::LongBlob => {
            Ok(bytes(None))
        }
        other => Err(unsupported(format!("a column of the type {other}"))),
    }
}

pub(super) fn plain(column_type: ColumnType, max_length: Option<usize>) -> Shape {
    Shape {
        column_type,
        max_length,
    }
}

fn bytes(length: Option<u64>) -> Shape {
    plain(ColumnType::Bytes, length.map(|length| length as usize))
}

pub(super) fn characters(
    length: &Option<CharacterLength>,
    otherwise: Option<usize>,
) -> Result<Shape, CallError> {
    let length = match length {
        Some(CharacterLength::IntegerLength { length, unit: None }) => Some(*length as usize),
        _ => otherwise,
    };
    match length {
        Some(length) => Ok(plain(ColumnType::Text, Some(length))),
        None => Err(unsupported("VARCHAR without a length")),
    }
}
