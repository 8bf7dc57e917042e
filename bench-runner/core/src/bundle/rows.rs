//! CSV files with a header: read row by row, written atomically.

use std::io::{Read, Write as _};
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};

use super::error::BundleError;

/// Size of the read buffer in bytes.
const BUFFER: usize = 1 << 16;

/// Returns the field of a row in the named column.
pub(super) fn field<'r>(
    header: &StringRecord,
    record: &'r StringRecord,
    name: &str,
) -> Result<&'r str, String> {
    let index = header.iter().position(|column| column == name);
    index.and_then(|at| record.get(at)).ok_or_else(|| format!("no column for {name}"))
}

/// Reads a file as CSV whose header must contain `columns`, even without rows, and passes each row to `read`.
/// Errors name the line.
pub(super) fn read_rows<T>(
    path: &Path,
    file: impl Read,
    columns: &[&str],
    mut read: impl FnMut(&StringRecord, &StringRecord) -> Result<T, String>,
) -> Result<Vec<T>, BundleError> {
    let malformed =
        |line: u64, reason: String| BundleError::Malformed { path: path.to_owned(), line, reason };
    let from_csv_error = |error: csv::Error| {
        let (line, reason) = (error.position().map_or(0, csv::Position::line), error.to_string());
        match error.into_kind() {
            csv::ErrorKind::Io(error) => BundleError::io("read", path, error),
            _ => malformed(line, reason),
        }
    };
    let mut reader = ReaderBuilder::new().buffer_capacity(BUFFER).from_reader(file);
    let header = reader.headers().map_err(from_csv_error)?.clone();
    let missing: Vec<&str> =
        columns.iter().filter(|name| header.iter().all(|column| column != **name)).copied().collect();
    if !missing.is_empty() {
        return Err(malformed(1, format!("no column for {}", missing.join(", "))));
    }
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(from_csv_error)? {
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(read(&header, &record).map_err(|reason| malformed(line, reason))?);
    }
    Ok(rows)
}

/// Serializes rows as CSV.
pub(super) fn to_csv<R: AsRef<[String]>>(rows: &[R]) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row.as_ref()).map_err(std::io::Error::other)?;
    }
    writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
}

/// Replaces a file of the bundle in `dir` atomically: a reader sees the old version or the new one, never a
/// part.
pub(super) fn replace_file(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), BundleError> {
    let path = dir.join(name);
    let failed = |error| BundleError::io("write", &path, error);
    let mut file = tempfile::NamedTempFile::new_in(dir).map_err(failed)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_data()).map_err(failed)?;
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(permissions).map_err(failed)?;
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Returns the end of the last complete row. A newline within quotes does not end a row; a newline at the end
/// of the file always does, so that an intact file does not have to be searched.
pub(super) fn end_of_complete_rows(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\n") {
        return bytes.len();
    }
    let (mut end, mut quoted) = (0, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => end = at + 1,
            _ => {}
        }
    }
    end
}
