//! Stores of a compiler cache, and the variables that pass them to its server.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::redis::{self, Login};

/// Store for results. A shared store also contains results of others: it is only ever added to, under a
/// prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Store {
    /// A directory of the variant.
    Local,
    /// A Redis server.
    Redis {
        /// Address, `redis://HOST:PORT`.
        endpoint: String,
        /// Number of the database.
        database: u32,
    },
    /// An S3 bucket, described by the user's environment.
    S3,
}

impl Store {
    /// Reason why the store cannot be used, as far as it can be checked without sccache.
    pub fn obstacle(&self) -> Option<String> {
        let user_variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        match self {
            Self::Local => None,
            Self::Redis { endpoint, .. } => {
                let user = user_variable("SCCACHE_REDIS_USERNAME");
                redis::obstacle(endpoint, &Login { user, password: user_variable("SCCACHE_REDIS_PASSWORD") })
            }
            Self::S3 => {
                user_variable("SCCACHE_BUCKET").is_none().then(|| "SCCACHE_BUCKET is not set".to_owned())
            }
        }
    }

    /// Variables that describe the store to the server, without those that only the user knows.
    pub(super) fn variables(&self, directory: &Path, prefix: &str) -> BTreeMap<String, String> {
        let mut variables = BTreeMap::new();
        let mut set = |name: &str, value: String| drop(variables.insert(name.to_owned(), value));
        match self {
            Self::Local => set("SCCACHE_DIR", directory.display().to_string()),
            Self::Redis { endpoint, database } => {
                set("SCCACHE_REDIS_ENDPOINT", endpoint.clone());
                set("SCCACHE_REDIS_DB", database.to_string());
                set("SCCACHE_REDIS_KEY_PREFIX", prefix.to_owned());
            }
            Self::S3 => set("SCCACHE_S3_KEY_PREFIX", prefix.to_owned()),
        }
        variables
    }
}

/// Keeps a wrapper that finds no server from starting one, whose statistics would never be read: a server
/// with this Redis address fails to start, and the call fails. A wrapper that finds its server ignores it.
pub(super) fn no_other_server() -> (String, String) {
    ("SCCACHE_REDIS_ENDPOINT".to_owned(), "nowhere".to_owned())
}

/// Prefix of keys in a shared store: that of the previous build if the store is kept, else one that no build
/// on any machine has had. It is written to `file`.
pub(super) fn prefix(file: &Path, kept: bool) -> io::Result<String> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    if kept {
        match fs::read_to_string(file) {
            Ok(prefix) => return Ok(prefix),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    // For a collision, two machines or processes would have to call this in the same nanosecond with the same
    // process id.
    let (process, count) = (std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let prefix = format!("bench-runner-{since:x}-{process:x}-{count:x}");
    fs::write(file, &prefix)?;
    Ok(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_store_keeps_its_prefix_and_another_never_does() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("prefix");
        let first = prefix(&file, true).unwrap();
        assert_eq!(prefix(&file, true).unwrap(), first);
        let (second, third) = (prefix(&file, false).unwrap(), prefix(&file, false).unwrap());
        assert!(first != second && second != third && first != third);
        assert_eq!(prefix(&file, true).unwrap(), third);
    }

    #[test]
    fn each_store_is_told_of_in_its_own_variables() {
        let names = |store: Store| store.variables(Path::new("/d"), "p").into_iter().collect::<Vec<_>>();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(names(Store::Local), [pair("SCCACHE_DIR", "/d")]);
        assert_eq!(names(Store::S3), [pair("SCCACHE_S3_KEY_PREFIX", "p")]);
        let redis = Store::Redis { endpoint: "redis://h:1".into(), database: 2 };
        assert_eq!(
            names(redis),
            [
                pair("SCCACHE_REDIS_DB", "2"),
                pair("SCCACHE_REDIS_ENDPOINT", "redis://h:1"),
                pair("SCCACHE_REDIS_KEY_PREFIX", "p"),
            ]
        );
    }
}
