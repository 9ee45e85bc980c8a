//! `runner batch`: workloads × strategies × lock services, one cell after the other, one table.

mod estimate;
mod resume;
mod table;

use self::estimate::Cost;
use self::resume::Standing;
use self::table::Table;
use crate::console::{Output, Screen, check_name};
use crate::exit::{CommandError, Exit, Refusal, Required};
use crate::lab::Lab;
use crate::plan::cells::{self, Cell, CellOptions};
use crate::plan::resolve::fresh_seed;
use crate::report::{CellReport, TrialReport, csv, overview};
use crate::run::claim::{allow_open_files, find_lock_service, reserve};
use crate::run::{Judged, RunError, run_trial, runtime};
use crate::run_dir::RunDir;
use crate::run_dir::batch::{self, BatchDir, BatchRecord};
use crate::trial::interrupts::Interrupts;
use crate::trial::{Shared, Trial};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Options of a batch.
pub struct BatchOptions {
    pub cells: CellOptions,
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
    let screen = Screen::new(options.output.is_quiet());
    let (cells, lab) = cells::resolve(&options.cells, seed, &screen)?;
    let largest = cells.iter().max_by_key(|cell| cell.plan.workload.workers());
    largest.map_or(Ok(()), |cell| allow_open_files(&cell.plan))?;
    let record = BatchRecord {
        seed,
        database: cells[0].plan.database.to_string(),
        csv: known.as_ref().map(|it| it.csv.clone()).unwrap_or_default(),
    };
    // What is in the database of a batch that goes on is its own.
    let is_other = known.is_none_or(|it| it.database != record.database);
    let batch = run_all(
        options,
        &root,
        record,
        is_other,
        &cells,
        lab.as_ref(),
        screen,
    );
    runtime()?.block_on(batch)
}

/// The folder that the user named, or else one named after the table, so that the same command again
/// goes on with it.
fn folder(options: &BatchOptions) -> PathBuf {
    let stem = options.output.csv_file().and_then(Path::file_stem);
    let usual = || Path::new("results").join("batches");
    let named = options.out.clone();
    named.unwrap_or_else(|| usual().join(stem.unwrap_or("batch".as_ref())))
}

fn seed(options: &BatchOptions, root: &Path, known: Option<&BatchRecord>) -> Result<u64, Refusal> {
    match (
        options.cells.plan.flags.seed,
        known.map(|record| record.seed),
    ) {
        (Some(asked), Some(there)) if asked != there => Err(Refusal::OtherSeed {
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
    mut record: BatchRecord,
    looks_at_tables: bool,
    cells: &[Cell],
    lab: Option<&Lab>,
    screen: Screen,
) -> Result<Exit, CommandError> {
    let interrupts = Interrupts::listen().map_err(RunError::Runtime)?;
    let tenancy = reserve(&cells[0].plan, looks_at_tables).await?;
    for cell in cells.iter().filter(|cell| cell.is_first_of_its_locks) {
        find_lock_service(&cell.plan).await?;
    }
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
        screen,
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
            self.screen.print_line(&format!(
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
                    .print_line(&format!("what was cut is kept in {}", kept.display()));
            }
            self.standing[number] = self.run_cell(number).await;
            self.write()?;
            if !self.screen.is_terminal()
                && let Some(report) = self.standing[number].report()
            {
                let all = self.cells.len();
                self.screen
                    .print_line(&format!("cell {}/{all} {}", number + 1, report.brief()));
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
        let judged = match RunDir::create(&path, &cell.plan) {
            Ok(folder) => run_in(&folder, cell, self, &screen).await,
            Err(error) => Judged::nothing(Err(error.into())),
        };
        drop(bar);
        let error = judged.ran.err().map(|error| error.to_string());
        Standing::Done {
            report: Box::new(report(cell, path, judged.report, error)),
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
        let table = csv::write_cells(&reports);
        self.folder.write_results(&table)?;
        Ok(self.table.write(&table)?)
    }

    fn show(&self, output: &Output) -> Result<(), CommandError> {
        let reports: Vec<_> = self.reports().cloned().collect();
        let (all, folder) = (self.cells.len(), self.folder.path());
        Ok(output.print(
            || csv::write_cells(&reports),
            Vec::new,
            || overview::write(&reports, all, folder),
        )?)
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
    let judged = run_trial(&trial, screen, folder).await;
    let written = match &judged.report {
        Some(trial) => {
            let report = report(cell, folder.path().to_owned(), Some(trial.clone()), None);
            folder.write_results(&csv::write_cells(&[report]))
        }
        None => Ok(()),
    };
    Judged {
        ran: judged.ran.and(written.map_err(RunError::from)),
        ..judged
    }
}

/// The report of a cell whose run is in this folder.
fn report(
    cell: &Cell,
    folder: PathBuf,
    trial: Option<TrialReport>,
    error: Option<String>,
) -> CellReport {
    CellReport {
        plan: cell.plan.clone(),
        planned: cell.planned().clone(),
        folder,
        locks: cell.locks.clone(),
        error: error.or_else(|| trial.as_ref()?.always_died()),
        trial,
    }
}
