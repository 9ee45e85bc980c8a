//! Schedules of faults, as a workload file and the command line write them.

mod simulated;

pub use self::simulated::sim_schedule;

use crate::model::lab_fault::LabFault;
use crate::model::schedule::ScheduledFault;
use serde::Deserialize;
use std::fmt;

/// A `[[fault]]` of a workload file, and what `--fault 'AT ACTION TARGET [for DURATION]'` gives: for
/// the lab's servers, or for the simulator.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultOption {
    /// `2s`, `500ms`: from the moment when the workers are let go.
    pub at: String,
    /// For the lab `pause`, `resume`, `kill`, `start`, `restart`, `isolate`, `heal` or `promote`; the
    /// simulator's are in `faults/simulated.rs`.
    pub action: String,
    /// `n1`, …, `haproxy`, `redis` or `pgbouncer`, or `all` nodes for `kill` and `start`; in the simulator
    /// also `worker-0`, …, `proxy` or `locks`.
    pub target: String,
    /// In the simulator, where a fault ends by itself.
    #[serde(rename = "for")]
    pub lasts: Option<String>,
}

impl FaultOption {
    /// Reads `2s kill n2` and `1s crash n2 for 5s`, or the same with colons.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words = text.split([' ', ':']).filter(|word| !word.is_empty());
        let words: Vec<_> = words.collect();
        let (at, action, target, lasts) = match words[..] {
            [at, action, target] => (at, action, target, None),
            [at, action, target, "for", lasts] => (at, action, target, Some(lasts.to_owned())),
            _ => {
                let message = "it is AT ACTION TARGET, as in '2s kill n2', and for the simulator AT \
                            ACTION TARGET for DURATION, as in '1s crash n2 for 5s'";
                return Err(message.to_owned());
            }
        };
        let [at, action, target] = [at, action, target].map(str::to_owned);
        Ok(Self {
            at,
            action,
            target,
            lasts,
        })
    }

    fn scheduled(&self) -> Result<ScheduledFault, String> {
        let at = humantime::parse_duration(&self.at)
            .map_err(|error| format!("at = {:?}: {error}; write 2s or 500ms", self.at))?;
        let fault = LabFault {
            action: self.action.parse()?,
            target: self.target.clone(),
        };
        if self.lasts.is_some() {
            return Err(format!(
                "{fault}: a server of the lab stays as it is until another fault ends that; leave out \
                 `for`"
            ));
        }
        Ok(ScheduledFault {
            at_ms: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
            fault,
        })
    }
}

/// As `parse` reads it.
impl fmt::Display for FaultOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.at, self.action, self.target)?;
        match &self.lasts {
            Some(lasts) => write!(f, " for {lasts}"),
            None => Ok(()),
        }
    }
}

/// The schedule for the lab's servers, in the order of time.
pub fn schedule(options: &[FaultOption]) -> Result<Vec<ScheduledFault>, String> {
    let mut schedule = options
        .iter()
        .map(FaultOption::scheduled)
        .collect::<Result<Vec<_>, _>>()?;
    schedule.sort_by_key(|fault| fault.at_ms);
    Ok(schedule)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_in_the_order_of_time() {
        let given =
            ["3s:resume:n2", "1500ms pause n2"].map(|text| FaultOption::parse(text).unwrap());
        let schedule = schedule(&given).unwrap();
        let again = FaultOption::parse("5s start n2").unwrap();
        assert!(super::schedule(&[again]).is_ok());
        let shown: Vec<_> = schedule
            .iter()
            .map(|fault| format!("{} {}", fault.at_ms, fault.fault))
            .collect();
        assert_eq!(shown, ["1500 pause n2", "3000 resume n2"]);
        assert_eq!(given[0].to_string(), "3s resume n2");
    }

    #[test]
    fn nonsense_is_refused_with_the_allowed_form() {
        let wrong = |text: &str| {
            let option = FaultOption::parse(text)?;
            schedule(&[option]).map(drop)
        };
        for (text, says) in [
            ("2s kill", "as in '2s kill n2'"),
            ("soon kill n2", "write 2s or 500ms"),
            ("2s burn n2", "is none of pause, resume"),
            ("2s kill n2 for 5s", "leave out `for`"),
            ("2s kill n2 5s", "as in '1s crash n2 for 5s'"),
        ] {
            let error = wrong(text).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
