//! What SQLite's error codes mean to the caller of a store.

use rusqlite::{Error, ErrorCode};

use crate::store::StoreError;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full(error.into()),
            Some(ErrorCode::ReadOnly) => {
                Self::Misuse("the file was opened for reading only".to_owned())
            }
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt(error.to_string())
            }
            Some(_) => Self::Away(error.into()),
            // Not from SQLite but from reading its rows: a column of another type than we wrote.
            None => Self::Corrupt(error.to_string()),
        }
    }
}
