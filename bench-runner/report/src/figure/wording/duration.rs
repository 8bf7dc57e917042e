//! Durations in words.

use std::time::Duration;

/// A duration for readers: `4 ms`, `2.7 s`, `42 s`, `1 min 12 s`, `1 h 5 min`.
pub fn duration(duration: Duration) -> String {
    let tenths = (duration.as_secs_f64() * 10.0).round() as u64;
    let seconds = duration.as_secs_f64().round() as u64;
    let minutes = (duration.as_secs_f64() / 60.0).round() as u64;
    match seconds {
        _ if tenths == 0 => format!("{} ms", duration.as_millis()),
        _ if tenths < 100 => format!("{:.1} s", tenths as f64 / 10.0),
        0..60 => format!("{seconds} s"),
        60..3600 => two_units((seconds / 60, "min"), (seconds % 60, "s")),
        _ => two_units((minutes / 60, "h"), (minutes % 60, "min")),
    }
}

/// An estimated duration: whole seconds below a minute and a half, then whole minutes.
pub fn estimated_duration(seconds: f64) -> String {
    let whole = match seconds.max(1.0) {
        short if short < 90.0 => short.round(),
        long => (long / 60.0).round() * 60.0,
    };
    if whole < 90.0 { format!("{whole:.0} s") } else { duration(Duration::from_secs_f64(whole)) }
}

fn two_units((large, unit): (u64, &str), (small, small_unit): (u64, &str)) -> String {
    if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {small_unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short_and_have_their_units() {
        let of = |seconds: f64| duration(Duration::from_secs_f64(seconds));
        let short = [0.0, 0.004, 0.26, 2.74, 9.96, 42.4, 59.7].map(of);
        assert_eq!(short, ["0 ms", "4 ms", "0.3 s", "2.7 s", "10 s", "42 s", "1 min"]);
        let long = [72.0, 390.0, 1800.0, 3599.6, 3600.0, 3900.0, 7261.0].map(of);
        assert_eq!(long, ["1 min 12 s", "6 min 30 s", "30 min", "1 h", "1 h", "1 h 5 min", "2 h 1 min"]);
    }

    #[test]
    fn estimates_are_whole_seconds_or_minutes() {
        assert_eq!(
            [0.2, 27.0, 70.0, 120.0, 900.0, 5460.0].map(estimated_duration),
            ["1 s", "27 s", "70 s", "2 min", "15 min", "1 h 31 min"]
        );
    }
}
