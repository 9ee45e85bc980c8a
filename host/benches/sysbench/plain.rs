//! The statements of `update.lua` by the MySQL driver alone, without Wasm and runner: a lower bound of the
//! runner's cost. `compare.sh` measures it: `plain-update URL CONNECTIONS STATEMENTS THREADS`, with so many
//! statements on each connection, on the table that sysbench has made.

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Value};
use std::{env, thread};

const SWAP: &str = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?";

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [url, numbers @ ..] = &*arguments else {
        panic!("no URL");
    };
    let numbers: Vec<u32> = numbers
        .iter()
        .map(|n| n.parse().expect("a number"))
        .collect();
    let [connections, statements, threads] = numbers[..] else {
        panic!("no three numbers");
    };
    let options = OptsBuilder::from_opts(Opts::from_url(url).expect("a URL"))
        // As the runner has it.
        .prefer_socket(false)
        .max_allowed_packet(Some(1 << 20))
        .wait_timeout(Some(28_800));
    let options = Opts::from(options);
    let threads: Vec<_> = (0..threads)
        .map(|first| {
            let numbers = (first..connections).step_by(threads as usize);
            let options = options.clone();
            thread::spawn(move || live(numbers.collect(), options, statements))
        })
        .collect();
    for thread in threads {
        thread.join().expect("every statement changed its row");
    }
}

/// One thread with a runtime of its own, as workers live on.
fn live(numbers: Vec<u32>, options: Opts, statements: u32) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let tasks = numbers.into_iter().map(|number| {
            let connection = Conn::new(options.clone());
            tokio::spawn(async move {
                swap(connection.await.expect("a server"), number, statements).await
            })
        });
        // All begin before one is waited for.
        for task in tasks.collect::<Vec<_>>() {
            task.await.expect("every statement changed its row");
        }
    });
}

async fn swap(mut connection: Conn, number: u32, statements: u32) {
    let swap = connection.prep(SWAP).await.expect("a statement");
    let row = format!("volume-{number}");
    let (mut from, mut to) = ("available", "deleting");
    for statement in 0..statements {
        let marker = format!("{number}_{statement}");
        let values = [to, &marker, &row, from].map(Value::from);
        let done = connection.exec_drop(&swap, values.to_vec()).await;
        done.expect("no rival");
        assert_eq!(connection.affected_rows(), 1);
        (from, to) = (to, from);
    }
    connection.disconnect().await.ok();
}
