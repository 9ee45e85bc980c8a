//! A compare-and-swap that waits, draws and prints by WASI, for the host's tests. `--set do=NAME` lets
//! each acquire do something else first:
//!
//! | name | what it does | what the host owes |
//! |---|---|---|
//! | `files` | opens, reads and renames files | access denied, told once |
//! | `network` | makes a socket | the same |
//! | `surroundings` | looks for arguments, variables and input | there are none |
//! | `flood` | prints without end | an end to what is kept |
//! | `streams` | asks for standard output again and again, and keeps all | a limit |
//! | `bytes` | wants as many random bytes as there are numbers | a limit |
//! | `nothing` | waits for nothing | a trap |
//! | `exit` | ends itself | one failed change |
//! | `last-words` | says why, and traps | what it said is told |
//!
//! If the host gave something that it should have refused, the change ends `rejected` with the code `ESCAPED`.

mod bindings {
    wit_bindgen::generate!({ path: "wasi.wit", world: "contend:wasi-test/imports", generate_all });
}

use bindings::wasi::cli::{environment, exit, stderr, stdin, stdout};
use bindings::wasi::clocks::{monotonic_clock, wall_clock};
use bindings::wasi::filesystem::preopens;
use bindings::wasi::filesystem::types::{DescriptorFlags, DescriptorType, ErrorCode};
use bindings::wasi::filesystem::types::{OpenFlags, PathFlags};
use bindings::wasi::io::poll;
use bindings::wasi::io::streams::{OutputStream, StreamError};
use bindings::wasi::random::random;
use bindings::wasi::sockets::network::{ErrorCode as NetworkError, IpAddressFamily};
use bindings::wasi::sockets::tcp_create_socket::create_tcp_socket;
use contend_guest::prelude::*;

const SWAP: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?";

struct Wasi {
    session: Session,
    output: OutputStream,
    does: String,
    kept: Vec<OutputStream>,
}

impl StateStrategy for Wasi {
    fn new() -> Result<Self, Error> {
        Ok(Self {
            session: connect()?,
            output: stdout::get_stdout(),
            does: setting("do", String::new())?,
            kept: Vec::new(),
        })
    }

    fn change(&mut self, t: Transition) -> Result<(), Error> {
        if t.is_acquire() {
            self.first()?;
        }
        let values = [t.to, t.marker, t.row, t.from].map(Value::from);
        let swap = || match self.session.execute(SWAP, &values) {
            Err(Error::Conflict(_)) => Ok(0),
            told => told,
        };
        while swap()? == 0 {
            let wait = 1_000_000 + random::get_random_u64() % 1_000_000;
            let over = monotonic_clock::subscribe_duration(wait);
            let never = monotonic_clock::subscribe_duration(u64::MAX);
            if poll::poll(&[&never, &over]) != [1] || never.ready() {
                return Err(escaped("a wait for ever was over"));
            }
        }
        let (now, wall) = (monotonic_clock::now(), wall_clock::now());
        let drawn = random::get_random_bytes(4);
        print(
            &self.output,
            &format!("{now} {}.{:09} {drawn:?}\n", wall.seconds, wall.nanoseconds),
        )
    }
}

impl Wasi {
    fn first(&mut self) -> Result<(), Error> {
        match self.does.as_str() {
            "" => Ok(()),
            "files" => files(),
            "network" => match create_tcp_socket(IpAddressFamily::Ipv4) {
                Err(NetworkError::AccessDenied) => Ok(()),
                told => Err(escaped(&format!("{told:?}"))),
            },
            "surroundings" => surroundings(),
            "flood" => {
                let line = format!("{}\n", "x".repeat(999));
                (0..1000).try_for_each(|_| print(&self.output, &line))
            }
            "streams" => loop {
                self.kept.push(stdout::get_stdout());
            },
            "bytes" => {
                random::get_random_bytes(1 << 40);
                Err(escaped("a trillion random bytes"))
            }
            "nothing" => {
                poll::poll(&[]);
                Err(escaped("a poll of nothing was over"))
            }
            "exit" => {
                exit::exit(Err(()));
                Err(escaped("there is life after the exit"))
            }
            "last-words" => {
                print(&stderr::get_stderr(), "WrongThing: it is\x1b[2J broken\n")?;
                panic!("hostile")
            }
            other => Err(Error::rejected("no-such", other.to_owned())),
        }
    }
}

fn files() -> Result<(), Error> {
    let folders = preopens::get_directories();
    let [(folder, _)] = &folders[..] else {
        return Err(escaped("another number of folders"));
    };
    let path = PathFlags::empty();
    let opened = folder.open_at(
        path,
        "etc/\x1b[2Jpasswd",
        OpenFlags::empty(),
        DescriptorFlags::READ,
    );
    let renamed = folder.rename_at("a", folder, "b");
    match (
        folder.get_type(),
        opened,
        renamed,
        folder.read_via_stream(0),
    ) {
        (
            Ok(DescriptorType::Directory),
            Err(ErrorCode::Access),
            Err(ErrorCode::Access),
            Err(ErrorCode::Access),
        ) => Ok(()),
        told => Err(escaped(&format!("{told:?}"))),
    }
}

fn surroundings() -> Result<(), Error> {
    let variables = environment::get_environment();
    let arguments = environment::get_arguments();
    let input = stdin::get_stdin().read(1);
    match (&variables[..], &arguments[..], input) {
        ([], [], Err(StreamError::Closed)) => Ok(()),
        told => Err(escaped(&format!("{told:?}"))),
    }
}

/// As a guest's library does it: as much as is taken, and it waits for more.
fn print(output: &OutputStream, text: &str) -> Result<(), Error> {
    let no = |error: StreamError| escaped(&format!("printing: {error:?}"));
    let mut bytes = text.as_bytes();
    while !bytes.is_empty() {
        output.subscribe().block();
        let most = output.check_write().map_err(no)?;
        let (now, later) = bytes.split_at(bytes.len().min(most as usize));
        output.write(now).map_err(no)?;
        bytes = later;
    }
    output.blocking_flush().map_err(no)
}

fn escaped(what: &str) -> Error {
    Error::rejected("ESCAPED", what.to_owned())
}

contend_guest::state_strategy!(Wasi);
