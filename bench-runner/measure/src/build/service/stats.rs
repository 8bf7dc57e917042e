//! Statistics of sccache, in the format of `--show-stats --stats-format json`.

use std::collections::BTreeMap;

use bench_runner_core::record::CacheUse;
use serde::Deserialize;

/// Reasons of calls by which cargo probes the compiler. They compile nothing.
const PROBES: [&str; 2] = ["missing input", "-"];

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct StatsDocument {
    stats: SccacheStats,
}

/// The statistics in use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct SccacheStats {
    requests_not_cacheable: u64,
    non_cacheable_compilations: u64,
    cache_hits: CountsByLanguage,
    cache_misses: CountsByLanguage,
    cache_errors: CountsByLanguage,
    cache_timeouts: u64,
    cache_read_errors: u64,
    cache_writes: u64,
    cache_write_errors: u64,
    /// Number of calls that could not be cached, by reason.
    not_cached: BTreeMap<String, u64>,
}

/// Numbers by language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct CountsByLanguage {
    counts: BTreeMap<String, u64>,
}

impl CountsByLanguage {
    fn sum(&self) -> u64 {
        self.counts.values().sum()
    }
}

impl SccacheStats {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let document: Result<StatsDocument, _> = serde_json::from_str(text.trim());
        document.map(|document| document.stats).map_err(|error| {
            format!("the statistics of the cache are not those of an sccache that is known here: {error}")
        })
    }

    /// True if every missing result has been written or has failed to be written.
    pub(super) fn is_settled(&self) -> bool {
        self.cache_writes + self.cache_write_errors >= self.cache_misses.sum()
    }

    pub(super) fn cache_use(&self) -> CacheUse {
        let probes: u64 = PROBES.iter().filter_map(|reason| self.not_cached.get(*reason)).sum();
        CacheUse {
            hits: self.cache_hits.sum(),
            misses: self.cache_misses.sum(),
            not_cacheable: self.requests_not_cacheable.saturating_sub(probes)
                + self.non_cacheable_compilations,
        }
    }

    /// Hits and misses for Rust.
    pub(super) fn rust_use(&self) -> CacheUse {
        let of = |counts: &CountsByLanguage| counts.counts.get("Rust").copied().unwrap_or(0);
        CacheUse { hits: of(&self.cache_hits), misses: of(&self.cache_misses), not_cacheable: 0 }
    }

    /// Errors of the cache, if there are any.
    pub(super) fn trouble(&self) -> Option<String> {
        let read = self.cache_errors.sum() + self.cache_timeouts + self.cache_read_errors;
        let written = self.cache_write_errors;
        let times = |count: u64| if count == 1 { "once".to_owned() } else { format!("{count} times") };
        match (read, written) {
            (0, 0) => None,
            (0, written) => Some(format!("the cache failed to write {}", times(written))),
            (read, 0) => Some(format!("the cache failed to read {}", times(read))),
            (read, written) => {
                Some(format!("the cache failed to read {} and to write {}", times(read), times(written)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Output of sccache 0.16.0, without unused fields.
    const COLD: &str = r#"{"stats":{"compile_requests":9,"requests_not_cacheable":5,"requests_executed":4,
        "cache_errors":{"counts":{},"adv_counts":{}},"cache_hits":{"counts":{"Rust":1},"adv_counts":{"rust":1}},
        "cache_misses":{"counts":{"Rust":2,"C/C++":1},"adv_counts":{}},"cache_timeouts":0,"cache_read_errors":0,
        "non_cacheable_compilations":0,"cache_write_errors":0,"cache_writes":2,
        "not_cached":{"incremental":1,"crate-type":1,"missing input":2,"-":1}},"version":"0.16.0"}"#;

    #[test]
    fn calls_are_counted_over_all_languages_and_without_cargos_probes() {
        let stats = SccacheStats::parse(COLD).unwrap();
        assert_eq!(stats.cache_use(), CacheUse { hits: 1, misses: 3, not_cacheable: 2 });
        assert_eq!(stats.rust_use(), CacheUse { hits: 1, misses: 2, not_cacheable: 0 });
        assert!(!stats.is_settled(), "one of three is still to be written");
        assert_eq!(stats.trouble(), None);
    }

    #[test]
    fn a_write_that_failed_is_no_longer_waited_for_but_told() {
        let stats = SccacheStats { cache_write_errors: 1, ..SccacheStats::parse(COLD).unwrap() };
        assert!(stats.is_settled());
        assert_eq!(stats.trouble().unwrap(), "the cache failed to write once");
        let stats = SccacheStats { cache_timeouts: 2, ..stats };
        assert_eq!(stats.trouble().unwrap(), "the cache failed to read 2 times and to write once");
    }

    #[test]
    fn anything_else_is_refused() {
        assert!(SccacheStats::parse("").unwrap_err().contains("not those of an sccache"));
        assert!(SccacheStats::parse("{\"stats\":{}}").is_err());
    }
}
