//! Where a server listens: a socket of its own, or a port where the path of a socket would be too long.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest path of a socket that Linux takes (`sun_path` less its end), bytes.
const LONGEST: usize = 107;
/// How long a server on this machine may take to let a connection in.
const CONNECT: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Socket(PathBuf),
    Port(u16),
}

/// Longest name that a program gives a socket in its directory for temporary files, with a directory around it,
/// bytes.
const NAMES: usize = 40;

/// Whether a program can listen on sockets in a directory for temporary files.
pub(super) fn has_room_for_sockets(dir: &Path) -> bool {
    dir.as_os_str().len() + NAMES <= LONGEST
}

impl Address {
    /// The socket at `path`, or a port that is free now.
    pub(super) fn choose(path: &Path) -> io::Result<Self> {
        if path.as_os_str().len() > LONGEST {
            return Self::free_port();
        }
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(Self::Socket(path.to_owned())),
        }
    }

    /// A port that nobody listens on now. Another program may be quicker to take it.
    pub(super) fn free_port() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(Self::Port(listener.local_addr()?.port()))
    }

    /// The variable that tells server and wrapper of it.
    pub(super) fn variable(&self) -> (String, String) {
        match self {
            Self::Socket(path) => ("SCCACHE_SERVER_UDS".to_owned(), path.display().to_string()),
            Self::Port(port) => ("SCCACHE_SERVER_PORT".to_owned(), port.to_string()),
        }
    }

    /// Whether somebody listens there.
    pub(super) fn is_listening(&self) -> bool {
        match self {
            Self::Socket(path) => UnixStream::connect(path).is_ok(),
            Self::Port(port) => {
                TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, *port)), CONNECT).is_ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_socket_where_its_path_is_short_enough() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let address = Address::choose(&path).unwrap();
        assert_eq!(address.variable(), ("SCCACHE_SERVER_UDS".to_owned(), path.display().to_string()));
        assert!(!address.is_listening());
        let server = UnixListener::bind(&path).unwrap();
        assert!(address.is_listening());
        drop(server);
        assert!(!address.is_listening(), "what a dead server leaves behind does not answer");
        Address::choose(&path).unwrap();
        assert!(!path.exists(), "and is removed for the next");
    }

    #[test]
    fn a_free_port_where_it_is_not() {
        let long = PathBuf::from(format!("/{}", "x".repeat(LONGEST)));
        let address = Address::choose(&long).unwrap();
        let Address::Port(port) = address else { panic!("{address:?}") };
        assert_eq!(address.variable().0, "SCCACHE_SERVER_PORT");
        assert!(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok());
        assert!(!has_room_for_sockets(&long) && has_room_for_sockets(Path::new("/tmp")));
    }
}
