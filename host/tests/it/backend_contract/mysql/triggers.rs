//! Triggers, by which the audit is written.

use super::*;
use crate::support::lab::lab;
use std::fs;

const UPDATED: &str = "SET @seen = 1";

/// A node was seen to take a good trigger for one with a mistake, for a time. Here its file has one.
#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_that_the_server_can_not_read_is_no_mistake_of_the_statement() {
    let fixture = mariadb_node().await;
    let mut session = fixture.session().await;
    let trigger = format!("CREATE TRIGGER seen AFTER UPDATE ON things FOR EACH ROW {UPDATED}");
    host(&mut session, &trigger, Action::Define).await.unwrap();
    let named = rows(&mut session, "SELECT DATABASE(), @@datadir").await;
    let [schema, data] = [0, 1].map(|column| named[0][column].clone().into_text().unwrap());
    assert!(
        data.starts_with(&*lab().options().dir.to_string_lossy()),
        "{data}"
    );
    let file = format!("{data}/{schema}/things.TRG");
    let good = fs::read_to_string(&file).unwrap();
    assert!(good.contains(UPDATED), "{good}");

    fs::write(&file, good.replace(UPDATED, "SET @seen = )")).unwrap();
    // The server opens the table anew after that.
    let alter = |comment: &str| format!("ALTER TABLE things COMMENT = '{comment}'");
    host(&mut session, &alter("spoilt"), Action::Define)
        .await
        .unwrap();
    let refused = fixture.execute(&mut session, ADD_ONE).await;
    assert_error(refused, ErrorKind::Unavailable, "1064");

    fs::write(&file, good).unwrap();
    host(&mut session, &alter("good"), Action::Define)
        .await
        .unwrap();
    assert_eq!(fixture.execute(&mut session, ADD_ONE).await.unwrap(), 1);
    assert_eq!(fixture.n().await, 1);
    fixture.close().await;
}
