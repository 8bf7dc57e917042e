//! A sample while its row is being read, and parsers of fields.

use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::record::{
    BlockId, CacheUse, Cost, Interference, Outcome, Phase, Pin, Rebuilt, Role, Sample, SharedText,
};

/// A partially read sample.
pub(super) struct SampleDraft {
    pub(super) sample: Sample,
    pub(super) cache: CacheCounts,
}

/// Columns that become a [`CacheUse`] if all of them have a value.
#[derive(Default)]
pub(super) struct CacheCounts {
    pub(super) hits: Option<u64>,
    pub(super) misses: Option<u64>,
    pub(super) not_cacheable: Option<u64>,
}

impl SampleDraft {
    /// Starts from the shared values of an arm.
    pub(super) fn of(arm: &Sample) -> Self {
        Self { sample: arm.clone(), cache: CacheCounts::default() }
    }

    pub(super) fn finish(self) -> Sample {
        let CacheCounts { hits, misses, not_cacheable } = self.cache;
        let all = hits.zip(misses).zip(not_cacheable);
        let cache = all.map(|((hits, misses), not_cacheable)| CacheUse { hits, misses, not_cacheable });
        Sample { cache, ..self.sample }
    }
}

/// A sample without any column read. Every file has the required columns, so their placeholders never remain.
pub(super) fn blank() -> Sample {
    let nothing = SharedText::from("");
    Sample {
        number: 0,
        block: BlockId::from(String::new()),
        session: 0,
        project: nothing.clone(),
        pin: Arc::new(Pin::Git { rev: String::new() }),
        workload: nothing.clone(),
        variant: nothing,
        role: Role::Baseline,
        settings: Arc::new(BTreeMap::new()),
        phase: Phase::Warmup,
        round: 0,
        position: 0,
        attempt: 0,
        visit: None,
        edit: 0,
        predecessor: None,
        started_at: SystemTime::UNIX_EPOCH,
        outcome: Outcome::NotStarted,
        rebuilt: None,
        artifact_bytes: None,
        interference: Interference::default(),
        cache: None,
    }
}

/// Shares equal texts: each distinct text is stored once.
#[derive(Default)]
pub(super) struct TextInterner(HashMap<Box<str>, SharedText>);

impl TextInterner {
    fn shared(&mut self, text: &str) -> SharedText {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let new = SharedText::from(text);
        // Sharing does not help in a file in which every row has a different text.
        if self.0.len() < 10_000 {
            self.0.insert(text.into(), new.clone());
        }
        new
    }
}

/// Stores a value that was parsed successfully.
pub(super) fn assign<T>(place: &mut T, value: Result<T, String>) -> Result<(), String> {
    *place = value?;
    Ok(())
}

/// Reads a column of the cost, which only a successful build has.
pub(super) fn read_cost(
    draft: &mut SampleDraft,
    read: impl FnOnce(&mut Cost) -> Result<(), String>,
) -> Result<(), String> {
    match &mut draft.sample.outcome {
        Outcome::Built(cost) => read(cost),
        _ => Ok(()),
    }
}

pub(super) fn parse_number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}

pub(super) fn parse_optional<T: FromStr>(text: &str) -> Result<Option<T>, String> {
    if text.is_empty() { Ok(None) } else { parse_number(text).map(Some) }
}

pub(super) fn parse_number_or_0(text: &str) -> Result<u32, String> {
    Ok(parse_optional(text)?.unwrap_or(0))
}

pub(super) fn parse_nanos(text: &str) -> Result<Duration, String> {
    parse_number(text).map(Duration::from_nanos)
}

pub(super) fn parse_optional_nanos(text: &str) -> Result<Option<Duration>, String> {
    Ok(parse_optional(text)?.map(Duration::from_nanos))
}

pub(super) fn parse_time(text: &str) -> Result<SystemTime, String> {
    humantime::parse_rfc3339(text).map_err(|error| error.to_string())
}

pub(super) fn parse_pin(text: &str) -> Result<Arc<Pin>, String> {
    text.parse::<Pin>().map(Arc::new).map_err(|error| error.to_string())
}

pub(super) fn parse_word<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, String> {
    all.iter().copied().find(|value| name(*value) == text).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|value| name(*value)).collect();
        format!("`{text}` is none of {}", names.join(", "))
    })
}

/// Parses the outcome without exit code and cost, which have later columns.
pub(super) fn parse_outcome(text: &str) -> Result<Outcome, String> {
    match text {
        "ok" => Ok(Outcome::Built(Cost::default())),
        "failed" => Ok(Outcome::Failed { exit_code: None }),
        "timed-out" => Ok(Outcome::TimedOut),
        "not-started" => Ok(Outcome::NotStarted),
        other => Err(format!("`{other}` is none of ok, failed, timed-out, not-started")),
    }
}

pub(super) fn read_exit_code(
    draft: &mut SampleDraft,
    text: &str,
    _: &mut TextInterner,
) -> Result<(), String> {
    match &mut draft.sample.outcome {
        Outcome::Failed { exit_code } => assign(exit_code, parse_optional(text)),
        _ => Ok(()),
    }
}

pub(super) fn read_predecessor(
    draft: &mut SampleDraft,
    text: &str,
    texts: &mut TextInterner,
) -> Result<(), String> {
    draft.sample.predecessor = (!text.is_empty()).then(|| texts.shared(text));
    Ok(())
}

/// Reads the number of units; the name of their set has a later column, which early files lack.
pub(super) fn read_units_rebuilt(
    draft: &mut SampleDraft,
    text: &str,
    texts: &mut TextInterner,
) -> Result<(), String> {
    let rebuilt = parse_optional(text)?.map(|count| Rebuilt { count, set: texts.shared("") });
    draft.sample.rebuilt = rebuilt;
    Ok(())
}

pub(super) fn read_units_set(
    draft: &mut SampleDraft,
    text: &str,
    texts: &mut TextInterner,
) -> Result<(), String> {
    if let Some(rebuilt) = &mut draft.sample.rebuilt {
        rebuilt.set = texts.shared(text);
    }
    Ok(())
}
