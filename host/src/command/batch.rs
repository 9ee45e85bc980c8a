//! `runner batch`: workloads × strategies × lock services, one cell after the other, one table.

mod cells;
mod estimate;
mod resume;
mod table;

use self::cells::Cell;
use self::estimate::Cost;
use self::resume::Standing;
use self::table::Table;
use super::exit::{Exit, Required};
use super::judged::{self, Judged};
use super::options::PlanOptions;
use super::output::{Output, check_name, print};
use super::progress::Screen;
use super::resolve::fresh_seed;
use super::run::{allow_open_files, find_lock_service, reserve, runtime};
use super::with_lab::{check_schedule, on_the_lab};
use super::{CommandError, machine};
use crate::lab::Lab;
use crate::report::{self, CellReport, TrialReport};
use crate::run_dir::RunDir;
use crate::run_dir::batch::{self, BatchDir, BatchRecord};
use crate::trial::interrupts::Interrupts;
use crate::trial::{Shared, Trial};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Options of a batch. The plan's workload and locks are left open: each cell has its own.
pub struct BatchOptions {
    pub plan: PlanOptions,
    /// Names, files and patterns of files.
    pub workloads: Vec<String>,
    pub locks: Vec<String>,
    /// Every cell so many times, each time with another seed; all cells once, then all again.
    pub repeat: u32,
    /// Run on the lab, in this folder or in the usual one.
    pub lab: Option<Option<PathBuf>>,
    pub out: Option<PathBuf>,
    pub output: Output,
    pub required: Required,
}

/// Decides and loads everything, then runs what is not finished yet, and shows all there is.
pub fn batch(options: &BatchOptions) -> Result<Exit, CommandError> {
    let root = folder(options);
    check_name(Some(&root))?;
    let known = batch::find(&root)?;
    let seed = seed(options, &root, known.as_ref())?;
    let (plan, lab) = on_the_lab(&options.plan, options.lab.clone())?;
    let cells = cells::resolve(options, &plan, lab.as_ref(), seed)?;
    for cell in &cells {
        check_schedule(&cell.plan.faults, lab.as_ref())?;
    }
    let largest = cells.iter().max_by_key(|cell| cell.plan.workload.workers());
    largest.map_or(Ok(()), |cell| allow_open_files(&cell.plan))?;
    runtime()?.block_on(run_all(options, &root, known, seed, &cells, lab.as_ref()))
}

/// The folder that the user named, or else one named after the table, so that the same command again
/// goes on with it.
fn folder(options: &BatchOptions) -> PathBuf {
    let stem = options.output.csv_file().and_then(Path::file_stem);
    let usual = || Path::new("results").join("batches");
    let named = options.out.clone();
    named.unwrap_or_else(|| usual().join(stem.unwrap_or("batch".as_ref())))
}

fn seed(
    options: &BatchOptions,
    root: &Path,
    known: Option<&BatchRecord>,
) -> Result<u64, CommandError> {
    match (options.plan.flags.seed, known.map(|record| record.seed)) {
        (Some(asked), Some(there)) if asked != there => Err(CommandError::OtherSeed {
            folder: root.to_owned(),
            there,
            asked,
        }),
        (asked, there) => Ok(there.or(asked).unwrap_or_else(fresh_seed)),
    }
}

async fn run_all(
    options: &BatchOptions,
    root: &Path,
    known: Option<BatchRecord>,
    seed: u64,
    cells: &[Cell],
    lab: Option<&Lab>,
) -> Result<Exit, CommandError> {
    let interrupts = Interrupts::listen().map_err(CommandError::Runtime)?;
    let database = cells[0].plan.database.to_string();
    // What is in the database of a batch that goes on is its own.
    let is_other = known.as_ref().is_none_or(|it| it.database != database);
    let tenancy = reserve(&cells[0].plan, is_other).await?;
    for cell in cells.iter().filter(|cell| cell.is_first_of_its_locks) {
        find_lock_service(&cell.plan).await?;
    }
    let mut record = BatchRecord {
        seed,
        database,
        csv: known.map(|record| record.csv).unwrap_or_default(),
    };
    let table = Table::claim(&options.output, &mut record)?;
    let folder = BatchDir::open(root)?;
    let standing = resume::survey(&folder, cells)?;
    folder.write_record(&record)?;
    let mut batch = Batch {
        cells,
        shared: Shared {
            interrupts: &interrupts,
            lab,
            tenancy: &tenancy,
        },
        standing,
        folder,
        table,
        screen: Screen::new(options.output.quiet),
        begun: Instant::now(),
    };
    batch.tell_what_is_there();
    let ran = batch.run().await;
    let shown = batch.show(&options.output);
    let exit = Exit::of_batch(batch.reports(), cells.len(), options.required);
    tenancy.end().await;
    exit.unless_failed(ran.and(shown))
}

