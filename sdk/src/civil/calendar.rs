//! The Gregorian calendar.

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// A date and time of day without a zone, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalTime {
    year: i16,
    month: u8,
    day: u8,
    second_of_day: u32,
}

impl LocalTime {
    /// Makes a date and time; none when there is no such day or time. Years are 0 to 9999.
    pub fn new(year: i16, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Option<Self> {
        // A leap second is counted as the one before it, as Unix time has none.
        let second = if second == 60 { 59 } else { second };
        let valid = (0..=9999).contains(&year) && (1..=12).contains(&month) && hour < 24 && minute < 60 && second < 60;
        if !valid || day == 0 || day > days_in(year, month) {
            return None;
        }
        let second_of_day = u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second);
        Some(Self { year, month, day, second_of_day })
    }

    /// Returns year, month and day.
    pub fn date(self) -> (i16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// Returns hour, minute and second.
    pub fn time(self) -> (u32, u32, u32) {
        (self.second_of_day / 3600, self.second_of_day / 60 % 60, self.second_of_day % 60)
    }

    /// Returns the seconds since 1970-01-01T00:00:00 of the same zone.
    pub(super) fn seconds(self) -> i64 {
        days_before(self.year, self.month, self.day) * DAY + i64::from(self.second_of_day)
    }

    /// Is the opposite of [`seconds`](Self::seconds); none outside the years 0 to 9999.
    pub(super) fn from_seconds(seconds: i64) -> Option<Self> {
        let (year, month, day) = date_of(seconds.div_euclid(DAY))?;
        let second_of_day = u32::try_from(seconds.rem_euclid(DAY)).ok()?;
        Some(Self { year, month, day, second_of_day })
    }
}

pub(super) fn days_in(year: i16, month: u8) -> u8 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the date. Years start in March here, so that the leap day is a year's last day.
pub(super) fn days_before(year: i16, month: u8, day: u8) -> i64 {
    let (year, month) = (i64::from(year), i64::from(month));
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + i64::from(day) - 1 - 719_468
}

fn date_of(days: i64) -> Option<(i16, u8, u8)> {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    let year = i16::try_from(era * 400 + year).ok().filter(|year| (0..=9999).contains(year))?;
    Some((year, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
}
