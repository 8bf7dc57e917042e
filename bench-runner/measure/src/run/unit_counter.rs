//! Counts the units that a running build has reported so far.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use crate::build::Driver;

/// Interval between two looks at a warm-up build.
pub(super) const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Reads the file that a build writes its standard output to, each byte once.
pub(super) struct UnitCounter<'a> {
    driver: &'a dyn Driver,
    output: &'a Path,
    /// Number of bytes that have been read.
    read: u64,
    /// The begin of a line whose end was not there yet.
    cut: Vec<u8>,
    units: u32,
}

impl<'a> UnitCounter<'a> {
    pub(super) fn new(driver: &'a dyn Driver, output: &'a Path) -> Self {
        Self { driver, output, read: 0, cut: Vec::new(), units: 0 }
    }

    /// The units so far, if there are more than at the last call.
    pub(super) fn look(&mut self) -> Option<u32> {
        // It may not be there yet, and it is read in any case when the build has ended.
        self.read_on().ok()?;
        let end = self.cut.iter().rposition(|&byte| byte == b'\n')? + 1;
        let lines: Vec<u8> = self.cut.drain(..end).collect();
        let more = self.driver.compiled_units(&String::from_utf8_lossy(&lines))?;
        self.units += more;
        (more > 0).then_some(self.units)
    }

    fn read_on(&mut self) -> io::Result<()> {
        let mut file = File::open(self.output)?;
        file.seek(SeekFrom::Start(self.read))?;
        self.read += file.read_to_end(&mut self.cut)? as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::build::{BuildDirs, BuildError, BuildEvidence, BuildRequest, CommandLine, Detail, Goal};

    /// Counts lines that say `unit`.
    struct Lines;

    impl Driver for Lines {
        fn prepare(&self, _: &BuildDirs, _: &BuildRequest) -> Vec<CommandLine> {
            Vec::new()
        }

        fn build_command(
            &self,
            _: &BuildDirs,
            _: &BuildRequest,
            _: Goal,
            _: Detail,
        ) -> Result<CommandLine, BuildError> {
            unreachable!("nothing is built")
        }

        fn compiled_units(&self, stdout: &str) -> Option<u32> {
            Some(stdout.lines().filter(|line| *line == "unit").count() as u32)
        }

        fn clean(&self, _: &BuildDirs, _: &BuildRequest) -> Option<CommandLine> {
            None
        }

        fn edit(&self, _: &BuildDirs) -> Option<CommandLine> {
            None
        }

        fn evidence(&self, _: &CommandLine, _: &str, _: &str) -> BuildEvidence {
            BuildEvidence::default()
        }

        fn check_artifact(&self, _: &BuildDirs, _: &BuildEvidence) -> Option<CommandLine> {
            None
        }
    }

    #[test]
    fn a_line_counts_once_and_when_its_end_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let output = dir.path().join("stdout");
        let mut counter = UnitCounter::new(&Lines, &output);
        assert_eq!(counter.look(), None, "there is no file yet");
        let mut file = File::create(&output).unwrap();
        let mut looks = Vec::new();
        for text in ["unit\nother\nun", "", "it\n", "other\n", "unit\nunit\nuni"] {
            file.write_all(text.as_bytes()).unwrap();
            looks.push(counter.look());
        }
        assert_eq!(looks, [Some(1), None, Some(2), None, Some(4)]);
    }
}
