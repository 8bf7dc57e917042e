//! Checks that a Redis server answers and accepts the login of the user. sccache itself only fails after a
//! timeout of ten seconds.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

/// Timeout for connecting, and for an answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Credentials; a Redis server may need neither.
pub(super) struct Login {
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
}

/// Reason why the server at `redis://HOST:PORT` cannot be used, if it cannot.
pub(super) fn obstacle(endpoint: &str, login: &Login) -> Option<String> {
    let host_and_port = endpoint.strip_prefix("redis://").unwrap_or(endpoint);
    let addresses = match host_and_port.to_socket_addrs() {
        Ok(addresses) => addresses,
        Err(error) => return Some(format!("{endpoint} has no address: {error}")),
    };
    let mut last = None;
    for address in addresses {
        match refusal_at(address, login) {
            Ok(None) => return None,
            Ok(Some(refusal)) => return Some(format!("{endpoint} refuses: {refusal}")),
            Err(error) => last = Some(error),
        }
    }
    let why = last.map_or_else(|| "it has no address".to_owned(), |error| error.to_string());
    Some(format!("{endpoint} cannot be reached: {why}"))
}

/// Error with which the server refuses, if it does.
fn refusal_at(address: SocketAddr, login: &Login) -> io::Result<Option<String>> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut answers = BufReader::new(&stream);
    let mut ask = |words: &[&str]| -> io::Result<String> {
        (&stream).write_all(&command(words))?;
        let mut line = String::new();
        answers.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    };
    if let Some(password) = &login.password {
        let answer = match &login.user {
            Some(user) => ask(&["AUTH", user, password])?,
            None => ask(&["AUTH", password])?,
        };
        if answer != "+OK" {
            return Ok(Some(refusal(&answer)));
        }
    }
    let answer = ask(&["PING"])?;
    Ok((answer != "+PONG").then(|| refusal(&answer)))
}

/// Encodes a command for the protocol: an array of strings with their lengths.
fn command(words: &[&str]) -> Vec<u8> {
    let start = format!("*{}\r\n", words.len());
    words.iter().fold(start, |text, word| text + &format!("${}\r\n{word}\r\n", word.len())).into_bytes()
}

fn refusal(answer: &str) -> String {
    match answer.strip_prefix('-') {
        Some(error) => error.to_owned(),
        None if answer.is_empty() => "it hung up".to_owned(),
        None => "it does not speak as Redis does".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Result of the check against a server that gives these answers, one per command, and the commands that
    /// it received.
    fn check_against(answers: &'static [&'static str], login: &Login) -> (Option<String>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("redis://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let (mut received, mut lines) = (Vec::new(), BufReader::new(&stream).lines());
            for answer in answers {
                let count = lines.next().unwrap().unwrap();
                let words: usize = count[1..].parse().unwrap();
                let line: Vec<String> = lines.by_ref().take(2 * words).map(Result::unwrap).collect();
                received.push(line.chunks(2).map(|pair| pair[1].clone()).collect::<Vec<_>>().join(" "));
                (&stream).write_all(answer.as_bytes()).unwrap();
            }
            received.join("; ")
        });
        let seen = obstacle(&endpoint, login).map(|seen| seen.replace(&endpoint, "it"));
        (seen, server.join().unwrap())
    }

    fn login(user: Option<&str>, password: Option<&str>) -> Login {
        Login { user: user.map(str::to_owned), password: password.map(str::to_owned) }
    }

    #[test]
    fn a_server_that_lets_in_is_no_obstacle() {
        assert_eq!(check_against(&["+PONG\r\n"], &login(None, None)), (None, "PING".into()));
        let received = "AUTH sesame; PING";
        assert_eq!(
            check_against(&["+OK\r\n", "+PONG\r\n"], &login(None, Some("sesame"))),
            (None, received.into())
        );
        let received = "AUTH ali sesame; PING";
        assert_eq!(
            check_against(&["+OK\r\n", "+PONG\r\n"], &login(Some("ali"), Some("sesame"))),
            (None, received.into())
        );
    }

    #[test]
    fn a_refusal_is_told_in_its_own_words() {
        let said = |answers, password| check_against(answers, &login(None, password)).0.unwrap();
        assert_eq!(said(&["-NOAUTH who?\r\n"], None), "it refuses: NOAUTH who?");
        assert_eq!(said(&["-WRONGPASS no\r\n"], Some("x")), "it refuses: WRONGPASS no");
        assert_eq!(said(&["HTTP/1.1 400\r\n"], None), "it refuses: it does not speak as Redis does");
        assert_eq!(said(&[""], None), "it refuses: it hung up");
    }

    #[test]
    fn nobody_there_is_told_too() {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let said = obstacle(&format!("redis://127.0.0.1:{port}"), &login(None, None)).unwrap();
        assert!(said.contains("cannot be reached: Connection refused"), "{said}");
    }
}
