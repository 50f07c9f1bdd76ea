"""
What an open transaction means for a fill.

A value that is computed inside a transaction may hold rows that nobody else sees yet. Two things follow.

*On commit.* A rollback takes such rows back without a change event, so nobody would ever delete the value. It is
stored when the transaction has committed, with the lease that was taken before the computation still held. That is
right whether or not the transaction itself has written:

- Its own writes before the computation are in the value, and their change events come after the commit. If the fill is
  faster than freshet, a true value is stored, and deleted once for nothing. If freshet is faster, it revokes the
  lease, and the fill is refused.
- Its own writes after the computation are not in the value. The orders are the same two, and the first one ends with
  the delete of what is stale.
- Another transaction committed after the lease was given: its delete comes later too, and takes the lease or the value.
- Another transaction committed, and its delete came, before the lease was given: at READ COMMITTED each statement sees
  what was committed before it began, so the computation saw it.

*Never above READ COMMITTED.* The last step is what fails there: the snapshot may be older than the lease, so a change
whose delete came before the lease was given is missing in the value. Only PostgreSQL is asked for its level: within a
transaction of another database, and without autocommit, nothing is stored.
"""

from __future__ import annotations

import _thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import Error, connections

_LEVELS_WITH_A_SNAPSHOT_PER_STATEMENT = {"read committed", "read uncommitted"}


def open_transactions() -> list[Any]:
    """This thread's connections that are inside a transaction. None is opened to find out."""
    return [connection for connection in connections.all(initialized_only=True) if _is_open(connection)]


def _is_open(connection: Any) -> bool:
    if connection.in_atomic_block:
        # `TestCase` wraps each test in transactions that are never committed, and marks them. Code under test is to
        # behave as it does without them.
        return not all(block._from_testcase for block in connection.atomic_blocks)
    return connection.connection is not None and not connection.autocommit


def tells_of_commit(connection: Any) -> bool:
    """
    Whether Django calls back when this connection's transaction commits.

    Without autocommit an ``atomic`` does not commit, and `connection.commit()` calls nobody back.
    """
    return bool(connection.in_atomic_block and connection.commit_on_exit)


def may_store() -> bool:
    """Whether a value computed now may ever be stored, as far as can be told without asking a database."""
    return all(
        tells_of_commit(connection)
        and connection.vendor == "postgresql"
        # The level of the settings. Its number depends on the driver, its name does not.
        and connection.isolation_level.name.replace("_", " ").lower() in _LEVELS_WITH_A_SNAPSHOT_PER_STATEMENT
        for connection in open_transactions()
    )


def may_store_on_commit(connection: Any) -> bool:
    """Asks the database: plain SQL may have set another level than the settings."""
    if not tells_of_commit(connection) or connection.needs_rollback or connection.vendor != "postgresql":
        return False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            return cursor.fetchone()[0] in _LEVELS_WITH_A_SNAPSHOT_PER_STATEMENT
    except Error:
        # A statement has failed before, so there will be no commit.
        return False


def on_commit(connection: Any, call: Callable[[], None]) -> None:
    """
    Calls when the transaction has committed, and never if anything it did so far is rolled back.

    Django drops a callback with the savepoints of the ``atomic`` blocks around it. Savepoints that were made by
    ``transaction.savepoint()`` are not among them, and whether one of those is open cannot be told; so all that this
    transaction has made count. Of one that was released nobody can roll back.
    A failure is logged: the commit cannot be undone, and a cache that fails is no reason to fail the request.
    """
    with _all_savepoints(connection):
        connection.on_commit(call, robust=True)


@contextmanager
def _all_savepoints(connection: Any) -> Iterator[None]:
    open_blocks = connection.savepoint_ids
    thread = str(_thread.get_ident()).replace("-", "")
    made = [f"s{thread}_x{number}" for number in range(1, connection.savepoint_state + 1)]
    connection.savepoint_ids = [*open_blocks, *made]
    try:
        yield
    finally:
        connection.savepoint_ids = open_blocks


def callbacks(connection: Any) -> list[Callable[[], None]]:
    """What waits for this connection's commit."""
    return [entry[1] for entry in connection.run_on_commit]
