//! The metrics of a build. Judging, tables, pages and exports all use this one list.

use std::ops::{Index, IndexMut};

use super::sample::Cost;

/// A metric of a build.
#[derive(Debug)]
pub struct Metric {
    /// Identifier of the metric.
    pub id: MetricId,
    /// Name in files, such as `max_rss`.
    pub name: &'static str,
    /// Unit of its values.
    pub unit: Unit,
    /// Short name for readers, such as `memory`.
    pub label: &'static str,
    /// Exact name for readers, such as `largest resident set`.
    pub term: &'static str,
    /// Description of the metric, as the beginning of a sentence.
    pub meaning: &'static str,
    /// Reads the value of a successful build; `None` if it was not counted.
    pub read: fn(&Cost) -> Option<f64>,
    /// Use of the metric in reports.
    pub treatment: Treatment,
    /// True if runs of earlier versions lack the metric. If a run does, no file and no page mentions it.
    pub optional: bool,
}

/// Identifier of a metric: its index in [`METRICS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table says what each of them is")]
pub enum MetricId {
    Wall,
    Cpu,
    Kernel,
    MaxRss,
    MinorFaults,
    MajorFaults,
    VoluntarySwitches,
    InvoluntarySwitches,
}

/// Unit of a metric's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
    /// A plain count.
    Count,
}

/// Use of a metric in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Treatment {
    /// Compared with the baseline, with a verdict.
    Judged,
    /// Compared with the baseline, without a verdict.
    Compared,
    /// Drawn in figures as a part of another metric; not in any table.
    Drawn,
}

const COUNT: usize = 8;

/// All metrics, in the order of the tables. A new metric needs an entry here and a [`MetricId`].
pub static METRICS: [Metric; COUNT] = [
    Metric {
        id: MetricId::Wall,
        name: "wall",
        unit: Unit::Seconds,
        label: "wall time",
        term: "wall time",
        meaning: "Wall time of a build",
        read: |cost| Some(cost.wall.as_secs_f64()),
        treatment: Treatment::Judged,
        optional: false,
    },
    Metric {
        id: MetricId::Cpu,
        name: "cpu",
        unit: Unit::Seconds,
        label: "CPU time",
        term: "CPU time",
        meaning: "CPU time of a build, all of its processes",
        read: |cost| Some((cost.user + cost.sys).as_secs_f64()),
        treatment: Treatment::Compared,
        optional: false,
    },
    Metric {
        id: MetricId::Kernel,
        name: "kernel",
        unit: Unit::Seconds,
        label: "CPU time in the kernel",
        term: "CPU time in the kernel",
        meaning: "CPU time of a build in the kernel, all of its processes",
        read: |cost| Some(cost.sys.as_secs_f64()),
        treatment: Treatment::Drawn,
        optional: false,
    },
    Metric {
        id: MetricId::MaxRss,
        name: "max_rss",
        unit: Unit::Bytes,
        label: "memory",
        term: "largest resident set",
        meaning: "Largest resident set of a process of a build",
        read: |cost| Some(cost.max_rss as f64),
        treatment: Treatment::Compared,
        optional: false,
    },
    Metric {
        id: MetricId::MinorFaults,
        name: "minor_faults",
        unit: Unit::Count,
        label: "minor page faults",
        term: "number of minor page faults",
        meaning: "Page faults of a build that took no reading from disk",
        read: |cost| Some(cost.activity.minor_faults? as f64),
        treatment: Treatment::Compared,
        optional: true,
    },
    Metric {
        id: MetricId::MajorFaults,
        name: "major_faults",
        unit: Unit::Count,
        label: "major page faults",
        term: "number of major page faults",
        meaning: "Page faults of a build that waited for a reading from disk",
        read: |cost| Some(cost.activity.major_faults? as f64),
        treatment: Treatment::Compared,
        optional: true,
    },
    Metric {
        id: MetricId::VoluntarySwitches,
        name: "voluntary_switches",
        unit: Unit::Count,
        label: "voluntary context switches",
        term: "number of voluntary context switches",
        meaning: "Times that a process of a build gave up its CPU",
        read: |cost| Some(cost.activity.voluntary_switches? as f64),
        treatment: Treatment::Compared,
        optional: true,
    },
    Metric {
        id: MetricId::InvoluntarySwitches,
        name: "involuntary_switches",
        unit: Unit::Count,
        label: "involuntary context switches",
        term: "number of involuntary context switches",
        meaning: "Times that a process of a build had its CPU taken away",
        read: |cost| Some(cost.activity.involuntary_switches? as f64),
        treatment: Treatment::Compared,
        optional: true,
    },
];

// Each entry is at the index that its id names.
const _: () = {
    let mut at = 0;
    while at < COUNT {
        assert!(METRICS[at].id as usize == at);
        at += 1;
    }
};

impl Metric {
    /// The metrics in tables and exports.
    pub fn listed() -> impl Iterator<Item = &'static Self> {
        METRICS.iter().filter(|metric| metric.treatment != Treatment::Drawn)
    }

    /// Name of the values in tables and documents, with the unit: `max_rss_bytes`.
    pub fn key(&self) -> String {
        match self.unit {
            Unit::Seconds => format!("{}_s", self.name),
            Unit::Bytes => format!("{}_bytes", self.name),
            Unit::Count => self.name.to_owned(),
        }
    }

    /// Name of the ratio in tables and documents: `max_rss_ratio`.
    pub fn ratio_key(&self) -> String {
        format!("{}_ratio", self.name)
    }
}

/// One optional value for each metric.
#[derive(Debug, Clone, PartialEq)]
pub struct ByMetric<T>([Option<T>; COUNT]);

impl<T> ByMetric<T> {
    /// Fills the table with the values that `of` returns.
    pub fn of(of: impl FnMut(&'static Metric) -> Option<T>) -> Self {
        Self(METRICS.each_ref().map(of))
    }
}

impl<T> Default for ByMetric<T> {
    fn default() -> Self {
        Self::of(|_| None)
    }
}

impl<T> Index<MetricId> for ByMetric<T> {
    type Output = Option<T>;

    fn index(&self, id: MetricId) -> &Option<T> {
        &self.0[id as usize]
    }
}

impl<T> IndexMut<MetricId> for ByMetric<T> {
    fn index_mut(&mut self, id: MetricId) -> &mut Option<T> {
        &mut self.0[id as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_told_apart_and_only_wall_time_is_judged() {
        let keys: HashSet<String> = METRICS.iter().flat_map(|one| [one.key(), one.ratio_key()]).collect();
        assert_eq!(keys.len(), 2 * COUNT);
        let judged: Vec<MetricId> = METRICS
            .iter()
            .filter(|metric| metric.treatment == Treatment::Judged)
            .map(|metric| metric.id)
            .collect();
        assert_eq!(judged, [MetricId::Wall]);
    }

    #[test]
    fn what_every_run_has_can_be_read_from_any_cost() {
        for metric in &METRICS {
            assert_eq!((metric.read)(&Cost::default()).is_none(), metric.optional, "{}", metric.name);
        }
    }
}
