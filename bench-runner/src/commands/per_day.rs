//! Builds per day, as `decide` and `search` are given them: `incremental=80,clean=3`.

use std::collections::BTreeMap;

use bench_runner_measure::scenario::RequestError;

/// One workload with its builds per day.
pub(super) fn per_day(text: &str) -> Result<(String, f64), String> {
    let parsed =
        text.split_once('=').and_then(|(workload, count)| Some((workload, count.parse::<f64>().ok()?)));
    match parsed {
        Some((workload, count)) if !workload.is_empty() && count.is_finite() && count > 0.0 => {
            Ok((workload.to_owned(), count))
        }
        _ => {
            Err("expected WORKLOAD=BUILDS with more than 0 builds, such as incremental=80,clean=3".to_owned())
        }
    }
}

/// Builds per day by workload.
///
/// # Errors
/// If a workload is given twice.
pub(super) fn by_workload(given: &[(String, f64)]) -> Result<BTreeMap<String, f64>, RequestError> {
    let mut all = BTreeMap::new();
    for (workload, builds) in given {
        if all.insert(workload.clone(), *builds).is_some() {
            let message = format!("the workload `{workload}` is given twice");
            return Err(RequestError::usage(message, Some("give one number for each".to_owned())));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_workload_has_one_positive_number() {
        assert_eq!(per_day("incremental=80"), Ok(("incremental".to_owned(), 80.0)));
        assert_eq!(per_day("incremental:body=0.5"), Ok(("incremental:body".to_owned(), 0.5)));
        for wrong in ["", "clean", "clean=", "=3", "clean=0", "clean=-1", "clean=nan", "clean=inf"] {
            assert!(per_day(wrong).is_err(), "{wrong}");
        }
        let given = |names: &[&str]| names.iter().map(|&name| (name.to_owned(), 1.0)).collect::<Vec<_>>();
        assert_eq!(by_workload(&given(&["clean", "check"])).unwrap().len(), 2);
        assert!(by_workload(&given(&["clean", "clean"])).is_err());
    }
}
