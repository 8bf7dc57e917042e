//! Progress on standard error: a status that is drawn over on a terminal, a line for each round elsewhere.
//!
//! It is drawn between builds, and during warm-up builds when cargo has reported more units. While the time of
//! a measured build is taken, nothing is drawn: what such a build is expected to take stands there from before
//! its start.

mod course;
mod stopped;

use std::time::Duration;

use bench_runner_core::bundle::Manifest;
use bench_runner_core::compare::titles;
use bench_runner_core::record::{BlockId, Phase, Plan, Role, Sample};
use bench_runner_measure::plan::PlanEstimate;
use bench_runner_measure::run::{ExpectedBuild, Forecast, Observer, RunEvent, VisitStart};
use bench_runner_measure::sampling::VisitPurpose;

use super::terminal::{StatusLines, Terminal};
use super::{format_duration, pluralize};
use course::RunCourse;
use stopped::describe_stop;

/// Builds that are expected to be shorter are over before their size has been read.
const SHORT_BUILD: Duration = Duration::from_secs(5);

/// Displays the progress of a run.
pub(super) struct ProgressDisplay<'p> {
    terminal: Terminal,
    status: StatusLines,
    plan: &'p Plan,
    titles: Vec<String>,
    course: RunCourse,
    /// True until the warm-ups of the running session have ended.
    warms_up: bool,
    running: Option<DisplayedBuild>,
}

/// The build that runs, as the status shows it.
struct DisplayedBuild {
    position: String,
    variant: String,
    expected: ExpectedBuild,
    /// Units that it has compiled so far, as far as that was looked at.
    units: u32,
}

impl<'p> ProgressDisplay<'p> {
    /// A display for `plan`. `earlier` is the manifest of a run that is resumed.
    pub(super) fn new(plan: &'p Plan, estimate: &PlanEstimate, earlier: Option<&Manifest>) -> Self {
        let terminal = Terminal::of_stderr();
        Self {
            terminal,
            status: StatusLines::new(terminal),
            plan,
            titles: titles(plan),
            course: RunCourse::new(plan, estimate, earlier),
            warms_up: false,
            running: None,
        }
    }

    /// Clears the status before the results.
    pub(super) fn end(&mut self) {
        self.status.clear();
    }

    fn say(&mut self, text: &str) {
        self.status.clear();
        self.terminal.print(&format!("{text}\n"));
    }

    /// Place of a block in the plan.
    fn place(&self, id: &BlockId) -> usize {
        self.plan.blocks.iter().position(|block| block.id == *id).unwrap_or(0)
    }

    fn title(&self, at: usize) -> &str {
        self.titles.get(at).map_or("", String::as_str)
    }

    fn begin(&mut self, at: usize, visit: Option<VisitStart>) {
        self.course.begin(at, visit);
        self.warms_up = visit.is_none_or(|visit| visit.warms_up);
        let number = self.course.comparison().unwrap_or_else(|| "comparison".to_owned());
        let (back, why) = visit.map_or_else(Default::default, describe_visit);
        self.say(&format!("{back}{number}: {}{why}", self.title(at)));
    }

