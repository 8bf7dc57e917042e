//! Real servers on loopback: git's daemon, its backend for web servers with and without TLS, and an ssh
//! server.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::git;
use crate::lab::Lab;

/// A server that is killed at the end of the test.
pub(super) struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves `served` with git's own daemon. Returns the server and its address.
pub(super) fn serve(lab: &Lab) -> (Server, String) {
    let port = free_port();
    // Not started through `git`, which would leave it behind.
    let daemon = Path::new(&git(lab, ".", &["--exec-path"])).join("git-daemon");
    let mut command = Command::new(daemon);
    command.arg(format!("--base-path={}", lab.path("served").display())).arg(format!("--port={port}"));
    command.args(["--export-all", "--listen=127.0.0.1", "--reuseaddr"]);
    let child = command.stderr(Stdio::null()).env("HOME", lab.path("home")).spawn().expect("git-daemon");
    let server = Server(child);
    wait_for(port);
    (server, format!("git://127.0.0.1:{port}/demo"))
}

/// A port without a listener.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port()
}

/// Waits until there is a listener on a port.
fn wait_for(port: u16) {
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("nobody listens at {port}");
}

/// Runs a program and expects success.
fn tool(lab: &Lab, program: &str, args: &[&str]) {
    let output = Command::new(program).args(args).current_dir(lab.path("keys")).output().expect(program);
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Terminates TLS: forwards requests on the first port to the second.
const TLS: &str = r#"
import socket, ssl, sys, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.pem", "server.key")
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
def serve(plain):
    try:
        client = context.wrap_socket(plain, server_side=True)
        request = b""
        while b"\r\n\r\n" not in request:
            request += client.recv(65536)
        head, body = request.split(b"\r\n\r\n", 1)
        lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while lengths and len(body) < int(lengths[0]):
            body += client.recv(65536)
        behind = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
        behind.sendall(head + b"\r\n\r\n" + body)
        while data := behind.recv(65536):
            client.sendall(data)
        client.unwrap()
    except OSError:
        plain.close()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"#;

/// Serves `served` with git's own backend over TLS. The certificate of the authority is `keys/ca.pem`.
pub(super) fn serve_https(lab: &Lab) -> (Server, String) {
    fs::create_dir_all(lab.path("keys")).expect("a directory");
    let behind = serve_http(lab);
    let behind = behind.trim_end_matches("/demo").rsplit(':').next().expect("its port").to_owned();
    let new = ["req", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
    let ca = ["-x509", "-subj", "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem"];
    tool(lab, "openssl", &[new.as_slice(), &ca].concat());
    let server = ["-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.csr"];
    tool(lab, "openssl", &[&new[..4], &server].concat());
    lab.write("keys/names", "subjectAltName = IP:127.0.0.1\n");
    let sign = ["x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    tool(
        lab,
        "openssl",
        &[sign.as_slice(), &["-days", "2", "-extfile", "names", "-out", "server.pem"]].concat(),
    );
    let port = free_port();
    let mut command = Command::new("python3");
    command.args(["-c", TLS, &port.to_string(), &behind]).current_dir(lab.path("keys"));
    let server = Server(command.stderr(Stdio::null()).spawn().expect("python3"));
    wait_for(port);
    (server, format!("https://127.0.0.1:{port}/demo"))
}

/// An ssh server with its own keys, which admits the user who runs the tests, and an `ssh_config` with its
/// host key and the user's key. Returns the address of `served/demo` there.
pub(super) fn serve_ssh(lab: &Lab) -> (Server, String) {
    fs::create_dir_all(lab.path("keys")).expect("a directory");
    for key in ["host", "own"] {
        tool(lab, "ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", key]);
    }
    let (port, keys) = (free_port(), lab.path("keys").display().to_string());
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {keys}/host\nPidFile none\nUsePAM no\nStrictModes no\n\
         AuthorizedKeysFile {keys}/own.pub\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
         AcceptEnv GIT_PROTOCOL\n"
    );
    let config = lab.write("keys/sshd_config", &config);
    let host = fs::read_to_string(lab.path("keys/host.pub")).expect("a key");
    lab.write("keys/known_hosts", &format!("[127.0.0.1]:{port} {host}"));
    let client = format!(
        "Host 127.0.0.1\n  IdentityFile {keys}/own\n  IdentitiesOnly yes\n  UserKnownHostsFile {keys}/known_hosts\n  \
         StrictHostKeyChecking yes\n"
    );
    lab.write("keys/ssh_config", &client);
    // It executes itself again for each connection, and needs its absolute path.
    let mut command = Command::new("/usr/sbin/sshd");
    command.args(["-D", "-q", "-f"]).arg(config).stderr(Stdio::null());
    let server = Server(command.spawn().expect("sshd"));
    wait_for(port);
    let user = Command::new("id").arg("-un").output().expect("id").stdout;
    let user = String::from_utf8_lossy(&user).trim().to_owned();
    (server, format!("ssh://{user}@127.0.0.1:{port}{}", lab.path("served/demo").display()))
}

/// Serves `served` with git's own backend for web servers, until the process ends. Returns the address.
pub(crate) fn serve_http(lab: &Lab) -> String {
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

/// Answers one request by the rules of CGI.
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
