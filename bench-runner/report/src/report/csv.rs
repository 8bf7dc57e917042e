//! Tables as CSV, such as those in `derived/`: a header, and rows as wide as the header.

/// CSV text of a table with this header.
///
/// # Errors
/// If a row is not as wide as the header.
pub(crate) fn csv_text(
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_as_wide_as_the_header_or_refused() {
        let row = |cells: &[&str]| cells.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>();
        assert_eq!(csv_text(&["a", "b"], [row(&["1", "x, y"])]).unwrap(), "a,b\n1,\"x, y\"\n");
        assert_eq!(csv_text(&["a", "b"], []).unwrap(), "a,b\n");
        assert!(csv_text(&["a", "b"], [row(&["1"])]).is_err());
    }
}
