//! The clock of this program: the machine's. Only a build with the feature `trial-clock`, which the soak makes for itself, can
//! be told to be so far ahead of it or behind.

#[cfg(not(feature = "trial-clock"))]
pub(crate) use wharf_host::surroundings::SystemClock as ProgramClock;

#[cfg(feature = "trial-clock")]
pub(crate) use self::trial::ProgramClock;

#[cfg(feature = "trial-clock")]
mod trial {
    use wharf_host::model::Instant;
    use wharf_host::surroundings::{Clock, SystemClock};

    /// Names the file with the milliseconds that the clock is ahead; negative when it is behind. It is read each time.
    const OFFSET_FILE: &str = "WHARF_TRIAL_CLOCK";

    /// The machine's clock, as far off as the file says.
    #[derive(Debug, Clone, Copy)]
    pub(crate) struct ProgramClock;

    impl Clock for ProgramClock {
        fn now(&self) -> Instant {
            let offset = std::env::var_os(OFFSET_FILE).and_then(|file| std::fs::read_to_string(file).ok());
            let ahead: i64 = offset.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
            Instant(SystemClock.now().0.saturating_add_signed(ahead))
        }
    }
}
