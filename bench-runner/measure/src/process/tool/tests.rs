use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn sh(script: &str) -> ToolCall {
    ToolCall::new("sh", ["-c", script])
}

#[test]
fn a_tool_reads_its_input_or_nothing() {
    let said =
        |input: &[u8]| run_tool(&ToolCall { input: input.to_vec(), ..sh("cat; echo end") }).unwrap().stdout;
    assert_eq!((said(b"some\n"), said(b"")), ("some\nend\n".to_owned(), "end\n".to_owned()));
    let much = vec![b'x'; 1 << 20];
    let call = ToolCall { input: much, ..sh("true") };
    assert_eq!(run_tool(&call).unwrap().code, Some(0), "it may read nothing");
}

#[test]
fn an_exit_code_is_an_answer_and_an_error_only_where_asked() {
    let call = sh("echo out; echo first >&2; echo last >&2; exit 3");
    let output = run_tool(&call).unwrap();
    let expected = ToolOutput { code: Some(3), stdout: "out\n".into(), stderr: "first\nlast\n".into() };
    assert_eq!(output, expected);
    let error = check_tool(&sh("echo why >&2; exit 3")).unwrap_err();
    assert_eq!(error.to_string(), "`sh -c echo why >&2; exit 3` failed (exit code 3):\nwhy");
}

#[test]
fn a_missing_program_and_a_missing_directory_are_told_apart() {
    let error = run_tool(&ToolCall::new("no-such-program-here", ["x"])).unwrap_err();
    assert!(matches!(error, ToolError::NotFound { .. }), "{error}");
    let call = ToolCall { cwd: Some("/no/such/directory".into()), ..sh("true") };
    let error = run_tool(&call).unwrap_err();
    assert!(matches!(error, ToolError::CouldNotStart { .. }), "{error}");
}

#[test]
fn the_environment_is_what_the_call_says() {
    let path = std::env::var("PATH").unwrap();
    let exact = BTreeMap::from([("ONLY".to_owned(), "this".to_owned()), ("PATH".to_owned(), path)]);
    let call = ToolCall { env: ToolEnv::Exactly(exact), ..ToolCall::new("env", [""; 0]) };
    let mut lines: Vec<String> = run_tool(&call).unwrap().stdout.lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], "ONLY=this");

    let env = ToolEnv::Inherit {
        set: BTreeMap::from([("ADDED".into(), "1".into())]),
        remove: vec!["CARGO_MANIFEST_DIR".into()],
    };
    let call = ToolCall { env, ..sh("echo ${ADDED-unset} ${CARGO_MANIFEST_DIR-unset}; test -n \"$PATH\"") };
    assert_eq!(check_tool(&call).unwrap().stdout, "1 unset\n");
}

#[test]
fn a_tool_that_takes_too_long_is_ended_with_its_group() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    // Both hold the fifo open for reading; the shell ignores TERM.
    let script = format!("mkfifo {0}; trap '' TERM; sleep 600 <>{0} & sleep 600 <>{0}", fifo.display());
    let call = ToolCall { timeout: Duration::from_millis(300), ..sh(&script) };
    let error = run_tool(&call).unwrap_err();
    assert!(matches!(error, ToolError::TimedOut { .. }), "{error}");
    // A fifo that nobody reads cannot be opened for writing without waiting.
    let flags = rustix::fs::OFlags::WRONLY | rustix::fs::OFlags::NONBLOCK;
    let gone = (0..200).any(|_| {
        let opened = rustix::fs::open(&fifo, flags, rustix::fs::Mode::empty());
        std::thread::sleep(Duration::from_millis(10));
        matches!(opened, Err(rustix::io::Errno::NXIO))
    });
    assert!(gone, "a process of the tool still runs");
}

#[test]
fn a_daemon_that_keeps_the_output_open_does_not_hold_the_call_up() {
    let output = run_tool(&sh("sleep 600 & echo $!")).unwrap();
    assert_eq!(output.code, Some(0));
    assert!(output.stdout.trim().parse::<u32>().is_ok(), "{output:?}");
}

#[test]
fn only_executable_files_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let [first, second] = ["first", "second"].map(|name| dir.path().join(name));
    fs::create_dir_all(first.join("tool")).unwrap();
    fs::create_dir(&second).unwrap();
    fs::write(first.join("other"), "").unwrap();
    fs::write(second.join("tool"), "").unwrap();
    let path = std::env::join_paths([&first, &second]).unwrap();
    assert_eq!(find_in_path("tool", &path), None, "neither a directory nor a plain file will do");
    fs::set_permissions(second.join("tool"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(find_in_path("tool", &path), Some(second.join("tool")));
    assert_eq!(find_in_path("other", &path), None);
    assert_eq!(find_in_path("", &path), None);
    let full = second.join("tool");
    assert_eq!(find_in_path(full.to_str().unwrap(), OsStr::new("")), Some(full));
}
