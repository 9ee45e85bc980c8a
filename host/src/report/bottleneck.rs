//! Detects a run whose figures measure the runner itself.

use crate::model::conditions::Conditions;
use crate::model::lateness::Late;
use crate::record::summary::Summary;

/// The reason why the times of a trial are the runner's as much as the database's; `None` if they are not, or if
/// that was not measured. The rule is that of [`Lateness::bears_on`], held against the median acquire.
///
/// [`Lateness::bears_on`]: crate::model::lateness::Lateness::bears_on
pub fn bottleneck(conditions: Option<&Conditions>, summary: &Summary) -> Option<String> {
    let lateness = conditions?.lateness.as_ref()?;
    let median = summary.acquire_percentiles_ms.as_ref().map(|p| p.p50);
    if !lateness.bears_on((median.unwrap_or(0.0) * 1e6) as u64) {
        return None;
    }
    let held_against = match median {
        Some(ms) => format!(", and the median acquire took {ms:.2} ms"),
        None => String::new(),
    };
    Some(format!(
        "the runner was the bottleneck: one in a hundred of its timers fired more than {} ms late, one in \
         a hundred of its tasks was resumed more than {} ms late{held_against}; times and rates say \
         what this machine could do, not what the database can",
        p99(&lateness.timers),
        p99(&lateness.tasks),
    ))
}

fn p99(late: &Late) -> String {
    super::conditions::ms(late.p99_ns)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::synthetic::change;
    use crate::model::lateness::Lateness;

    #[test]
    fn lateness_is_held_against_the_median_acquire_if_it_was_measured() {
        let late = |ms: u64| Late {
            p99_ns: Some(ms * 1_000_000),
            ..Late::default()
        };
        let conditions = Conditions {
            lateness: Some(Lateness {
                timers: late(6),
                tasks: late(7),
                interval_s: 1,
                worst_ns: Vec::new(),
            }),
            ..Conditions::default()
        };
        let printed = |acquire_ms: u64| {
            let returned = acquire_ms * 1_000_000;
            let changes = [change(1, 0, 0, [0, returned, returned, returned])];
            bottleneck(Some(&conditions), &Summary::new(&changes, 1))
        };
        assert_eq!(printed(100), None, "a tenth is no more than noise");
        let printed = printed(20).unwrap();
        assert!(
            printed.contains("the median acquire took 20.0"),
            "{printed}"
        );
        let nothing = bottleneck(Some(&conditions), &Summary::new(&[], 1)).unwrap();
        assert!(!nothing.contains("median"), "{nothing}");
        let unmeasured = Conditions::default();
        assert_eq!(bottleneck(Some(&unmeasured), &Summary::new(&[], 1)), None);
        assert_eq!(bottleneck(None, &Summary::new(&[], 1)), None);
    }
}
