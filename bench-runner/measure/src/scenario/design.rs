//! Which combinations of a matrix's axes are built.

use bench_runner_core::record::Refusal;

use super::Matrix;
use crate::axes::STRUCTURAL;

/// Largest number of combinations that a fraction is chosen from.
const MOST_COMBINATIONS: usize = 20_000;

/// Which combinations of a matrix's axes are built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MatrixDesign {
    /// All of them.
    #[default]
    Product,
    /// The fraction that shows the effect of each value best. It nominates a combination and gives no
    /// verdicts.
    Fraction {
        /// Number of combinations, with the baseline; `None` chooses it by the number of values.
        rows: Option<u32>,
    },
}

/// Reason why a matrix cannot have its design, and the key of a scenario that is to blame.
#[derive(Debug)]
pub(super) struct DesignProblem {
    pub(super) key: &'static str,
    pub(super) refusal: Refusal,
}

impl MatrixDesign {
    const NAMES: [&str; 2] = ["product", "fraction"];

    /// Parses the value of `design`.
    ///
    /// # Errors
    /// If there is no such design.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        match text {
            "product" => Ok(Self::Product),
            "fraction" => Ok(Self::Fraction { rows: None }),
            _ => Err(Refusal::new(format!("`{text}` is not a design"))
                .with_help(format!("valid are {}", Self::NAMES.join(", ")))
                .did_you_mean(text, Self::NAMES)),
        }
    }

    /// Parses the value of `--design`: also `fraction:ROWS`.
    ///
    /// # Errors
    /// If there is no such design, or the number is not one.
    pub fn parse_option(text: &str) -> Result<Self, Refusal> {
        let Some(rows) = text.strip_prefix("fraction:") else { return Self::parse(text) };
        match rows.parse() {
            Ok(rows) => Ok(Self::Fraction { rows: Some(rows) }),
            Err(_) => Err(Refusal::new(format!("`{rows}` is not a number of combinations"))
                .with_help("write `fraction`, or `fraction:24` for 24 combinations")),
        }
    }
}

impl Matrix {
    /// Checks that the axes allow the design.
    ///
    /// # Errors
    /// If the design is a fraction, and the axes leave no choice or mean something else.
    pub fn check_design(&self) -> Result<(), Refusal> {
        self.design_problem().map_or(Ok(()), |problem| Err(problem.refusal))
    }

    pub(super) fn design_problem(&self) -> Option<DesignProblem> {
        let MatrixDesign::Fraction { rows } = self.design else { return None };
        let problem = |key, refusal| Some(DesignProblem { key, refusal });
        let not_settings = ["project", "workload"];
        if let Some((key, _)) = self.axes.iter().find(|(key, _)| not_settings.contains(&key.as_str())) {
            let what = format!("`{key}` is an axis here, and a fraction varies settings only");
            let help = format!("list them in `{key}s`: each becomes a comparison with its own fraction");
            return problem("design", Refusal::new(what).with_help(help));
        }
        let mut named = self.variants.iter().filter(|variant| !variant.is_predefined());
        if let Some(variant) = named.next() {
            let what = format!("the variant `{}` is not a combination of the axes", variant.name);
            let help = "a fraction has combinations, `as-configured` and `as-it-is` only: measure it head to head afterwards";
            return problem("variants", Refusal::new(what).with_help(help));
        }
        let counts = self.value_counts();
        let help = "a fraction needs two axes with two values or more: use `design = \"product\"`";
        match counts.iter().filter(|count| **count > 1).count() {
            0 => {
                let what = "the axes have a single combination, so there is nothing to choose from";
                return problem("design", Refusal::new(what).with_help(help));
            }
            1 => {
                let what = "only one axis has several values, so all of them are needed";
                return problem("design", Refusal::new(what).with_help(help));
            }
            _ => {}
        }
        let all = counts.iter().try_fold(1usize, |product, count| product.checked_mul(*count));
        if all.is_none_or(|all| all > MOST_COMBINATIONS) {
            let count = all.map_or("far too many".to_owned(), |all| all.to_string());
            let what = format!(
                "the axes have {count} combinations, and a fraction is chosen from at most {MOST_COMBINATIONS}"
            );
            return problem("design", Refusal::new(what).with_help("give fewer axes or values"));
        }
        let needed = 1 + counts.iter().map(|count| count - 1).sum::<usize>();
        let rows = rows.filter(|rows| (*rows as usize) < needed)?;
        let what =
            format!("{rows} combinations cannot show the effects of all values: at least {needed} can");
        let help =
            format!("a few more show where the effects do not simply add up: about {}", needed * 3 / 2);
        problem("rows", Refusal::new(what).with_help(help))
    }

