//! A terminal for a program: a pty of a given width, and what a person sees on it.

use std::ffi::{CStr, OsStr};
use std::fs::{File, OpenOptions};
use std::io::Read as _;
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// The screen of a terminal that a program has written to.
pub(crate) struct Screen {
    width: usize,
    /// The lines that are there at the end.
    pub(crate) lines: Vec<String>,
    /// Lines that were drawn and removed again, in order.
    pub(crate) erased: Vec<String>,
    /// Everything that was written, with its codes.
    pub(crate) written: String,
    row: usize,
    column: usize,
}

impl Screen {
    /// Runs a program to its end on a terminal of `width` columns. Returns its exit code and what it has shown.
    pub(crate) fn of(mut command: Command, width: u16) -> (Option<i32>, Self) {
        let (mut master, slave) = open_pty(width);
        let again = || Stdio::from(slave.try_clone().expect("the terminal again"));
        command.stdin(Stdio::null()).stdout(again()).stderr(again());
        let mut child = command.spawn().expect("the program");
        // Only the program holds the terminal now, so reading ends with it.
        drop((command, slave));
        let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = master.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..count]);
        }
        let code = child.wait().expect("its end").code();
        (code, Self::showing(&String::from_utf8_lossy(&bytes), usize::from(width)))
    }

    fn showing(written: &str, width: usize) -> Self {
        let mut screen = Self {
            width,
            lines: vec![String::new()],
            erased: Vec::new(),
            written: written.to_owned(),
            row: 0,
            column: 0,
        };
        let mut rest = written;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("\x1b[K") {
                screen.erase();
                rest = after;
            } else if let Some(after) = rest.strip_prefix("\x1b[A") {
                screen.row = screen.row.checked_sub(1).expect("a line above");
                rest = after;
            } else {
                screen.put(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        screen
    }

    fn put(&mut self, c: char) {
        match c {
            '\r' => self.column = 0,
            '\n' => self.next_row(),
            c => {
                assert!(!c.is_control(), "a code that no terminal of this test knows: {c:?}");
                if self.column == self.width {
                    self.next_row();
                    self.column = 0;
                }
                let line = &mut self.lines[self.row];
                let kept: String = line.chars().take(self.column).collect();
                let after: String = line.chars().skip(self.column + 1).collect();
                *line = format!("{kept}{c}{after}");
                self.column += 1;
            }
        }
    }

    fn next_row(&mut self) {
        self.row += 1;
        if self.row == self.lines.len() {
            self.lines.push(String::new());
        }
    }

    fn erase(&mut self) {
        let line = &mut self.lines[self.row];
        let kept: String = line.chars().take(self.column).collect();
        let removed = std::mem::replace(line, kept);
        if self.column == 0 && !removed.is_empty() {
            self.erased.push(removed);
        }
    }

    /// The text at the end.
    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }
}

/// `ptsname` has one buffer for the whole process.
static NAMING: Mutex<()> = Mutex::new(());

/// Both ends of a pty of `width` columns. Other trials start programs meanwhile, which must not keep an end open.
fn open_pty(width: u16) -> (File, File) {
    let size = libc::winsize { ws_row: 50, ws_col: width, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the descriptor is new and owned by nobody else.
    let master = unsafe {
        let fd = libc::posix_openpt(libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC);
        assert!(fd >= 0, "a pty: {}", std::io::Error::last_os_error());
        OwnedFd::from_raw_fd(fd)
    };
    let fd = master.as_raw_fd();
    let name = {
        let _alone = NAMING.lock().expect("no other trial failed here");
        // SAFETY: the descriptor is open, and the name is copied while nobody else asks for one.
        unsafe {
            assert_eq!((libc::grantpt(fd), libc::unlockpt(fd)), (0, 0));
            CStr::from_ptr(libc::ptsname(fd)).to_owned()
        }
    };
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(libc::O_NOCTTY);
    let slave = options.open(OsStr::from_bytes(name.as_bytes())).expect("the other end");
    // SAFETY: the descriptor is open, and the size is there for the call.
    let resized = unsafe { libc::ioctl(fd, libc::TIOCSWINSZ, &raw const size) };
    assert_eq!(resized, 0, "the size: {}", std::io::Error::last_os_error());
    (File::from(master), slave)
}
