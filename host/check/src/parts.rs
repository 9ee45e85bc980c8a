//! Parts for the checkers of other workloads, in which a change takes something else than a row.
//!
//! # Example: a sum that lacks an increment
//!
//! Two workers increment one counter at once, and both increments report ok; the counter has 1.
//!
//! ```
//! use contend_check::parts::{Findings, Rivalry, effects_of, judgement};
//! use contend_check::synthetic;
//! use contend_model::verdict::Verdict;
//!
//! const COUNTERS: Rivalry = Rivalry {
//!     until: |change| change.acquire.returned,
//!     never_held: "nothing was incremented",
//!     never_met: "no two workers met",
//! };
//! let changes = [
//!     synthetic::change(0, 0, 0, [0, 10, 10, 10]),
//!     synthetic::change(1, 0, 0, [5, 20, 20, 20]),
//! ];
//! let found = 1;
//!
//! let contention = COUNTERS.count(&changes, 1);
//! let least: u32 = changes.iter().map(|change| effects_of(&change.acquire).0).sum();
//! let mut findings = Findings::default();
//! if found < least {
//!     findings.add(None, || format!("{least} ended ok, and the sum is {found}").into());
//! }
//! let unknown = COUNTERS.missing(&changes, &contention);
//! let answer = findings.answer("sum", "is every ok increment in the sum?", unknown);
//! let judged = judgement(vec![answer], &changes, contention, None);
//! assert_eq!(judged.verdict.why(), Some("2 ended ok, and the sum is 1"));
//! assert!(matches!(judged.verdict, Verdict::Violated(_)));
//! ```

pub use crate::contention::Rivalry;
pub use crate::counted::effects_of;
pub use crate::effect_before_ok::nothing_came_through;
pub use crate::every_change_counted::lost::Losses;
pub use crate::findings::{Findings, Ms, Unknown, Witness};
pub use crate::heard::Heard;
pub use crate::nodes_agree::{conclude as nodes_agree, differences};
pub use crate::overlap::{Span, overlaps};
pub use crate::trace::Trace;

use crate::model::change::{Change, Nanos};
use crate::model::contention::{Contention, ONE_WRITER};
use crate::model::verdict::{Answer, Judgement, Verdict};
use crate::progress;

/// The judgement of these answers. Where everything worked from some moment on, also asks whether every
/// change came to an end.
pub fn judgement(
    mut answers: Vec<Answer>,
    changes: &[Change],
    contention: Contention,
    whole_from: Option<Nanos>,
) -> Judgement {
    answers.extend(whole_from.map(|from| progress::answer(changes, from)));
    Judgement::of(answers).and_contention(contention)
}

/// Says beside a `valid` about rivals what it does not say of a cluster.
pub fn limited(mut answer: Answer, contention: &Contention) -> Answer {
    if answer.verdict == Verdict::Valid && contention.is_of_one_writer() {
        answer.remark = Some(ONE_WRITER.to_owned());
    }
    answer
}
