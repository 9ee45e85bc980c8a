//! The report of `runner list`.

use super::json::document;
use super::table::table;
use crate::model::component::Freshness;
use serde::Serialize;
use serde_json::json;

/// Digits of a digest that are printed.
const SHORT_DIGEST: usize = 12;

/// A strategy that can be named. What is not known, since it is not built, is absent.
#[derive(Debug, Clone, Serialize)]
pub struct Listed {
    pub name: String,
    /// The kind of workload that it is for.
    pub kind: Option<String>,
    /// The interfaces that it imports: those that this runner has by their short names, others in full.
    pub needs: Option<Vec<String>>,
    pub component: Freshness,
    pub digest: Option<String>,
    pub description: Option<String>,
}

/// One JSON object: the version of its form, and an object for each strategy.
pub fn json(all: &[Listed]) -> Vec<u8> {
    document(None, &json!({"strategies": all}))
}

/// A table, a line for each.
pub fn text(all: &[Listed]) -> String {
    let headings = [
        "strategy",
        "kind",
        "needs",
        "component",
        "digest",
        "description",
    ];
    let mut table = table(&headings, headings.len());
    let known = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    for one in all {
        let needs = one.needs.as_ref().map(|needs| match needs.as_slice() {
            [] => "nothing".to_owned(),
            needs => needs.join(" "),
        });
        table.add_row([
            one.name.clone(),
            known(one.kind.clone()),
            known(needs),
            one.component.as_str().to_owned(),
            known(one.digest.as_deref().map(short)),
            known(one.description.clone()),
        ]);
    }
    table.trim_fmt() + "\n"
}

fn short(digest: &str) -> String {
    let digits = digest.strip_prefix("sha256:").unwrap_or(digest);
    digits.chars().take(SHORT_DIGEST).collect()
}
