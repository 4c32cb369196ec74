use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Longer than anything that is waited for, in microseconds.
const LONGEST: u64 = 120_000_000;

/// How long things took, in microseconds, to three digits. Small however many there are.
#[derive(Debug, Clone)]
pub struct Delays {
    histogram: Histogram<u64>,
}

/// What is said of many delays. Milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many there were.
    pub count: u64,
    /// Half took at most this long.
    pub p50: f64,
    /// 95 of 100 took at most this long.
    pub p95: f64,
    /// 99 of 100 took at most this long.
    pub p99: f64,
    /// None took longer.
    pub max: f64,
}

impl Default for Delays {
    fn default() -> Self {
        let histogram = Histogram::new_with_bounds(1, LONGEST, 3).expect("the bounds are in order");
        Self { histogram }
    }
}

impl Delays {
    /// Takes one delay, in microseconds. What is beyond the longest counts as the longest, so that none is lost.
    pub fn add(&mut self, micros: u64) {
        self.histogram.saturating_record(micros);
    }

    /// Percentiles; `None` if there was nothing.
    pub fn summary(&self) -> Option<Summary> {
        let millis = |micros: u64| micros as f64 / 1_000.0;
        let at = |quantile| millis(self.histogram.value_at_quantile(quantile));
        (!self.histogram.is_empty()).then(|| Summary {
            count: self.histogram.len(),
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            max: millis(self.histogram.max()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_a_sorted_list() {
        let mut delays = Delays::default();
        (1..=1_000).rev().for_each(|millis| delays.add(millis * 1_000));
        let summary = delays.summary().unwrap();
        assert_eq!(summary.count, 1_000);
        for (said, true_value) in [(summary.p50, 500.0), (summary.p95, 950.0), (summary.p99, 990.0), (summary.max, 1e3)]
        {
            assert!((said - true_value).abs() <= true_value * 0.001 + 0.001, "{said} instead of {true_value}");
        }
    }

    #[test]
    fn a_delay_beyond_all_bounds_is_counted_as_the_longest() {
        let mut delays = Delays::default();
        delays.add(u64::MAX);
        delays.add(0);
        let summary = delays.summary().unwrap();
        assert_eq!(summary.count, 2);
        assert!(summary.max >= 120_000.0, "{summary:?}");
    }

    #[test]
    fn nothing_has_no_percentiles() {
        assert_eq!(Delays::default().summary(), None);
    }
}
