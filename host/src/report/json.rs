//! The results for another program: a version of their form, the verdict, and one unit for times.

use super::RunReport;
use crate::model::verdict::Verdict;
use serde::Serialize;
use serde_json::{Map, Value};

/// The version of the form of every `--json`. It counts up when a field goes or means something else;
/// a field that is added leaves it as it is.
pub const FORM: u32 = 1;

/// Fields of the model that are times in nanoseconds and don't say so.
const NANOSECONDS: [&str; 9] = [
    "ahead", "at", "began", "ended", "from", "lasts", "since", "to", "until",
];

/// One JSON object; `results/README.md` documents its fields.
pub fn write(report: &RunReport) -> Vec<u8> {
    document(Some(&report.verdict()), report)
}

/// One JSON object: `form`, the verdict if there is one, and the fields of `body` with all times in ms.
pub fn document(verdict: Option<&Verdict>, body: &impl Serialize) -> Vec<u8> {
    #[derive(Serialize)]
    struct Document<'a> {
        form: u32,
        #[serde(flatten)]
        verdict: Option<&'a Verdict>,
        #[serde(flatten)]
        body: Value,
    }
    let mut body = serde_json::to_value(body).expect("plain data");
    in_ms(&mut body);
    let form = FORM;
    let whole = Document {
        form,
        verdict,
        body,
    };
    let mut text = serde_json::to_vec_pretty(&whole).expect("plain data");
    text.push(b'\n');
    text
}

/// Writes each time in nanoseconds, `NAME_ns`, as one in milliseconds, `NAME_ms`.
fn in_ms(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(in_ms),
        Value::Object(fields) => {
            let mut converted = Map::new();
            for (name, mut value) in std::mem::take(fields) {
                let is_time = NANOSECONDS.contains(&&*name) && value.is_number();
                let name = match name.strip_suffix("_ns") {
                    Some(stem) => {
                        divide(&mut value);
                        format!("{stem}_ms")
                    }
                    None if is_time => {
                        divide(&mut value);
                        format!("{name}_ms")
                    }
                    None => {
                        in_ms(&mut value);
                        name
                    }
                };
                converted.insert(name, value);
            }
            *fields = converted;
        }
        _ => {}
    }
}

/// A time, the times of several servers, or the `value` of a worker.
fn divide(value: &mut Value) {
    match value {
        Value::Number(ns) => {
            let ms = ns.as_f64().unwrap_or(0.0) / 1e6;
            *value = Value::from(ms);
        }
        Value::Array(values) => values.iter_mut().for_each(divide),
        Value::Object(fields) => match fields.get_mut("value") {
            Some(value) => divide(value),
            None => fields.values_mut().for_each(divide),
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_in_ms_and_named_so_everywhere() {
        let body = json!({
            "took_ns": 1_500_000, "none_ns": null, "cpu_ns": {"n1": 2_000_000},
            "mean_ns": {"worker": 3, "value": 4e6}, "pause_ms": 7, "worst_ns": [1_000_000, 500_000],
            "events": [{"began": 1_000_000, "fault": {"at": 500_000}}], "ended": "completed",
        });
        let text = document(Some(&Verdict::Unknown("why".to_owned())), &body);
        let found: Value = serde_json::from_slice(&text).unwrap();
        let expected = json!({
            "form": FORM, "verdict": "unknown", "why": "why",
            "took_ms": 1.5, "none_ms": null, "cpu_ms": {"n1": 2.0},
            "mean_ms": {"worker": 3, "value": 4.0}, "pause_ms": 7, "worst_ms": [1.0, 0.5],
            "events": [{"began_ms": 1.0, "fault": {"at_ms": 0.5}}], "ended": "completed",
        });
        assert_eq!(found, expected);
        let text = String::from_utf8(text).unwrap();
        let form = format!("{{\n  \"form\": {FORM},\n  \"verdict\": \"unknown\",");
        assert!(text.starts_with(&form), "{text}");
    }
}
