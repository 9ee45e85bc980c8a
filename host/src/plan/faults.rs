//! Schedules of faults, as a workload file and the command line write them.

use crate::model::lab_fault::LabFault;
use crate::model::schedule::ScheduledFault;
use serde::Deserialize;

/// A `[[fault]]` of a workload file, and what `--fault 'AT ACTION TARGET'` gives.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultOption {
    /// `2s`, `500ms`: from the moment when the workers are let go.
    pub at: String,
    /// `pause`, `resume`, `kill`, `restart`, `isolate` or `heal`.
    pub action: String,
    /// `n1`, …, `haproxy` or `redis`.
    pub target: String,
}

impl FaultOption {
    /// Reads `2s kill n2`, or the same with colons.
    pub fn parse(text: &str) -> Result<Self, String> {
        let words = text.split([' ', ':']).filter(|word| !word.is_empty());
        let words: Vec<_> = words.map(str::to_owned).collect();
        match <[String; 3]>::try_from(words) {
            Ok([at, action, target]) => Ok(Self { at, action, target }),
            Err(_) => Err("it is AT ACTION TARGET, as in '2s kill n2'".to_owned()),
        }
    }

    fn scheduled(&self) -> Result<ScheduledFault, String> {
        let at = humantime::parse_duration(&self.at)
            .map_err(|error| format!("at = {:?}: {error}; write 2s or 500ms", self.at))?;
        Ok(ScheduledFault {
            at_ms: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
            fault: LabFault {
                action: self.action.parse()?,
                target: self.target.clone(),
            },
        })
    }
}

/// The schedule, in the order of time.
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
        let told: Vec<_> = schedule
            .iter()
            .map(|fault| format!("{} {}", fault.at_ms, fault.fault))
            .collect();
        assert_eq!(told, ["1500 pause n2", "3000 resume n2"]);
    }

    #[test]
    fn what_makes_no_sense_is_told_with_what_would() {
        let wrong = |text: &str| {
            let option = FaultOption::parse(text)?;
            schedule(&[option]).map(drop)
        };
        for (text, says) in [
            ("2s kill", "as in '2s kill n2'"),
            ("soon kill n2", "write 2s or 500ms"),
            ("2s burn n2", "there are pause, resume"),
        ] {
            let error = wrong(text).unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }
}
