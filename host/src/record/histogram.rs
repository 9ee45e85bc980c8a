//! Durations of steps as HdrHistograms, one per step and outcome.

use crate::model::change::{Change, Nanos, Step};
use crate::model::outcome::Outcome;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use std::io::{self, Write};
use std::time::Duration;

/// Values are kept to three significant digits.
const SIGNIFICANT_DIGITS: u8 = 3;

/// The tags, step by step, in the order of [`place`].
const TAGS: [&str; 6] = [
    "acquire-ok",
    "acquire-failed",
    "acquire-indeterminate",
    "release-ok",
    "release-failed",
    "release-indeterminate",
];

/// Durations of one thing, in ns, as they come.
#[derive(Debug, Clone, PartialEq)]
pub struct Latencies(Histogram<u64>);

impl Default for Latencies {
    fn default() -> Self {
        Self(empty())
    }
}

impl Latencies {
    pub fn record(&mut self, duration: Nanos) {
        record(&mut self.0, duration);
    }

    /// Records a duration that kept others from being measured, one in each `interval`: these are
    /// added, each shorter by an interval.
    pub fn record_held_up(&mut self, duration: Nanos, interval: Nanos) {
        if self.0.record_correct(duration, interval).is_err() {
            self.record(duration);
        }
    }

    pub fn add(&mut self, other: &Self) {
        self.0 += &other.0;
    }

    /// The duration that so many of all did not exceed (0.5 is half of them); nothing if none was
    /// recorded.
    pub fn at(&self, quantile: f64) -> Option<Nanos> {
        (!self.0.is_empty()).then(|| self.0.value_at_quantile(quantile))
    }

    pub fn histogram(&self) -> &Histogram<u64> {
        &self.0
    }

    pub fn max(&self) -> Option<Nanos> {
        (!self.0.is_empty()).then(|| self.0.max())
    }
}

/// A histogram grows by itself, to the whole range of 64 bits; if it ever could not, the value would
/// still be counted as the largest there is room for.
fn record(histogram: &mut Histogram<u64>, duration: Nanos) {
    if histogram.record(duration).is_err() {
        histogram.saturating_record(duration);
    }
}

/// The durations of all steps of a history in ns, those of each step and outcome apart: a fast
/// failure must never make a strategy look quick.
#[derive(Debug, Clone, PartialEq)]
struct Durations {
    histograms: [Histogram<u64>; 6],
    /// The return time of the last step.
    end: Nanos,
}

impl Durations {
    /// Linear.
    fn new(changes: &[Change]) -> Self {
        let mut durations = Self {
            histograms: std::array::from_fn(|_| empty()),
            end: 0,
        };
        for change in changes {
            durations.record(0, &change.acquire);
            if let Some(release) = &change.release {
                durations.record(3, release);
            }
        }
        durations
    }

    fn record(&mut self, first: usize, step: &Step) {
        let histogram = &mut self.histograms[first + place(&step.outcome)];
        record(histogram, step.duration());
        self.end = self.end.max(step.returned);
    }
}

/// Writes an HdrHistogram interval log (V2, compressed) with one interval, the whole run, for each step
/// and outcome that occurred, named by the tag. Values are in ns, the readable maximum of each line in
/// ms. Its time stamps count from the beginning of the run.
pub fn write_log(changes: &[Change], mut out: impl Write) -> io::Result<()> {
    let durations = Durations::new(changes);
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment("Durations in ns; time stamps count from the beginning of the run.")
        .with_max_value_divisor(1e6)
        .begin_log_with(&mut out, &mut serializer)?;
    let whole_run = Duration::from_nanos(durations.end);
    for (histogram, tag) in durations.histograms.iter().zip(TAGS) {
        if !histogram.is_empty() {
            log.write_histogram(histogram, Duration::ZERO, whole_run, Tag::new(tag))
                .map_err(|error| io::Error::other(error.to_string()))?;
        }
    }
    out.flush()
}

fn empty() -> Histogram<u64> {
    Histogram::new(SIGNIFICANT_DIGITS).expect("three digits are within the crate's bounds")
}

fn place(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Ok => 0,
        Outcome::Failed(_) => 1,
        Outcome::Indeterminate(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{change, failed, indeterminate};
    use super::*;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    /// (tag, number of values, smallest and largest value in ms) of each interval.
    fn read_back(log: &[u8]) -> Vec<(String, u64, u64, u64)> {
        let intervals = IntervalLogIterator::new(log).filter_map(|entry| match entry.unwrap() {
            LogEntry::Interval(interval) => Some(interval),
            _ => None,
        });
        intervals
            .map(|interval| {
                let bytes = decode(interval.encoded_histogram());
                let found: Histogram<u64> =
                    Deserializer::new().deserialize(&mut &bytes[..]).unwrap();
                let ms = |ns: u64| (ns as f64 / 1e6).round() as u64;
                let tag = interval.tag().unwrap().as_str().to_owned();
                assert_eq!(interval.duration(), Duration::from_millis(400));
                (tag, found.len(), ms(found.min()), ms(found.max()))
            })
            .collect()
    }

    /// Base64, as the log has it.
    fn decode(text: &str) -> Vec<u8> {
        let digit = |c: u8| match c {
            b'A'..=b'Z' => Some(c - b'A'),
            b'a'..=b'z' => Some(c - b'a' + 26),
            b'0'..=b'9' => Some(c - b'0' + 52),
            b'+' => Some(62),
            b'/' => Some(63),
            _ => None,
        };
        let (mut bytes, mut bits, mut held) = (Vec::new(), 0u32, 0u32);
        for six in text.bytes().filter_map(digit) {
            bits = (bits << 6) | u32::from(six);
            held += 6;
            if held >= 8 {
                held -= 8;
                bytes.push((bits >> held) as u8);
            }
        }
        bytes
    }

    #[test]
    fn steps_and_outcomes_never_share_a_histogram() {
        let mut unreleased = change(4, 0, 50, 60);
        unreleased.release.as_mut().unwrap().outcome = Outcome::indeterminate("trap", "");
        let changes = [
            change(1, 0, 5, 6),
            change(1, 1, 300, 100),
            failed(2, 0, 1),
            failed(2, 1, 2),
            indeterminate(3, 0, 200),
            unreleased,
        ];
        let mut log = Vec::new();
        write_log(&changes, &mut log).unwrap();
        let expected = [
            ("acquire-ok", 3, 5, 300),
            ("acquire-failed", 2, 1, 2),
            ("acquire-indeterminate", 1, 200, 200),
            ("release-ok", 2, 6, 100),
            ("release-indeterminate", 1, 60, 60),
        ];
        let expected = expected.map(|(tag, n, min, max)| (tag.to_owned(), n, min, max));
        assert_eq!(read_back(&log), expected);
    }

    #[test]
    fn an_empty_history_is_an_empty_log() {
        let mut log = Vec::new();
        write_log(&[], &mut log).unwrap();
        assert_eq!(read_back(&log), []);
    }

    #[test]
    fn any_duration_can_be_recorded() {
        let mut endless = change(1, 0, 5, 6);
        endless.acquire.returned = u64::MAX;
        let durations = Durations::new(&[change(1, 1, 0, 0), endless]);
        let acquires = &durations.histograms[0];
        assert_eq!((acquires.len(), acquires.min()), (2, 0));
        assert_eq!(acquires.max(), u64::MAX);
    }
}
