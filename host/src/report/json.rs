//! The results for another program.

use super::RunReport;

/// One JSON object; the keys are those of `RunReport`.
pub fn write(report: &RunReport) -> Vec<u8> {
    let mut text = serde_json::to_vec_pretty(report).expect("plain data");
    text.push(b'\n');
    text
}
