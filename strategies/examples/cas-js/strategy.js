// Compare-and-swap: one conditional UPDATE, so no other worker can come between. One that finds another status
// looks again. What a strategy promises is in wit/state-change.wit.

import { connect } from 'contend:strategy/db@0.2.0';
import { sleep } from 'contend:strategy/timing@0.2.0';

const SQL = 'UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?';

// CHANGE THIS: make the transition, and say whether it was made.
function attempt(swap, t) {
  const values = [t.to, t.marker, t.row, t.from].map((val) => ({ tag: 'text', val }));
  return swap.execute(values) === 1n;
}

export const stateChange = {
  change(transition) {
    for (;;) {
      try {
        if (attempt(swap(), transition)) return;
      } catch (error) {
        // It would fail again; or it may have happened, and must not be done twice.
        if (error.payload?.tag !== 'conflict') throw error.payload ?? error;
      }
      // It certainly had no effect: try again in 10 ms.
      sleep(10_000_000n);
    }
  },
};

// Each worker has an instance of its own, which keeps its session and its statement for the whole run.
let session, prepared;

function swap() {
  session ??= connect({ tag: 'endpoint' });
  prepared ??= session.prepare(SQL);
  return prepared;
}
