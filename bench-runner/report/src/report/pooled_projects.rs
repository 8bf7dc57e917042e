//! Comparisons pooled over several projects: the table after the blocks, and `derived/across.csv`.

use bench_runner_core::compare::{Comparison, ExcludedProject, PooledProjects, workload_phrase};

use super::csv::csv_text;
use super::table::{TableColumn, TextStyle};
use crate::figure::wording::ColumnDigits;

const COLUMNS: [TableColumn; 7] = [
    TableColumn { heading: "variant vs. baseline", right: false },
    TableColumn { heading: "build", right: false },
    TableColumn { heading: "projects", right: true },
    TableColumn { heading: "ratio", right: true },
    TableColumn { heading: "these projects", right: true },
    TableColumn { heading: "in general", right: true },
    TableColumn { heading: "one more project", right: true },
];

/// Lines of the table; empty if no two projects have a comparison in common.
pub(super) fn lines(across: &[PooledProjects], style: TextStyle) -> Vec<String> {
    if across.is_empty() {
        return Vec::new();
    }
    let heading = "across projects: geometric means of the ratios with 95% intervals, each project counted once. \
                   No verdicts: these means were not planned, and are not corrected for their number.";
    let mut lines = vec![String::new()];
    lines.extend(style.sentence(heading));
    lines.extend(style.table(&COLUMNS, &rows(across)));
    let name = |one: &PooledProjects| format!("{}, {}", comparison(one), workload(one, across));
    for one in across.iter().filter(|one| !one.left_out.is_empty()) {
        lines.extend(style.paragraph("", &format!("{}: without {}", name(one), left_out(&one.left_out))));
    }
    lines
}

/// Rows of the table; the last two columns are empty if no row has an interval for projects in general.
fn rows(across: &[PooledProjects]) -> Vec<Vec<String>> {
    let digits = ColumnDigits::of_ratios(across.iter().map(|one| (one.ratio, one.these)));
    let ends = |ratio: f64, ends: (f64, f64)| {
        let shown = digits.ratio(ratio, ends);
        format!("{}–{}×", shown.low, shown.high)
    };
    let row = |one: &PooledProjects| {
        let of_general = |interval: Option<(f64, f64)>| {
            interval.map(|interval| ends(one.ratio, interval)).unwrap_or_default()
        };
        vec![
            comparison(one),
            workload(one, across),
            one.projects.len().to_string(),
            format!("{}×", digits.ratio(one.ratio, one.these).estimate),
            ends(one.ratio, one.these),
            of_general(one.general.map(|general| general.mean)),
            of_general(one.general.map(|general| general.further)),
        ]
    };
    across.iter().map(row).collect()
}

/// Names of variant and baseline.
fn comparison(one: &PooledProjects) -> String {
    format!("{} vs. {}", one.variant, one.baseline)
}

/// Name of the workload, with the matrix if another comparison would otherwise look the same.
fn workload(one: &PooledProjects, all: &[PooledProjects]) -> String {
    let same =
        |other: &&PooledProjects| comparison(other) == comparison(one) && other.workload == one.workload;
    match all.iter().filter(same).count() {
        1 => workload_phrase(&one.workload, None),
        _ => format!("{} ({})", workload_phrase(&one.workload, None), one.matrix),
    }
}

fn left_out(left_out: &[ExcludedProject]) -> String {
    let one = |left_out: &ExcludedProject| format!("{} ({})", left_out.project, left_out.reason);
    left_out.iter().map(one).collect::<Vec<_>>().join(", ")
}

const HEADER: [&str; 14] = [
    "matrix",
    "workload",
    "variant",
    "baseline",
    "n",
    "projects",
    "ratio",
    "these_low",
    "these_high",
    "general_low",
    "general_high",
    "further_low",
    "further_high",
    "left_out",
];

