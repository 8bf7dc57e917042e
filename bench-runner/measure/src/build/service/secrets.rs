//! Variables of the user that the server of a shared store needs. They are passed to the server alone and
//! never written to a file.

use std::collections::BTreeMap;

use super::Store;
use crate::build::CargoInvocation;

/// Shorter values cannot be distinguished from ordinary words.
const SHORTEST: usize = 4;
/// Variables of the user, by name.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Secrets {
    variables: BTreeMap<String, String>,
}

/// Shows names only.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

impl Secrets {
    pub(super) fn from_user_environment(store: &Store) -> Self {
        let mut variables = CargoInvocation::user_environment();
        variables.retain(|name, _| is_for_store(name, store));
        Self { variables }
    }

    pub(super) fn variables(&self) -> BTreeMap<String, String> {
        self.variables.clone()
    }

    /// `text` with stars in place of the values.
    pub(super) fn redact(&self, text: &str) -> String {
        // The location of a store is private too; the value of a switch reveals nothing.
        let telling =
            |value: &&String| value.len() >= SHORTEST && !matches!(value.as_str(), "true" | "false");
        // Longest first: one value may contain another, as the address of a bucket contains its name.
        let mut values: Vec<&String> = self.variables.values().filter(telling).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.into_iter().fold(text.to_owned(), |text, value| text.replace(value.as_str(), "***"))
    }
}

/// True if the server of such a store needs a variable of the user.
fn is_for_store(name: &str, store: &Store) -> bool {
    match store {
        Store::Local => false,
        Store::Redis { .. } => matches!(name, "SCCACHE_REDIS_USERNAME" | "SCCACHE_REDIS_PASSWORD"),
        Store::S3 => {
            matches!(name, "SCCACHE_BUCKET" | "SCCACHE_REGION" | "SCCACHE_ENDPOINT")
                || name.starts_with("SCCACHE_S3_") && name != "SCCACHE_S3_KEY_PREFIX"
                || name.starts_with("AWS_")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_store_is_given_what_concerns_it() {
        let redis = Store::Redis { endpoint: "redis://h:1".into(), database: 0 };
        let names = [
            "SCCACHE_REDIS_PASSWORD",
            "SCCACHE_BUCKET",
            "SCCACHE_S3_NO_CREDENTIALS",
            "SCCACHE_S3_KEY_PREFIX",
            "AWS_ACCESS_KEY_ID",
            "SCCACHE_DIR",
            "HOME",
        ];
        let of = |store: &Store| names.map(|name| is_for_store(name, store));
        assert_eq!(of(&Store::Local), [false; 7]);
        assert_eq!(of(&redis), [true, false, false, false, false, false, false]);
        assert_eq!(of(&Store::S3), [false, true, true, false, true, false, false]);
    }

    #[test]
    fn secrets_show_neither_in_texts_nor_when_debugging() {
        let pairs = [("SCCACHE_REDIS_PASSWORD", "opensesame"), ("SCCACHE_BUCKET", "builds")];
        let secrets =
            Secrets { variables: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into() };
        assert_eq!(secrets.redact("AUTH opensesame for builds"), "AUTH *** for ***");
        let pairs = [("SCCACHE_BUCKET", "acme"), ("SCCACHE_ENDPOINT", "https://acme.corp")];
        let nested =
            Secrets { variables: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into() };
        assert_eq!(nested.redact("at https://acme.corp"), "at ***");
        assert!(!format!("{secrets:?}").contains("opensesame"));
    }
}
