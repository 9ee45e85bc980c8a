//! Figures over many values.

use hdrhistogram::Histogram;
use serde::Serialize;

/// The five statistics of the reference harness, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Statistics {
    pub max: f64,
    pub sum: f64,
    pub mean: f64,
    /// Of the values as the whole population: divided by their number.
    pub stddev: f64,
    pub min: f64,
}

impl Statistics {
    /// `None` of no values. Goes twice over them, which is exact where the difference of two sums
    /// of squares is not.
    pub fn new(values: impl Iterator<Item = f64> + Clone) -> Option<Self> {
        let (mut count, mut sum) = (0u64, 0.0);
        let (mut max, mut min) = (f64::NEG_INFINITY, f64::INFINITY);
        for value in values.clone() {
            count += 1;
            sum += value;
            max = max.max(value);
            min = min.min(value);
        }
        if count == 0 {
            return None;
        }
        let mean = sum / count as f64;
        let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
        Some(Self {
            max,
            sum,
            mean,
            stddev: (squares / count as f64).sqrt(),
            min,
        })
    }
}

/// Values below which so many per cent of all lie, to three significant digits.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Percentiles {
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    /// 99.9 %.
    pub p999: f64,
}

impl Percentiles {
    /// In ms, of a histogram in ns; `None` of an empty one. A histogram gives the upper end of a
    /// value's bucket, which may lie beyond the `largest` value; the percentiles don't.
    pub fn of_ns(histogram: &Histogram<u64>, largest: u64) -> Option<Self> {
        let ms = |quantile| histogram.value_at_quantile(quantile).min(largest) as f64 / 1e6;
        (!histogram.is_empty()).then(|| Self {
            p50: ms(0.5),
            p95: ms(0.95),
            p99: ms(0.99),
            p999: ms(0.999),
        })
    }

    /// Of values in order, exactly: the least that so many per cent do not exceed; `None` of none.
    pub fn of_sorted(values: &[f64]) -> Option<Self> {
        let at = |quantile: f64| {
            let rank = (quantile * values.len() as f64).ceil() as usize;
            values.get(rank.max(1) - 1).copied()
        };
        Some(Self {
            p50: at(0.5)?,
            p95: at(0.95)?,
            p99: at(0.99)?,
            p999: at(0.999)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviation_is_that_of_a_whole_population() {
        let values = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
        let found = Statistics::new(values.into_iter()).unwrap();
        let expected = Statistics {
            max: 9.0,
            sum: 40.0,
            mean: 5.0,
            stddev: 2.0,
            min: 2.0,
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn percentiles_of_few_values_are_values_of_them() {
        let found = Percentiles::of_sorted(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert_eq!((found.p50, found.p95, found.p999), (2.0, 4.0, 4.0));
        assert_eq!(Percentiles::of_sorted(&[7.0]).unwrap().p50, 7.0);
        assert_eq!(Percentiles::of_sorted(&[]), None);
    }

    #[test]
    fn one_value_has_no_deviation_and_none_has_no_statistics() {
        assert_eq!(Statistics::new([3.5].into_iter()).unwrap().stddev, 0.0);
        assert_eq!(Statistics::new([].into_iter()), None);
    }

    #[test]
    fn percentiles_count_from_below_and_are_in_ms() {
        let mut histogram = Histogram::new(3).unwrap();
        (1..=1000).for_each(|ms| histogram.record(ms * 1_000_000).unwrap());
        let found = Percentiles::of_ns(&histogram, 1_000_000_000).unwrap();
        let near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 1e-3;
        assert!(
            near(found.p50, 500.0) && near(found.p95, 950.0),
            "{found:?}"
        );
        assert!(
            near(found.p99, 990.0) && near(found.p999, 999.0),
            "{found:?}"
        );
        histogram.reset();
        histogram.record(23_081_234).unwrap();
        let only = Percentiles::of_ns(&histogram, 23_081_234).unwrap();
        assert_eq!((only.p50, only.p999), (23.081_234, 23.081_234));
        histogram.reset();
        assert_eq!(Percentiles::of_ns(&histogram, 0), None);
    }
}
