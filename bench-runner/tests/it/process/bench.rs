//! Environment of builds: directories, a supervisor, a harness in its own process.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

/// A directory to build in.
pub(super) struct Bench {
    pub(super) dir: TempDir,
    pub(super) options: SupervisorOptions,
}

impl Bench {
    pub(super) fn new(control_group: bool) -> Self {
        let dir = TempDir::new().unwrap();
        if control_group {
            fs::write(dir.path().join("control-group"), "").unwrap();
        }
        Self { dir, options: SupervisorOptions { control_group } }
    }

    pub(super) fn supervisor(&self) -> Supervisor {
        Supervisor::start(Path::new(EXE), &self.options).unwrap()
    }

    pub(super) fn job(&self, script: &str) -> Job {
        job(self.dir.path(), script)
    }

    pub(super) fn build(&self, script: &str) -> BuildResult {
        self.supervisor().build(&self.job(script)).unwrap()
    }

    /// Runs a build that starts `burner`, which reports its own CPU time in clock ticks.
    pub(super) fn burn(&self, job: Job) -> BuildResult {
        let burner = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done
            read -r stat < /proc/$$/stat; echo $stat > used";
        fs::write(self.dir.path().join("burner"), burner).unwrap();
        self.supervisor().build(&job).unwrap()
    }

    /// CPU time that the burner has used, to a clock tick.
    pub(super) fn burnt(&self) -> Result<Duration, Failed> {
        let stat = self.read("used");
        let fields = stat.rsplit_once(") ").ok_or("the burner did not end by itself")?.1;
        let fields: Vec<&str> = fields.split(' ').collect();
        let ticks = fields[11].parse::<u32>()? + fields[12].parse::<u32>()?;
        assert!(ticks >= 4, "the burner had nothing to do");
        Ok(ticks * TICK)
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }

    /// Starts this binary as a harness with the given build, and waits until the build has written `ready`.
    pub(super) fn harness(&self, script: &str) -> Harness {
        fs::write(self.dir.path().join("script"), script).unwrap();
        self.harness_by(Command::new(std::env::current_exe().unwrap()))
    }

    /// The same with the test's own command, if the script is already in place.
    pub(super) fn harness_by(&self, mut command: Command) -> Harness {
        command.env(HARNESS, self.dir.path()).stdin(Stdio::null());
        reset_signals(&mut command);
        let harness = Harness(command.spawn().unwrap());
        wait_until("the build is ready", || self.read("ready").ends_with('\n'));
        harness
    }

    /// The processes that the build named in `*.pid`; panics unless there are `count`.
    pub(super) fn named(&self, count: usize) -> Vec<i32> {
        let files = fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "pid"));
        let pids: Vec<i32> =
            files.map(|path| fs::read_to_string(path).unwrap().trim().parse().unwrap()).collect();
        assert_eq!(pids.len(), count, "{pids:?}");
        pids
    }

    pub(super) fn assert_all_gone(&self, count: usize) {
        for pid in self.named(count) {
            assert!(!runs(pid), "process {pid} survived");
        }
    }

    pub(super) fn assert_all_go(&self, count: usize) {
        for pid in self.named(count) {
            wait_until("a process is gone", || !runs(pid));
        }
        let group = self.read("group");
        assert_eq!(group.is_empty(), !self.options.control_group);
        wait_until("the control group is gone", || group.is_empty() || !Path::new(&group).exists());
    }
}

/// A running harness; killed if a test fails.
pub(super) struct Harness(pub(super) Child);

impl Harness {
    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.0.id() as i32).unwrap(), signal).unwrap();
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(super) fn job(dir: &Path, script: &str) -> Job {
    Job {
        program: "sh".into(),
        args: vec!["-c".into(), script.into()],
        cwd: dir.to_owned(),
        env: BTreeMap::from([("PATH".into(), std::env::var("PATH").unwrap())]),
        stdout: dir.join("stdout"),
        stderr: dir.join("stderr"),
        timeout: PATIENCE,
        drain: PATIENCE,
        before: Vec::new(),
    }
}

pub(super) fn runs(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with(['Z', 'X']))
}

pub(super) fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
