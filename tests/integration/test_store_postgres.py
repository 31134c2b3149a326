"""A store on a PostgreSQL server that ends its sessions, as a restart does, or that others hold up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import psycopg
import pytest
from contract.stores import queued, submitted

from kflite import store
from kflite.errors import StoreError, StoreLocked
from kflite.store import Database
from kflite.store import follow as following
from kflite.store.follow import follow
from kflite.store.limits import LOCK
from kflite.store.postgres import PostgresConnection

SOON_S = 30.0
OTHERS = "datname = current_database() AND pid != pg_backend_pid() AND backend_type = 'client backend'"


@pytest.fixture
def server(postgres_url: str) -> Iterator[psycopg.Connection]:
    """A session of the test's own."""
    with psycopg.connect(postgres_url, autocommit=True) as server:
        yield server


@pytest.fixture
def opened(postgres_url: str) -> Iterator[Database]:
    opened = store.open(postgres_url)
    opened.append([submitted("a")])
    yield opened
    opened.close()


def sessions(server: psycopg.Connection) -> int:
    """How many sessions there are but the test's."""
    return len(server.execute(f"SELECT 1 FROM pg_stat_activity WHERE {OTHERS}").fetchall())


def end_sessions(server: psycopg.Connection) -> int:
    """End all sessions but the test's, and wait until they are gone; returns how many there were."""
    return len(server.execute(f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE {OTHERS}").fetchall())


def test_a_store_is_read_on_after_its_sessions_were_ended(opened: Database, server: psycopg.Connection) -> None:
    assert end_sessions(server) == 1
    assert opened.run("a").run == "a"


def test_a_store_is_written_on_after_its_sessions_were_ended(opened: Database, server: psycopg.Connection) -> None:
    for n in range(3):
        end_sessions(server)
        assert opened.append([queued("a", f"t{n}")]) == n + 2
    end_sessions(server)
    assert opened.acquire_lease("a", "me:1:1:x", 1.0, 10.0)


def test_a_session_that_ends_within_a_transaction_leaves_nothing_of_it(opened: Database, server: psycopg.Connection) -> None:
    def half() -> None:
        with opened.connection.writing():
            list(opened.connection.rows("DELETE FROM run RETURNING run"))
            end_sessions(server)
            list(opened.connection.rows("SELECT 1"))

    with pytest.raises(StoreError, match="cannot be reached"):
        half()
    assert opened.run("a").run == "a"
    assert opened.append([queued("a", "x")]) == 2


def test_a_follower_hears_on_after_its_sessions_were_ended(
    opened: Database, server: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "POLL_S", 10 * SOON_S)

    async def heard() -> list[list[str]]:
        batches, found = follow(opened, "a"), []
        async with asyncio.timeout(SOON_S):
            found.append([event.task for event in await anext(batches)])
            for n in range(3):
                coming = asyncio.ensure_future(anext(batches))
                await asyncio.sleep(0)
                await asyncio.to_thread(end_sessions, server)
                await asyncio.to_thread(opened.append, [queued("a", f"t{n}")])
                found.append([event.task for event in await coming])
        await batches.aclose()
        return found

    assert asyncio.run(heard()) == [[""], ["t0"], ["t1"], ["t2"]]


def test_a_follower_leaves_no_session_behind(opened: Database, server: psycopg.Connection) -> None:
    async def follow_a_little() -> None:
        batches = follow(opened)
        await anext(batches)
        await batches.aclose()

    asyncio.run(follow_a_little())
    deadline = time.monotonic() + 10
    while sessions(server) > 1:  # the server takes a moment to see that the follower has gone
        assert time.monotonic() < deadline


def test_a_writer_waits_for_another_and_then_says_what_is_wrong(
    opened: Database, postgres_url: str, server: psycopg.Connection
) -> None:
    patient = Database(PostgresConnection(postgres_url, busy_s=0.05))
    with server.transaction():
        server.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        with pytest.raises(StoreLocked, match="another process holds its lock"):
            patient.append([queued("a", "x")])
        assert patient.tasks("a") == []
    assert patient.append([queued("a", "x")]) == 2
    patient.close()


@pytest.mark.parametrize("variant", ["postgres://", "postgresql://"])
def test_a_url_may_say_more_than_where_the_database_is(postgres_url: str, server: psycopg.Connection, variant: str) -> None:
    server.execute("CREATE SCHEMA team")
    url = f"{postgres_url}?options=-csearch_path%3Dteam&application_name=kflite".replace("postgresql://", variant)
    opened = store.open(url)
    opened.append([submitted("a")])
    assert server.execute("SELECT run FROM team.run").fetchall() == [("a",)]
    opened.close()
    again = store.open(url)
    assert again.run("a").run == "a"
    again.close()


def test_two_teams_have_their_own_tables_in_one_database(postgres_url: str, server: psycopg.Connection) -> None:
    for team in ("one", "two"):
        server.execute(f"CREATE SCHEMA {team}".encode())
        opened = store.open(f"{postgres_url}?options=-csearch_path%3D{team}")
        opened.append([submitted(team)])
        assert [row.run for row in opened.runs()] == [team]
        opened.close()
