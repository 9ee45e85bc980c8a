//! The printed report, and `results/bench.md`.

use super::spread::Spread;
use contend::run_dir::Machine;
use std::fmt::Write;
use std::path::Path;
use std::time::SystemTime;

/// The target of a figure, in its unit.
enum Target {
    None,
    AtMost(f64),
    AtLeast(f64),
}

/// One figure, with how it was had.
pub struct Figure {
    what: &'static str,
    spread: Spread,
    target: Target,
    method: String,
    details: Vec<String>,
}

impl Figure {
    pub fn new(what: &'static str, spread: Spread) -> Self {
        Self {
            what,
            spread,
            target: Target::None,
            method: String::new(),
            details: Vec::new(),
        }
    }

    /// The target, in the figure's unit.
    pub fn at_most(mut self, most: f64) -> Self {
        self.target = Target::AtMost(most);
        self
    }

    /// The target of a figure that is the better the larger it is.
    pub fn at_least(mut self, least: f64) -> Self {
        self.target = Target::AtLeast(least);
        self
    }

    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// Something to know beside it, such as the absolute numbers of a ratio.
    pub fn detail(mut self, detail: String) -> Self {
        self.details.push(detail);
        self
    }

    /// For a person who watches.
    pub fn line(&self) -> String {
        let (what, spread) = (self.what, &self.spread);
        format!(
            "{what}: {spread}; target: {}; {}",
            self.target(),
            self.reached()
        )
    }

    fn target(&self) -> String {
        let unit = self.spread.unit();
        match self.target {
            Target::AtMost(most) => format!("at most {most} {unit}"),
            Target::AtLeast(least) => format!("at least {least} {unit}"),
            Target::None => "none".to_owned(),
        }
    }

    /// By the median.
    fn reached(&self) -> &'static str {
        let median = self.spread.median();
        let is_reached = match self.target {
            Target::AtMost(most) => median <= most,
            Target::AtLeast(least) => median >= least,
            Target::None => return "",
        };
        match is_reached {
            true => "reached",
            false => "**missed**",
        }
    }
}

/// Prints all figures, and writes them where the README finds them.
pub fn write(figures: &[Figure]) {
    let text = text(figures);
    println!("{text}");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../results");
    std::fs::create_dir_all(&folder).expect("the folder of results");
    std::fs::write(folder.join("bench.md"), text).expect("results/bench.md");
}

fn text(figures: &[Figure]) -> String {
    let mut text = heading("Figures", "make bench");
    text += "| figure | measured | target | |\n|---|---|---|---|\n";
    for figure in figures {
        let (what, spread) = (figure.what, &figure.spread);
        let (target, reached) = (figure.target(), figure.reached());
        writeln!(text, "| {what} | {spread} | {target} | {reached} |").expect("a string grows");
    }
    text += "\nEach is the median of its rounds, with the least and the most of them. Figures that \
             compare two things measure both in turn within one process.\n";
    for figure in figures {
        let (what, method) = (figure.what, &figure.method);
        write!(text, "\n**{what}.** {method}").expect("a string grows");
        for detail in &figure.details {
            write!(text, " {detail}.").expect("a string grows");
        }
        let (rounds, unit) = (figure.spread.rounds(), figure.spread.unit());
        writeln!(text, " Rounds: {rounds} ({unit}).").expect("a string grows");
    }
    text
}

/// The title, and when, where and by which command the figures were made.
pub fn heading(title: &str, command: &str) -> String {
    let machine = Machine::this();
    let unknown = || "unknown".to_owned();
    let memory = machine.memory_kib.map_or_else(unknown, |kib| {
        format!("{:.1} GiB of memory", kib as f64 / f64::from(1 << 20))
    });
    format!(
        "# {title}\n\n{}, on {}, {} cores, {memory}, {} with kernel {}. Made by `{command}`.\n\n",
        humantime::format_rfc3339_seconds(SystemTime::now()),
        machine.processor.unwrap_or_else(unknown),
        machine.processors,
        machine.os,
        machine.kernel.unwrap_or_else(unknown),
    )
}