    /// Number of values of each axis of settings, the baseline's own value included.
    fn value_counts(&self) -> Vec<usize> {
        let count = |key: &str, words: &[super::RequestWord]| {
            let own = self.baseline.value(key);
            let is_new = own.is_some_and(|own| words.iter().all(|word| word.text != own.text));
            words.len() + usize::from(is_new)
        };
        let settings =
            self.axes.iter().filter(|(key, _)| key == "rev" || !STRUCTURAL.contains(&key.as_str()));
        settings.map(|(key, words)| count(key, words)).collect()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::read::scenario;
    use super::*;
    use crate::printed_error::PrintedError as _;
    use crate::toml_reader::{DocError, SourceText};

    fn read(text: &str) -> Result<Matrix, DocError> {
        let head = "name = \"s\"\nsummary = \"x\"\nprojects = [\"hexyl\"]\n";
        scenario(&SourceText::new("s.toml", format!("{head}{text}")), "s.toml", None)
            .map(|mut scenario| scenario.matrices.remove(0))
    }

    fn check(text: &str, expected: expect_test::Expect) {
        expected.assert_eq(&read(text).unwrap_err().printed());
    }

    const TWO: &str = "[axes]\ndebug = [\"full\", \"none\"]\nlto = [\"off\", \"fat\"]\n";

    #[test]
    fn a_matrix_says_which_combinations_it_builds() {
        let design = |text: &str| read(&format!("workloads = [\"clean\"]\n{text}{TWO}")).unwrap().design;
        assert_eq!(design(""), MatrixDesign::Product);
        assert_eq!(design("design = \"product\"\n"), MatrixDesign::Product);
        assert_eq!(design("design = \"fraction\"\n"), MatrixDesign::Fraction { rows: None });
        assert_eq!(design("design = \"fraction\"\nrows = 3\n"), MatrixDesign::Fraction { rows: Some(3) });
        assert_eq!(MatrixDesign::parse_option("fraction:24"), Ok(MatrixDesign::Fraction { rows: Some(24) }));
        assert!(MatrixDesign::parse_option("fraction:x").is_err());
        assert_eq!(MatrixDesign::parse_option("product"), Ok(MatrixDesign::Product));
    }

    #[test]
    fn what_is_no_fraction_is_refused_at_its_place() {
        let with = |rest: &str| format!("workloads = [\"clean\"]\n{rest}");
        check(
            &with("design = \"fractoin\"\n[axes]\ndebug = [\"full\"]\n"),
            expect![[r#"
            s.toml:5:10: `fractoin` is not a design
              design = "fractoin"
                       ^^^^^^^^^^
            help: did you mean `fraction`?"#]],
        );
        check(
            &with("design = \"fraction\"\n[axes]\ndebug = [\"full\", \"none\"]\nlto = [\"fat\"]\n"),
            expect![[r#"
                s.toml:5:10: only one axis has several values, so all of them are needed
                  design = "fraction"
                           ^^^^^^^^^^
                help: a fraction needs two axes with two values or more: use `design = "product"`"#]],
        );
        check(
            &with("design = \"fraction\"\n[axes]\ndebug = [\"full\"]\n"),
            expect![[r#"
            s.toml:5:10: the axes have a single combination, so there is nothing to choose from
              design = "fraction"
                       ^^^^^^^^^^
            help: a fraction needs two axes with two values or more: use `design = "product"`"#]],
        );
        check(
            &with(&format!("design = \"fraction\"\nrows = 2\n{TWO}")),
            expect![[r#"
            s.toml:6:8: 2 combinations cannot show the effects of all values: at least 3 can
              rows = 2
                     ^
            help: a few more show where the effects do not simply add up: about 4"#]],
        );
        check(
            &with(&format!("rows = 4\n{TWO}")),
            expect![[r#"
            s.toml:5:8: a product has all combinations, so `rows` means nothing
              rows = 4
                     ^
            help: add `design = "fraction"`"#]],
        );
        check(
            &with(&format!("design = \"fraction\"\n{TWO}[variants]\nmine = {{ linker = \"mold\" }}\n")),
            expect![[r#"
                s.toml:9:1: the variant `mine` is not a combination of the axes
                  [variants]
                  ^^^^^^^^^^
                help: a fraction has combinations, `as-configured` and `as-it-is` only: measure it head to head afterwards"#]],
        );
        let by_workload = "design = \"fraction\"\n[axes]\nworkload = [\"clean\", \"check\"]\ndebug = [\"full\", \"none\"]\n";
        check(
            by_workload,
            expect![[r#"
            s.toml:4:10: `workload` is an axis here, and a fraction varies settings only
              design = "fraction"
                       ^^^^^^^^^^
            help: list them in `workloads`: each becomes a comparison with its own fraction"#]],
        );
        let values = (0..40).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(", ");
        let many: String = ["A", "B", "C"].map(|key| format!("\"env.{key}\" = [{values}]\n")).concat();
        check(
            &with(&format!("design = \"fraction\"\n[axes]\n{many}")),
            expect![[r#"
            s.toml:5:10: the axes have 64000 combinations, and a fraction is chosen from at most 20000
              design = "fraction"
                       ^^^^^^^^^^
            help: give fewer axes or values"#]],
        );
    }

    #[test]
    fn the_baseline_may_bring_the_second_value() {
        let text = "workloads = [\"clean\"]\ndesign = \"fraction\"\nbaseline = { debug = \"none\" }\n[axes]\ndebug = [\"full\"]\nlto = [\"off\", \"fat\"]\n[variants]\nas-configured = true\n";
        assert!(read(text).is_ok());
    }
}
