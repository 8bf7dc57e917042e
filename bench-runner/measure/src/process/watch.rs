//! Looks at a build while it runs.

use std::time::{Duration, Instant};

/// Looks at a build from time to time, in the thread that waits for its end. A build that is looked at shares
/// the machine with the look, so this is for builds whose time does not count.
pub struct BuildWatch<'w> {
    interval: Duration,
    next: Instant,
    look: &'w mut dyn FnMut(),
}

impl<'w> BuildWatch<'w> {
    /// A watch that calls `look` after each interval, from now until the build has ended.
    pub fn new(interval: Duration, look: &'w mut dyn FnMut()) -> Self {
        Self { interval, next: Instant::now() + interval, look }
    }

    /// Time of the next look.
    pub(super) fn next(&self) -> Instant {
        self.next
    }

    /// Looks if it is time.
    pub(super) fn look_if_due(&mut self) {
        if Instant::now() >= self.next {
            (self.look)();
            // A look that takes long is not made up for.
            self.next = Instant::now() + self.interval;
        }
    }
}
