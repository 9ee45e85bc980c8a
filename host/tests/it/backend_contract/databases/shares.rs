//! Shares of a session in common budgets.

use super::fixture::Fixture;
use crate::backend_contract::assert_rejected;
use contend::capability::budget::Shares;
use contend::model::value::Value;

pub(super) async fn an_answer_over_its_share_is_refused_and_the_transaction_goes_on(
    fixture: &Fixture,
) {
    let shares = Shares {
        answer: 200,
        ..Shares::default()
    };
    fixture.database.divide(&shares);
    let mut session = fixture.impatient().await;
    session.begin().await.unwrap();
    let update = "UPDATE things SET n = n + 1 WHERE id = 1";
    assert_eq!(fixture.execute(&mut session, update).await, Ok(1));
    let columns = vec!["label"; 20].join(", ");
    let large = format!("SELECT {columns} FROM things");
    for _ in 0..2 {
        let refused = fixture.query(&mut session, &large).await;
        assert_rejected(refused, "answer-too-large");
    }
    let small = fixture.query(&mut session, "SELECT n FROM things WHERE id = 1");
    assert_eq!(small.await.unwrap().len(), 1);
    session.commit().await.unwrap();
    session.close().await;
    assert_eq!(fixture.n().await, 1);

    // Another share is for the sessions that are opened from now on.
    fixture.database.divide(&Shares::default());
    let mut session = fixture.near().await;
    assert_eq!(fixture.query(&mut session, &large).await.unwrap().len(), 2);
    session.close().await;
}

/// It is prepared for each call, and gives the same.
pub(super) async fn a_statement_that_is_not_kept_does_the_same(fixture: &Fixture) {
    let mut session = fixture.impatient().await;
    let list: Vec<_> = (0..1000).map(|id| id.to_string()).collect();
    let list = list.join(", ");
    let update = format!("UPDATE things SET n = n + 1 WHERE id IN ({list})");
    let update = fixture.statement(&update).unkept();
    let read = format!("SELECT n FROM things WHERE id IN ({list}) ORDER BY id");
    let read = fixture.statement(&read).unkept();
    assert!(!update.is_kept() && !read.is_kept());
    for count in 1..=3 {
        assert_eq!(session.execute(&update, &[]).await, Ok(2));
        session.begin().await.unwrap();
        let rows = session.query(&read, &[]).await.unwrap();
        assert_eq!(rows, [[Value::Integer(count)], [Value::Integer(count)]]);
        session.commit().await.unwrap();
    }
    session.close().await;
    assert_eq!(fixture.n().await, 3);
}
