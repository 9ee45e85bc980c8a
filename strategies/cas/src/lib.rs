use contend_guest::exports::contend::strategy::state_change::{Guest, Transition};
use contend_guest::contend::strategy::{types::{Fault,Value}, db};
struct Cas;
impl Guest for Cas {
    fn change(t: Transition) -> Result<(), Fault> {
        let s = db::connect(&db::Target::Endpoint)?;
        s.execute("UPDATE", &[Value::Text(t.row)])?;
        Ok(())
    }
}
contend_guest::export!(Cas with_types_in contend_guest);
