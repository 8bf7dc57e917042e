//! Merges pieces of cargo configuration.

use toml::{Table, Value};

/// Merges `higher` over `lower`: tables are merged, arrays are concatenated with those of `lower` first, and
/// for other values `higher` wins.
pub fn merge_tables(lower: &Table, higher: &Table) -> Table {
    let mut table = lower.clone();
    for (key, value) in higher {
        let value = match (table.get(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => Value::Table(merge_tables(below, above)),
            (Some(Value::Array(below)), Value::Array(above)) => {
                Value::Array(below.iter().chain(above).cloned().collect())
            }
            (_, value) => value.clone(),
        };
        table.insert(key.clone(), value);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn tables_and_arrays_are_joined_and_other_values_replaced() {
        let lower = table("[build]\nrustflags = ['-Ca']\ntarget = 'a'\n[profile.dev]\ndebug = 1");
        let higher = table("[build]\nrustflags = ['-Cb']\ntarget = 'b'\n[profile.dev]\nlto = true");
        let expected =
            table("[build]\nrustflags = ['-Ca', '-Cb']\ntarget = 'b'\n[profile.dev]\ndebug = 1\nlto = true");
        assert_eq!(merge_tables(&lower, &higher), expected);
    }
}
