//! From the table of a batch of ip-allocation to what `results/ip-allocation/README.md` shows:
//!
//! ```sh
//! cargo run --example ip_allocation -- published.csv                # tables, for the README
//! cargo run --example ip_allocation -- scale.csv chart.svg          # a chart of the ratios too
//! ```

mod chart;
mod spread;
mod tables;

use spread::Runs;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let done = match &arguments[..] {
        [table] => show(table),
        [table, chart] => show(table).and_then(|runs| draw(&runs, chart).map(|()| runs)),
        _ => Err("usage: ip_allocation TABLE.csv [CHART.svg]".to_owned()),
    };
    match done {
        Ok(_) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::from(2)
        }
    }
}

fn show(table: &str) -> Result<Runs, String> {
    let runs = Runs::read(table).map_err(|error| format!("{table}: {error}"))?;
    print!("{}", tables::write(&runs));
    Ok(runs)
}

fn draw(runs: &Runs, path: &str) -> Result<(), String> {
    std::fs::write(path, chart::write(runs)?).map_err(|error| format!("{path}: {error}"))
}
