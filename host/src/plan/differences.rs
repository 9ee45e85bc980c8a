//! Is a run that has been one of the plan that would be run now?

use serde::Serialize;
use serde_json::Value;
use std::fmt;

/// A key that has another value in one than in the other; `null` where it is not there.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    pub key: String,
    pub there: Value,
    pub here: Value,
}

/// Lists the differences, key by key; none if they are the same. A component is known by its digest,
/// wherever its file is and was pulled from.
pub fn differences(there: &Value, here: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", there, here, &mut found);
    found
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, there, here } = self;
        write!(f, "{key} is {there} there and {here} here")
    }
}

fn compare(key: &str, there: &Value, here: &Value, found: &mut Vec<Difference>) {
    match (there, here) {
        (Value::Object(old), Value::Object(new)) => {
            let added = new.keys().filter(|name| !old.contains_key(*name));
            let tells_where = |name: &String| name == "component" || name == "reference";
            for name in old.keys().chain(added).filter(|name| !tells_where(name)) {
                let inner = match key {
                    "" => name.clone(),
                    _ => format!("{key}.{name}"),
                };
                compare(&inner, &there[name], &here[name], found);
            }
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            for (old, new) in old.iter().zip(new) {
                compare(key, old, new, found);
            }
        }
        _ if there == here => {}
        _ => found.push(Difference {
            key: key.to_owned(),
            there: there.clone(),
            here: here.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn between(there: Value, here: Value) -> Vec<String> {
        let found = differences(&there, &here);
        found.iter().map(Difference::to_string).collect()
    }

    #[test]
    fn every_key_counts_but_where_a_component_is() {
        let plan = |digest: &str, path: &str, rows: u32| {
            json!({
                "workload": {"rows": rows},
                "trials": [{"name": "cas", "digest": digest, "component": path}],
            })
        };
        let there = plan("sha256:00", "a/cas.wasm", 5);
        let mut elsewhere = plan("sha256:00", "b/cas.wasm", 5);
        elsewhere["trials"][0]["reference"] = json!("oci://localhost/cas:1");
        assert!(between(there.clone(), elsewhere).is_empty());
        let expected = [
            "trials.digest is \"sha256:00\" there and \"sha256:11\" here",
            "workload.rows is 5 there and 6 here",
        ];
        assert_eq!(between(there, plan("sha256:11", "a/cas.wasm", 6)), expected);
    }

    #[test]
    fn a_key_that_only_one_of_them_has_counts() {
        let (with, without) = (json!({"nodes": ["n"]}), json!({}));
        assert_eq!(between(with.clone(), without.clone()).len(), 1);
        assert_eq!(between(without, with).len(), 1);
    }
}
