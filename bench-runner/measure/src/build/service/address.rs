//! Address of a server: a socket, or a port if the path of a socket would be too long.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Maximum length of a socket path on Linux (`sun_path` without its terminator), in bytes.
const LONGEST: usize = 107;
/// Timeout for connecting to a server on this machine.
const CONNECT: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    Socket(PathBuf),
    Port(u16),
}

/// Maximum length of the name that a program gives a socket in its directory for temporary files, including a
/// directory around it, in bytes.
const NAMES: usize = 40;

/// True if a program can listen on sockets in a directory for temporary files.
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

    /// A port that nobody listens on now. Another program may still take it first.
    pub(super) fn free_port() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(Self::Port(listener.local_addr()?.port()))
    }

    /// The variable that passes the address to server and wrapper.
    pub(super) fn variable(&self) -> (String, String) {
        match self {
            Self::Socket(path) => ("SCCACHE_SERVER_UDS".to_owned(), path.display().to_string()),
            Self::Port(port) => ("SCCACHE_SERVER_PORT".to_owned(), port.to_string()),
        }
    }

    /// True if a server listens there.
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
