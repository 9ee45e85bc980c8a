"""Compare-and-swap: one conditional UPDATE, so no other worker can come between. One that finds another status
looks again. What a strategy promises is in wit/state-change.wit."""

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.state_change import Transition
from wit_world.imports import db, timing
from wit_world.imports.types import Error_Conflict, Value_Text

SQL = "UPDATE volumes SET status = ?, attach_status = ? WHERE id = ? AND status = ?"


# CHANGE THIS: make the transition, and say whether it was made.
def attempt(swap: db.Statement, t: Transition) -> bool:
    values = [Value_Text(text) for text in (t.to, t.marker, t.row, t.from_)]
    return swap.execute(values) == 1


class StateChange(exports.StateChange):
    def change(self, transition: Transition) -> None:
        while True:
            try:
                if attempt(swap(), transition):
                    return
            except Err as error:
                # It would fail again; or it may have happened, and must not be done twice.
                if not isinstance(error.value, Error_Conflict):
                    raise
            # It certainly had no effect: try again in 10 ms.
            timing.sleep(10_000_000)


# Each worker has an instance of its own, which keeps its session and its statement for the whole run.
session, prepared = None, None


def swap() -> db.Statement:
    global session, prepared
    session = session or db.connect(db.Target_Endpoint())
    prepared = prepared or session.prepare(SQL)
    return prepared
