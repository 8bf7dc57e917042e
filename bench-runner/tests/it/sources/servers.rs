//! Real servers of git on loopback: its daemon, and its backend for web servers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::git;
use crate::lab::Lab;

/// A server that ends with the test.
pub(super) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves `served` by git's own daemon. Gives it and its address.
pub(super) fn serve(lab: &Lab) -> (Server, String) {
    let port =
        TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
    // Not by way of `git`, which would leave it behind.
    let daemon = Path::new(&git(lab, ".", &["--exec-path"])).join("git-daemon");
    let mut command = Command::new(daemon);
    command.arg(format!("--base-path={}", lab.path("served").display())).arg(format!("--port={port}"));
    command.args(["--export-all", "--listen=127.0.0.1", "--reuseaddr"]);
    let child = command.stderr(Stdio::null()).env("HOME", lab.path("home")).spawn().expect("git-daemon");
    let server = Server(child);
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return (server, format!("git://127.0.0.1:{port}/demo"));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("git-daemon does not listen");
}

/// Serves `served` by git's own backend for web servers, until the process ends. Gives the address.
pub(super) fn serve_http(lab: &Lab) -> String {
    let backend = Path::new(&git(lab, ".", &["--exec-path"])).join("git-http-backend");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let (served, home) = (lab.path("served"), lab.path("home"));
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut command = Command::new(&backend);
            command.env("GIT_PROJECT_ROOT", &served).env("GIT_HTTP_EXPORT_ALL", "1").env("HOME", &home);
            std::thread::spawn(move || answer(stream, command));
        }
    });
    format!("http://{address}/demo")
}

/// Answers one request as CGI asks for it.
fn answer(mut stream: TcpStream, mut command: Command) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    command.env("REQUEST_METHOD", method).env("PATH_INFO", path).env("QUERY_STRING", query);
    let mut length = 0;
    for line in reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ")?;
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().ok()?,
            "content-type" => drop(command.env("CONTENT_TYPE", value)),
            "content-encoding" => drop(command.env("HTTP_CONTENT_ENCODING", value)),
            "git-protocol" => drop(command.env("HTTP_GIT_PROTOCOL", value)),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    command.env("CONTENT_LENGTH", length.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().ok()?;
    child.stdin.take()?.write_all(&body).ok()?;
    let output = child.wait_with_output().ok()?.stdout;
    let status = output.strip_prefix(b"Status: ").and_then(|rest| rest.split(|byte| *byte == b'\r').next());
    let status = String::from_utf8_lossy(status.unwrap_or(b"200 OK")).into_owned();
    stream.write_all(format!("HTTP/1.1 {status}\r\nConnection: close\r\n").as_bytes()).ok()?;
    stream.write_all(&output).ok()
}
