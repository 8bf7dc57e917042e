//! The comment of an archive: a hash of its list of members. A zip file has a checksum for each member, but none for the list,
//! so a damaged name would make a run disappear without a word.

use sha2::{Digest as _, Sha256};

use crate::record::hex;

/// Beginning of the comment. Archives that another program has made do not have it.
const PREFIX: &str = "bench-runner archive 1, sha256 of the list of members ";

/// Hash of the members that were added so far.
#[derive(Debug, Clone, Default)]
pub(super) struct MemberList(Sha256);

impl MemberList {
    pub(super) fn add(&mut self, name: &str, bytes: u64, crc: u32) {
        self.0.update(format!("{name}\n{bytes} {crc}\n"));
    }

    pub(super) fn comment(self) -> String {
        format!("{PREFIX}{}", hex(&self.0.finalize()))
    }

    /// True if `comment` says that the members were others.
    pub(super) fn contradicts(self, comment: &[u8]) -> bool {
        comment.starts_with(PREFIX.as_bytes()) && comment != self.comment().as_bytes()
    }
}
