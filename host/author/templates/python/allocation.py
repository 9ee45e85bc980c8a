"""The primary key decides: read which addresses are taken, and insert one of the next free ones.
A worker that finds it just inserted by another one reads and picks anew. What a strategy promises is
in wit/allocation.wit."""

from ipaddress import ip_address

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.allocation import Allocated, Pool
from wit_world.imports import db, replication, timing
from wit_world.imports.types import Detail, Error_Conflict, Error_Rejected, Value_Text

LOOK = "SELECT address FROM ip_allocations WHERE pool_id = ?"
INSERT = """INSERT INTO ip_allocations (address, subnet_id, pool_id, status, marker)
            VALUES (?, ?, ?, 'ALLOCATED', ?)"""
FREE = "DELETE FROM ip_allocations WHERE address = ? AND subnet_id = ? AND marker = ?"

# How MariaDB and SQLite say that there is such a key already.
DUPLICATE_KEY = ("1062", "1555", "2067")


# CHANGE THIS: take an address, and say which; none if another worker was quicker.
def attempt(worker: "Worker", pool: Pool, marker: str) -> str | None:
    taken = {row[0].value for row in worker.look.query(texts(pool.id))}
    free = next_free(pool, taken, 10)
    if not free:
        raise rejected("exhausted", "all addresses are taken")
    address = free[timing.random() % len(free)]
    try:
        worker.insert.execute(texts(address, pool.subnet, pool.id, marker))
    except Err as error:
        if isinstance(error.value, Error_Rejected) and error.value.value.code in DUPLICATE_KEY:
            return None
        raise
    return address


def next_free(pool: Pool, taken: set[str], count: int) -> list[str]:
    free, address, last = [], ip_address(pool.first), ip_address(pool.last)
    while address <= last and len(free) < count:
        if str(address) not in taken:
            free.append(str(address))
        address += 1
    return free


class Allocation(exports.Allocation):
    def allocate(self, pool: Pool, marker: str) -> Allocated:
        for attempts in range(1, 51):
            try:
                address = attempt(worker(), pool, marker)
                if address is not None:
                    return Allocated(address, attempts)
            except Err as error:
                again_after(error)
        raise rejected("attempts-exhausted", "gave up after 50 attempts")

    def release(self, pool: Pool, address: str, marker: str) -> None:
        while True:
            try:
                # The session may have been opened again on a node that lags.
                replication.sync(worker().session)
                if worker().free.execute(texts(address, pool.subnet, marker)) == 1:
                    return
            except Err as error:
                again_after(error)
            else:
                raise rejected("not-allocated", "there is no such allocation")


def again_after(error: Err) -> None:
    # It would fail again; or it may have happened, and must not be done twice.
    if not isinstance(error.value, Error_Conflict):
        raise error
    # It certainly had no effect: try again in 10 ms.
    timing.sleep(10_000_000)


class Worker:
    def __init__(self) -> None:
        self.session = db.connect(db.Target_Endpoint())
        self.look = self.session.prepare(LOOK)
        self.insert = self.session.prepare(INSERT)
        self.free = self.session.prepare(FREE)


# Each worker has an instance of its own, which keeps its session and its statements for the whole run.
kept = None


def worker() -> Worker:
    global kept
    kept = kept or Worker()
    return kept


def texts(*texts: str) -> list[Value_Text]:
    return [Value_Text(text) for text in texts]


def rejected(code: str, message: str) -> Err:
    return Err(Error_Rejected(Detail(code, message, [])))
