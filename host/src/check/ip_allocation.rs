use crate::model::allocations::Allocations;
use crate::model::change::{Change, Nanos};
use crate::model::pool::Pool;
use crate::model::verdict::Judgement;
pub struct Evidence<'a> {
    pub pools: &'a [Pool],
    pub changes: &'a [Change],
    pub found: Option<&'a Allocations>,
}
pub fn judge(_: &Evidence) -> Judgement {
    Judgement::of(Vec::new())
}
pub fn judge_simulated(_: &Evidence, _: Nanos) -> Judgement {
    Judgement::of(Vec::new())
}