/// The table as CSV, one row per comparison; names of projects are separated by spaces.
pub fn pooled_projects_csv(comparison: &Comparison) -> Result<String, csv::Error> {
    let row = |one: &PooledProjects| {
        let mut row = [&one.matrix, &one.workload, &one.variant, &one.baseline].map(String::clone).to_vec();
        row.push(one.projects.len().to_string());
        row.push(one.projects.join(" "));
        row.extend([one.ratio, one.these.0, one.these.1].map(|value| value.to_string()));
        let bounds = one.general.map(|of| [of.mean.0, of.mean.1, of.further.0, of.further.1]);
        row.extend(bounds.into_iter().flatten().map(|value| value.to_string()));
        row.resize(HEADER.len() - 1, String::new());
        row.push(left_out(&one.left_out));
        row
    };
    csv_text(&HEADER, comparison.pooled_projects.iter().map(row))
}

#[cfg(test)]
mod tests {
    use bench_runner_core::compare::GeneralIntervals;
    use expect_test::expect;

    use super::*;
    use crate::figure::fixture;

    fn across(variant: &str, projects: usize) -> PooledProjects {
        PooledProjects {
            matrix: "linkers".to_owned(),
            workload: "clean".to_owned(),
            variant: variant.to_owned(),
            baseline: "linker=bfd".to_owned(),
            projects: (1..=projects).map(|number| format!("p{number}")).collect(),
            ratio: 0.921,
            these: (0.913, 0.929),
            general: (projects >= 5)
                .then_some(GeneralIntervals { mean: (0.88, 0.964), further: (0.80, 1.06) }),
            left_out: Vec::new(),
        }
    }

    #[test]
    fn as_much_as_the_number_of_projects_allows() {
        let left_out =
            vec![ExcludedProject { project: "hexyl".to_owned(), reason: "its comparison is invalid" }];
        let few = PooledProjects { left_out, ..across("linker=lld", 3) };
        expect![[r#"

            across projects: geometric means of the ratios with 95% intervals, each project counted once. No
            verdicts: these means were not planned, and are not corrected for their number.
              variant vs. baseline       build       projects   ratio  these projects
              linker=lld vs. linker=bfd  full build         3  0.921×    0.913–0.929×
              linker=lld vs. linker=bfd, full build: without hexyl (its comparison is invalid)"#]]
        .assert_eq(&lines(std::slice::from_ref(&few), TextStyle::default()).join("\n"));
        let other = PooledProjects { matrix: "more".to_owned(), ..across("linker=lld", 2) };
        expect![[r#"

            across projects: geometric means of the ratios with 95% intervals, each project counted once. No
            verdicts: these means were not planned, and are not corrected for their number.
              linker=mold vs. linker=bfd
                build full build, projects 6, ratio 0.921×, these projects 0.913–0.929×, in general
                0.880–0.964×, one more project 0.800–1.060×
              linker=lld vs. linker=bfd
                build full build (linkers), projects 3, ratio 0.921×, these projects 0.913–0.929×
              linker=lld vs. linker=bfd
                build full build (more), projects 2, ratio 0.921×, these projects 0.913–0.929×
              linker=lld vs. linker=bfd, full build (linkers): without hexyl (its comparison is invalid)"#]]
        .assert_eq(&lines(&[across("linker=mold", 6), few, other], TextStyle::default()).join("\n"));
        assert!(lines(&[], TextStyle::default()).is_empty());
    }

    #[test]
    fn a_row_for_each_comparison() {
        let mut comparison = fixture::everything();
        let left_out =
            vec![ExcludedProject { project: "hexyl".to_owned(), reason: "its comparison is invalid" }];
        comparison.pooled_projects =
            vec![across("linker=mold", 5), PooledProjects { left_out, ..across("linker=lld", 2) }];
        expect![[r#"
            matrix,workload,variant,baseline,n,projects,ratio,these_low,these_high,general_low,general_high,further_low,further_high,left_out
            linkers,clean,linker=mold,linker=bfd,5,p1 p2 p3 p4 p5,0.921,0.913,0.929,0.88,0.964,0.8,1.06,
            linkers,clean,linker=lld,linker=bfd,2,p1 p2,0.921,0.913,0.929,,,,,hexyl (its comparison is invalid)
        "#]].assert_eq(&pooled_projects_csv(&comparison).unwrap());
    }
}