    fn draw(&mut self) {
        let Some(running) = &self.running else { return };
        let parts = [
            self.course.comparison(),
            Some(running.position.clone()),
            Some(running.variant.clone()),
            running.size(),
            self.course.left().describe(),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        self.status.draw(&parts);
    }

    fn built(&mut self, sample: &Sample, output: Option<&str>) {
        self.course.built(sample.phase);
        self.running = None;
        if let Some(output) = output {
            let output: String = output.lines().map(|line| format!("\n    {line}")).collect();
            let variant = label(&sample.variant, sample.role);
            let outcome = sample.outcome.as_str();
            self.say(&format!("  build {} ({variant}): {outcome}{output}", sample.number));
        }
    }

    /// After the warm-ups and after each round.
    fn forecast(&mut self, forecast: Forecast) {
        let before = self.course.forecast(forecast);
        if self.warms_up && forecast.builds_per_round > 0 {
            self.warms_up = false;
            let rounds =
                self.course.goal().map(|goal| goal.describe(forecast.round_time)).unwrap_or_default();
            let round = format_duration(forecast.round_time);
            self.say(&format!("  warmed up: {round} a round{rounds}"));
        } else if !self.terminal.is_live()
            && before.is_some_and(|before| before.rounds_done < forecast.rounds_done)
        {
            let round = self.course.position(Phase::Measured, forecast.rounds_done);
            let builds = pluralize(self.course.builds() as usize, "build");
            self.say(&format!(
                "  {round} done: {builds} so far (warm-ups included), {}",
                self.course.clock()
            ));
        }
    }
}

impl DisplayedBuild {
    /// `84 of 126 units`; before that is known, what the build is expected to be.
    fn size(&self) -> Option<String> {
        let ExpectedBuild { units, time } = self.expected;
        let counted = |count: u32| pluralize(count as usize, "unit");
        if self.units > 0 {
            return Some(match units.filter(|units| *units >= self.units) {
                Some(of) => format!("{} of {}", self.units, counted(of)),
                None => counted(self.units),
            });
        }
        if time.is_some_and(|time| time < SHORT_BUILD) {
            return None;
        }
        match (units, time.map(format_duration)) {
            (Some(units), Some(time)) => Some(format!("{} in about {time}", counted(units))),
            (Some(units), None) => Some(counted(units)),
            (None, Some(time)) => Some(format!("about {time}")),
            (None, None) => None,
        }
    }
}

/// Name of what is built.
fn label(variant: &str, role: Role) -> String {
    match role {
        Role::Twin => format!("{variant} (control)"),
        Role::Baseline | Role::Variant => variant.to_owned(),
    }
}

/// Words before the comparison that is visited, and why it is.
fn describe_visit(visit: VisitStart) -> (&'static str, String) {
    let so_far = match visit.rounds {
        0 => String::new(),
        rounds => format!("; {} so far", pluralize(rounds as usize, "round")),
    };
    let why = match visit.purpose {
        None => String::new(),
        Some((VisitPurpose::LearnTimes, _)) => "; its warm-up shows how long it takes".to_owned(),
        Some((VisitPurpose::FirstRounds, until)) => {
            format!("; every comparison gets {} first", pluralize(until as usize, "round"))
        }
        Some((VisitPurpose::WorthMost, _)) => "; more rounds help most here".to_owned(),
    };
    (if visit.number > 1 { "back to " } else { "" }, so_far + &why)
}

impl Observer for ProgressDisplay<'_> {
    fn event(&mut self, event: &RunEvent<'_>) {
        match event {
            RunEvent::Remark(remark) => self.say(&format!("note: {remark}")),
            RunEvent::Block { number: (number, _), visit, .. } => self.begin(number - 1, *visit),
            RunEvent::Building { role, variant, phase, round, expected, .. } => {
                self.running = Some(DisplayedBuild {
                    position: self.course.position(*phase, *round),
                    variant: label(variant, *role),
                    expected: *expected,
                    units: 0,
                });
                self.draw();
            }
            RunEvent::Units(units) => {
                if let Some(running) = &mut self.running {
                    running.units = *units;
                }
                self.draw();
            }
            RunEvent::Built { sample, output } => self.built(sample, output.as_deref()),
            RunEvent::NotTimed { variant, reason } => self.say(&format!("  not timed: {variant}: {reason}")),
            RunEvent::Forecast(forecast) => self.forecast(*forecast),
            RunEvent::Stopped { block, reason, rounds } => {
                let at = self.place(&block.id);
                let delay = self.course.delay(at);
                let stop = describe_stop(self.plan, block, *reason, *rounds, delay.as_deref());
                self.course.end(at);
                self.say(&match self.course.takes_turns() {
                    true => format!("{}: {stop}", self.title(at)),
                    false => format!("  {stop}"),
                });
            }
        }
    }

    fn displays_units(&self) -> bool {
        self.terminal.is_live()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(units: Option<u32>, seconds: Option<u64>, so_far: u32) -> Option<String> {
        let expected = ExpectedBuild { units, time: seconds.map(Duration::from_secs) };
        DisplayedBuild { position: String::new(), variant: String::new(), expected, units: so_far }.size()
    }

    #[test]
    fn units_are_those_done_of_those_expected() {
        assert_eq!(size(Some(126), Some(72), 84).unwrap(), "84 of 126 units");
        assert_eq!(size(Some(126), Some(72), 130).unwrap(), "130 units", "there were more than expected");
        assert_eq!(size(None, None, 1).unwrap(), "1 unit");
    }

    #[test]
    fn a_build_that_is_not_looked_at_says_what_is_expected() {
        assert_eq!(size(Some(126), Some(72), 0).unwrap(), "126 units in about 1 min 12 s");
        assert_eq!(size(Some(126), None, 0).unwrap(), "126 units");
        assert_eq!(size(None, Some(72), 0).unwrap(), "about 1 min 12 s");
        assert_eq!(size(None, None, 0), None);
        assert_eq!(size(Some(2), Some(1), 0), None, "it is over before it has been read");
    }

    #[test]
    fn a_visit_says_why_the_comparison_is_visited() {
        let visit = |number, rounds, purpose| VisitStart { number, rounds, warms_up: number == 1, purpose };
        let (back, why) = describe_visit(visit(1, 0, Some((VisitPurpose::FirstRounds, 3))));
        assert_eq!((back, why.as_str()), ("", "; every comparison gets 3 rounds first"));
        let (_, why) = describe_visit(visit(1, 0, Some((VisitPurpose::LearnTimes, 0))));
        assert_eq!(why, "; its warm-up shows how long it takes");
        let (back, why) = describe_visit(visit(3, 5, Some((VisitPurpose::WorthMost, 7))));
        assert_eq!((back, why.as_str()), ("back to ", "; 5 rounds so far; more rounds help most here"));
        assert_eq!(describe_visit(visit(1, 0, None)).1, "");
    }
}
