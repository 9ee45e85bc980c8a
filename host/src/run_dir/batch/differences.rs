//! Is a cell's run of the plan that would be run now?

use crate::plan::Plan;
use serde_json::Value;

/// What differs, key by key; nothing if the run there is one of this plan. A component is known by
/// its digest, wherever its file is and was pulled from.
pub fn differences(there: &Value, plan: &Plan) -> Vec<String> {
    let here = serde_json::to_value(plan).expect("a plan can be written");
    let mut found = Vec::new();
    compare("", there, &here, &mut found);
    found
}

fn compare(key: &str, there: &Value, here: &Value, found: &mut Vec<String>) {
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
        _ => found.push(format!("{key} is {there} there and {here} here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn compared(there: Value, here: Value) -> Vec<String> {
        let mut found = Vec::new();
        compare("", &there, &here, &mut found);
        found
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
        assert!(compared(there.clone(), elsewhere).is_empty());
        let expected = [
            "trials.digest is \"sha256:00\" there and \"sha256:11\" here",
            "workload.rows is 5 there and 6 here",
        ];
        assert_eq!(
            compared(there, plan("sha256:11", "a/cas.wasm", 6)),
            expected
        );
    }

    #[test]
    fn a_key_that_only_one_of_them_has_counts() {
        let (with, without) = (json!({"nodes": ["n"]}), json!({}));
        assert_eq!(compared(with.clone(), without.clone()).len(), 1);
        assert_eq!(compared(without, with).len(), 1);
    }
}
