//! The report of `runner locks`.

use super::json::document;
use super::table::table;
use crate::measure::{Line, Measured};
use serde_json::json;

/// One JSON object: the version of its form, and an object for each service.
pub fn json(services: &[Measured]) -> Vec<u8> {
    document(None, &json!({"services": services}))
}

/// One line for each question about each service.
pub fn csv(services: &[Measured]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let headings = [
        "service", "question", "claim", "found", "unit", "witness", "note",
    ];
    writer.write_record(headings).expect("writing to memory");
    for service in services {
        for line in &service.lines {
            let cells = [
                Some(&*service.service),
                Some(&*line.question),
                line.claim.as_deref(),
                line.found.as_deref(),
                line.unit,
                line.witness.as_deref(),
                line.note.as_deref(),
            ];
            let cells = cells.map(Option::unwrap_or_default);
            writer.write_record(cells).expect("writing to memory");
        }
    }
    writer.into_inner().expect("writing to memory")
}

/// A table for each service, and below it what refutes a claim.
pub fn text(services: &[Measured]) -> String {
    let tables: Vec<_> = services.iter().map(of_service).collect();
    tables.join("\n")
}

fn of_service(service: &Measured) -> String {
    let headings = ["question", "claim", "found", "note"];
    let mut table = table(&headings, headings.len());
    for line in &service.lines {
        let dash = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let note = line.note.as_deref().unwrap_or_default();
        table.add_row([
            line.question.clone(),
            dash(line.claim.as_deref()),
            found(line),
            note.to_owned(),
        ]);
    }
    let refuted = service.lines.iter().filter_map(|line| {
        let witness = line.witness.as_ref()?;
        Some(format!("REFUTED {}: {witness}\n", line.question))
    });
    let refuted: String = refuted.collect();
    format!("{}\n{}\n{refuted}", service.service, table.trim_fmt())
}

fn found(line: &Line) -> String {
    match (&line.found, line.unit) {
        (Some(found), Some(unit)) => format!("{found} {unit}"),
        (Some(found), None) => found.clone(),
        (None, _) => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured() -> [Measured; 1] {
        let claim = || Some("yes".to_owned());
        let lines = vec![
            Line::judged("fencing", claim(), Err("token 8 after 8".to_owned())),
            Line::number("locks per second", 12.5, "1/s"),
            Line::judged(
                "shared",
                Some("no".to_owned()),
                Err("unsupported".to_owned()),
            ),
        ];
        [Measured {
            service: "redis://h".to_owned(),
            lines,
        }]
    }

    #[test]
    fn refuted_claim_is_in_every_form_with_its_witness() {
        let services = measured();
        let text = text(&services);
        assert!(text.starts_with("redis://h\n"), "{text}");
        assert!(text.contains("REFUTED fencing: token 8 after 8"), "{text}");
        assert!(text.contains("12.50 1/s"), "{text}");
        assert!(!text.contains("REFUTED shared"), "{text}");
        let csv = String::from_utf8(csv(&services)).unwrap();
        let lines: Vec<_> = csv.lines().collect();
        assert_eq!(
            lines[..3],
            [
                "service,question,claim,found,unit,witness,note",
                "redis://h,fencing,yes,no,,token 8 after 8,",
                "redis://h,locks per second,,12.50,1/s,,",
            ]
        );
        let json: serde_json::Value = serde_json::from_slice(&json(&services)).unwrap();
        let line = &json["services"][0]["lines"][0];
        assert_eq!(line["witness"], "token 8 after 8");
        assert_eq!(json["form"], 1);
    }
}
