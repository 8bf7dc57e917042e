//! Values of the axis: `off`, or the initial content of the cache with its store.

use std::net::Ipv6Addr;

use bench_runner_core::record::Refusal;

use crate::build::Store;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum CacheValue {
    Off,
    On(CacheStart, Store),
}

/// Content of a cache when a build starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CacheStart {
    /// Empty.
    Cold,
    /// Everything that can be cached.
    Warm,
}

const FORMS: &str = "off, cold, warm, and after cold or warm @local, @redis://HOST:PORT[/DB] or @s3";

impl CacheValue {
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        if text == "off" {
            return Ok(Self::Off);
        }
        let (start, store) = text.split_once('@').unwrap_or((text, "local"));
        let start = match start {
            "cold" => CacheStart::Cold,
            "warm" => CacheStart::Warm,
            // The rest may be secret.
            other => {
                return Err(Refusal::new(format!("`{other}` is not a cache (known: {FORMS})"))
                    .did_you_mean(other, ["off", "cold", "warm"]));
            }
        };
        let store = match store {
            "local" => Store::Local,
            "s3" => Store::S3,
            other => match other.strip_prefix("redis://") {
                Some(address) => redis(address)?,
                None => {
                    return Err(Refusal::new(format!("a cache is kept in none such (known: {FORMS})")));
                }
            },
        };
        Ok(Self::On(start, store))
    }

    /// Identity: equal for values that mean the same.
    pub(super) fn identity(&self) -> String {
        match self {
            Self::Off => "off".to_owned(),
            Self::On(start, store) => format!("{start:?} {store:?}"),
        }
    }
}

/// Parses `HOST:PORT[/DB]`.
fn redis(address: &str) -> Result<Store, Refusal> {
    if address.contains('@') {
        return Err(Refusal::new(
            "an address with a user or a password in it would be published with the results; leave them out, \
             and set SCCACHE_REDIS_USERNAME and SCCACHE_REDIS_PASSWORD in the environment",
        ));
    }
    let wrong = || {
        Refusal::new(format!(
            "`redis://{address}` is not an address (redis://HOST:PORT or redis://HOST:PORT/DB)"
        ))
    };
    let (host_and_port, database) = address.split_once('/').unwrap_or((address, "0"));
    let (host, port) = host_and_port.rsplit_once(':').ok_or_else(wrong)?;
    let name = |host: &str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    let v6 = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host_is_valid = v6.map_or_else(|| name(host), |host| host.parse::<Ipv6Addr>().is_ok());
    let port: u16 = port.parse().map_err(|_| wrong())?;
    let database = database.parse().map_err(|_| wrong())?;
    if !host_is_valid || port == 0 {
        return Err(wrong());
    }
    Ok(Store::Redis { endpoint: format!("redis://{host}:{port}"), database })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        CacheValue::parse(text).unwrap_err().what
    }

    #[test]
    fn local_is_what_is_not_said() {
        assert_eq!(
            CacheValue::parse("cold").unwrap().identity(),
            CacheValue::parse("cold@local").unwrap().identity()
        );
        assert_ne!(
            CacheValue::parse("cold").unwrap().identity(),
            CacheValue::parse("warm").unwrap().identity()
        );
        assert_eq!(CacheValue::parse("warm@s3").unwrap(), CacheValue::On(CacheStart::Warm, Store::S3));
        assert_eq!(CacheValue::parse("wram").unwrap_err().help.as_deref(), Some("did you mean `warm`?"));
        assert!(CacheValue::parse("off@local").is_err(), "what is off is kept nowhere");
    }

    #[test]
    fn a_redis_is_named_by_host_port_and_database() {
        let redis = |text: &str| match CacheValue::parse(text).unwrap() {
            CacheValue::On(_, Store::Redis { endpoint, database }) => (endpoint, database),
            other => panic!("{other:?}"),
        };
        assert_eq!(redis("cold@redis://127.0.0.1:6379"), ("redis://127.0.0.1:6379".into(), 0));
        assert_eq!(redis("cold@redis://cache.lan:1/3"), ("redis://cache.lan:1".into(), 3));
        assert_eq!(redis("warm@redis://[::1]:2"), ("redis://[::1]:2".into(), 0));
        for wrong in ["h", "h:", ":1", "h:0", "h:1/x", "h:99999", "h:1?x=1", "[x]:1", "a b:1"] {
            assert!(message(&format!("cold@redis://{wrong}")).contains("is not an address"), "{wrong}");
        }
        assert!(message("cold@memcached://h:1").contains("none such"));
    }

    #[test]
    fn credentials_are_refused_and_not_repeated() {
        let message_text = message("cold@redis://me:opensesame@h:1");
        assert!(
            message_text.contains("SCCACHE_REDIS_PASSWORD") && !message_text.contains("opensesame"),
            "{message_text}"
        );
        assert!(!message("wrm@redis://me:opensesame@h:1").contains("opensesame"));
    }
}
