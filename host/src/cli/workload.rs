//! The numbers of a workload, each as a flag.

use crate::plan::workload_file::WorkloadOptions;
use crate::workload::{CheckConnections, kinds};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

#[derive(Args)]
pub struct WorkloadArguments {
    /// Number of rows that workers compete for [default: 100]
    #[arg(long, value_name = "N")]
    rows: Option<u32>,
    /// Number of workers that compete for each row [default: 1]
    #[arg(long, value_name = "N")]
    workers_per_row: Option<u32>,
    /// Number of changes that each worker makes [default: 10]
    #[arg(long, value_name = "N")]
    changes_per_worker: Option<u32>,
    /// Wait before each change [default: 10]
    #[arg(long, value_name = "MS")]
    pause_ms: Option<u64>,
    /// Wait between acquire and release [default: 10]
    #[arg(long, value_name = "MS")]
    hold_ms: Option<u64>,
    /// Most reads of all nodes after acquire; 0 for no check [default: 6]
    #[arg(long, value_name = "N")]
    check_tries: Option<u32>,
    /// Wait after the n-th read, times n [default: 250]
    #[arg(long, value_name = "MS")]
    check_wait_ms: Option<u64>,
    /// Connections of the check to the nodes: persistent or fresh [default: persistent]
    #[arg(long, value_name = "HOW")]
    check: Option<CheckConnections>,
    /// Number of sessions that load the database beside the workers, each on its own row [default: 0]
    #[arg(long, value_name = "N")]
    background_generators: Option<u32>,
    /// Reads of each such session in a second [default: 10]
    #[arg(long, value_name = "N")]
    background_selects_per_s: Option<u32>,
    /// Writes of each such session in a second [default: 5]
    #[arg(long, value_name = "N")]
    background_updates_per_s: Option<u32>,
    /// Record in the database what every transaction changes, as proof [default: true]
    #[arg(long, value_name = "BOOL")]
    audit: Option<bool>,
    #[command(flatten)]
    own: OwnFlags,
}

/// The flags of the keys that only one kind has.
struct OwnFlags(toml::Table);

impl Args for OwnFlags {
    fn augment_args(command: Command) -> Command {
        let flags = kinds::all().iter().flat_map(|kind| {
            kind.keys().iter().map(move |key| {
                let action = match key.is_repeated {
                    true => ArgAction::Append,
                    false => ArgAction::Set,
                };
                let help = format!("{kind}: {}", key.help);
                let flag = Arg::new(key.name).long(key.flag).value_name(key.value);
                flag.help(help).action(action).value_parser(key.read)
            })
        });
        command.args(flags)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for OwnFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let given = kinds::keys().filter_map(|key| {
            let mut values = matches.get_many::<toml::Value>(key.name)?.cloned();
            let value = match key.is_repeated {
                true => toml::Value::Array(values.collect()),
                false => values.next()?,
            };
            Some((key.name.to_owned(), value))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl WorkloadArguments {
    pub fn options(self) -> WorkloadOptions {
        WorkloadOptions {
            rows: self.rows,
            workers_per_row: self.workers_per_row,
            changes_per_worker: self.changes_per_worker,
            pause_ms: self.pause_ms,
            hold_ms: self.hold_ms,
            check_tries: self.check_tries,
            check_wait_ms: self.check_wait_ms,
            check: self.check,
            background_generators: self.background_generators,
            background_selects_per_s: self.background_selects_per_s,
            background_updates_per_s: self.background_updates_per_s,
            audit: self.audit,
            own: self.own.0,
            ..WorkloadOptions::default()
        }
    }
}
