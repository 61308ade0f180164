//! Ask to be woken. A connector that does so implements [`Wakeups`](crate::Wakeups).

use crate::Failure;
pub use crate::host::ScheduleError;

/// Asks to be woken once, at `at` milliseconds since 1970; a time in the past means now.
///
/// Replaces the wake-up of the same name. A name is 1 to 64 characters of `[a-z0-9-]`, a payload has at most 4096
/// bytes.
pub fn wake_at(name: &str, at: u64, payload: &str) -> Result<(), ScheduleError> {
    crate::host::with(|host| host.wake_at(name, at, payload))
}

/// Asks to be woken every so many seconds, at least 10, first after that many. Limits as of [`wake_at`].
pub fn wake_every(name: &str, seconds: u32, payload: &str) -> Result<(), ScheduleError> {
    crate::host::with(|host| host.wake_every(name, seconds, payload))
}

/// Forgets a wake-up; false when there was none.
pub fn cancel(name: &str) -> Result<bool, ScheduleError> {
    crate::host::with(|host| host.cancel(name))
}

impl From<ScheduleError> for Failure {
    fn from(error: ScheduleError) -> Self {
        match error {
            ScheduleError::Unavailable(why) => Self::unavailable(None, format!("the schedule cannot be used: {why}")),
            ScheduleError::NameInvalid => Self::internal("a wake-up's name is 1 to 64 characters of `[a-z0-9-]`"),
            ScheduleError::TooMany => Self::internal("a connection has at most 64 wake-ups; cancel some"),
            ScheduleError::PayloadTooLarge => Self::internal("a wake-up's payload has at most 4096 bytes"),
            ScheduleError::TooFrequent => Self::internal("the shortest interval of a wake-up is 10 seconds"),
        }
    }
}