/// A batch under way.
struct Batch<'a> {
    cells: &'a [Cell],
    shared: Shared<'a>,
    standing: Vec<Standing>,
    folder: BatchDir,
    table: Table,
    screen: Screen,
    begun: Instant,
}

impl Batch<'_> {
    fn tell_what_is_there(&self) {
        let finished = self.reports().count();
        if finished > 0 {
            let (all, folder) = (self.cells.len(), self.folder.path().display());
            self.screen.tell(&format!(
                "{finished} of {all} cells are finished in {folder} and are not repeated"
            ));
        }
    }

    /// Runs what is not finished, in order, until the user cancels. The table is written after
    /// each cell; a cell that fails is a line of it, and the next one's turn comes.
    async fn run(&mut self) -> Result<(), CommandError> {
        self.write()?;
        for (number, cell) in self.cells.iter().enumerate() {
            let was_cut = match self.standing[number] {
                Standing::Done { .. } => continue,
                Standing::Cut => true,
                Standing::Waiting => false,
            };
            if self.shared.interrupts.any() {
                break;
            }
            if was_cut {
                let kept = self.folder.keep_aside(&cell.folder)?;
                self.screen
                    .tell(&format!("what was cut is kept in {}", kept.display()));
            }
            self.standing[number] = self.run_cell(number).await;
            self.write()?;
            if !self.screen.is_terminal()
                && let Some(report) = self.standing[number].report()
            {
                let all = self.cells.len();
                self.screen
                    .tell(&format!("cell {}/{all} {}", number + 1, report.brief()));
            }
        }
        Ok(())
    }

    async fn run_cell(&self, number: usize) -> Standing {
        let cell = &self.cells[number];
        let name = format!("cell {}/{} {}", number + 1, self.cells.len(), cell.name());
        let left = estimate::left(&self.costs());
        let screen = self.screen.titled(name.clone());
        let bar = self.screen.batch(name, self.begun.elapsed(), left);
        let begun = Instant::now();
        let path = self.folder.cell(&cell.folder);
        let judged = match RunDir::create(&path, &cell.plan, &machine::describe()) {
            Ok(folder) => run_in(&folder, cell, self, &screen).await,
            Err(error) => Judged::nothing(Err(error.into())),
        };
        drop(bar);
        let error = judged.ran.err().map(|error| error.to_string());
        Standing::Done {
            report: Box::new(cell.report(judged.report, error)),
            took: begun.elapsed(),
        }
    }

    fn reports(&self) -> impl Iterator<Item = &CellReport> {
        self.standing.iter().filter_map(Standing::report)
    }

    fn costs(&self) -> Vec<Cost> {
        let both = self.cells.iter().zip(&self.standing);
        both.map(|(cell, standing)| Cost::of(&cell.plan, standing))
            .collect()
    }

    fn write(&self) -> Result<(), CommandError> {
        let reports: Vec<_> = self.reports().cloned().collect();
        let csv = report::csv::write_cells(&reports);
        self.folder.write_results(&csv)?;
        self.table.write(&csv)
    }

    fn show(&self, output: &Output) -> Result<(), CommandError> {
        let reports: Vec<_> = self.reports().cloned().collect();
        let text = match &output.csv {
            Some(_) if output.csv_file().is_none() => report::csv::write_cells(&reports),
            _ if output.quiet => Vec::new(),
            _ => {
                let folder = self.folder.path();
                report::overview::write(&reports, self.cells.len(), folder).into_bytes()
            }
        };
        print(&text)
    }
}

/// Runs the one trial of a cell's run, and writes the run's table.
async fn run_in(folder: &RunDir, cell: &Cell, batch: &Batch<'_>, screen: &Screen) -> Judged {
    let trial = Trial {
        plan: &cell.plan,
        planned: cell.planned(),
        strategy: cell.strategy.clone(),
        shared: batch.shared,
    };
    let judged = judged::run(&trial, screen, folder).await;
    let written = match &judged.report {
        Some(trial) => write_run(folder, cell, trial),
        None => Ok(()),
    };
    Judged {
        ran: judged.ran.and(written),
        ..judged
    }
}

fn write_run(folder: &RunDir, cell: &Cell, trial: &TrialReport) -> Result<(), CommandError> {
    let report = cell.report(Some(trial.clone()), None);
    Ok(folder.write_results(&report::csv::write_cells(&[report]))?)
}
