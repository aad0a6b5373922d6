"""What the trail and its seal cost a write: a note over the API with sealing running and without, the same insert without a
trail, eight writers in one organization under each way of sealing, and how fast a trail is checked.

The sealer runs as the worker runs it, in a process of its own, but every second instead of every minute. *Sealed at commit* is
the way that was not taken (ADR 13): a deferred trigger that chains hashes in the database, put on for its turn and taken off.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from uuid_utils.compat import uuid7

from advocacy.keyfile import load_keys
from advocacy.tenancy.keystore import KeyStore
from benchmarks import api, cluster
from benchmarks.measure import ran, tree
from benchmarks.plan import LARGEST
from benchmarks.setting import Results, World
from benchmarks.values import sealed

WRITERS = 8
SECONDS = 4.0
SCOPE = "SELECT set_config('app.organization', %s, true), set_config('app.actor', 'user:1', true)"
INSERT = """
INSERT INTO cases_note (public_id, organization_id, case_id, body, for_patient, written_at, written_by_id)
VALUES (%(note)s, %(organization)s, %(case)s, %(body)s, false, now(), NULL)
"""
READ = "SELECT audit.record('verb', 'note_written', 'cases_case', %(case)s, ARRAY[%(case)s]::bigint[], '{}', '{}', '')"

# The keys of events, chained under a lock that every writer of the organization waits for; held until its commit is over.
AT_COMMIT = """
CREATE TABLE public.benchmark_chain (organization_id bigint, seq bigint, hash bytea, PRIMARY KEY (organization_id, seq));
CREATE FUNCTION public.benchmark_seal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE s bigint; h bytea; d bytea;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('benchmark:' || NEW.organization_id, 0));
  SELECT seq, hash INTO s, h FROM public.benchmark_chain WHERE organization_id = NEW.organization_id ORDER BY seq DESC LIMIT 1;
  SELECT sha256(convert_to(string_agg(e::text, '|' ORDER BY e.id), 'UTF8')) INTO d FROM audit.event e WHERE e.id = ANY (NEW.ids);
  INSERT INTO public.benchmark_chain VALUES (NEW.organization_id, coalesce(s, 0) + 1, sha256(coalesce(h, '') || d));
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER benchmark_seal AFTER INSERT ON audit.batch DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION public.benchmark_seal()
"""
NOT_AT_COMMIT = """
DROP TRIGGER IF EXISTS benchmark_seal ON audit.batch;
DROP FUNCTION IF EXISTS public.benchmark_seal();
DROP TABLE IF EXISTS public.benchmark_chain
"""
ALL_WAIT = """
INSERT INTO audit.batch (organization_id, ids)
SELECT organization_id, array_agg(id ORDER BY id) FROM (
  SELECT e.id, e.organization_id, (row_number() OVER (ORDER BY e.id) - 1) / 1000 AS part FROM audit.event e
  LEFT JOIN (SELECT unnest(ids) FROM audit.batch UNION ALL SELECT unnest(ids) FROM audit.seal) AS known (id) ON known.id = e.id
  WHERE e.organization_id = %s AND known.id IS NULL) x GROUP BY organization_id, part
"""
SEALER = """
import sys, time, django
django.setup()
from advocacy.background.sealing import seal_all
seal_all()  # the worker runs for days: its connection and plans are there
print("ready", flush=True)
while True:
    seal_all(seconds=30)
    time.sleep(1)
"""


@contextlib.contextmanager
def sealer(world: World) -> Iterator[int]:
    """The sealing round again and again in a process of its own; yields its id."""
    running = subprocess.Popen(
        [sys.executable, "-c", SEALER], cwd=cluster.CHECKOUT, env=world.environment, stdout=subprocess.PIPE
    )
    try:
        assert running.stdout is not None and running.stdout.readline() == b"ready\n"
        yield running.pid
    finally:
        running.kill()
        running.wait()


def everything_sealed(world: World) -> None:
    """Nothing waits any more: each turn begins alike."""
    cluster.run(["manage.py", "seal_trail"], world.environment | {"PYTHONWARNINGS": "ignore"})


# --- One note ---


def notes(world: World, results: Results, rounds: int, count: int) -> None:
    """The product's note over HTTP, in blocks that alternate between sealing and not.

    A block lasts for several of the sealer's rounds, and each round's two blocks are compared with each other: what a host
    takes away for some seconds falls on both or spoils one pair.
    """
    make = api.note(world, "largest")
    warm = world.side("product").fresh()
    for turn in range(4):
        warm.client.send(make(turn))
    taken: dict[str, list[dict[str, float]]] = {"without": [], "with": []}
    own: list[float] = []
    for turn in range(rounds):
        order = ("without", "with") if turn % 2 else ("with", "without")
        for name in order:
            side = world.side("product").fresh()
            with sealer(world) if name == "with" else contextlib.nullcontext() as pid:
                before = ran([pid]) if pid else 0
                side.block(make, 10 + turn * count, count)
                if pid:
                    own.append((ran([pid]) - before) / count / 1e6)
            taken[name].append(side.taken.told())
            everything_sealed(world)
    results.raw["Trail and seal"] = taken | {"sealer": own}

    def median(name: str, kind: str) -> float:
        return statistics.median(block[kind] for block in taken[name])

    def ratio(kind: str, more: float = 0.0) -> float:
        pairs = zip(taken["with"], taken["without"], strict=True)
        return statistics.median((w[kind] + more) / without[kind] for w, without in pairs)

    for kind, what in (("cpu", "CPU of a note"), ("p50", "p50 of a note")):
        results.gate("Trail and seal", f"{what}, sealing to not sealing", ratio(kind), 1.10)
    pairs = [w["cpu"] / without["cpu"] for w, without in zip(taken["with"], taken["without"], strict=True)]
    results.tell(
        "Trail and seal", "lowest and highest round of CPU", f"{min(pairs):.2f}× to {max(pairs):.2f}×"
    )
    both = f"{median('with', 'cpu'):.2f} ({median('without', 'cpu'):.2f}) ms"
    results.tell("Trail and seal", "CPU of a note with sealing (without)", both)
    alone = statistics.median(own)
    results.tell("Trail and seal", "CPU of the sealer itself, a note", f"{alone:.2f} ms")
    results.tell(
        "Trail and seal", "CPU of a note and of sealing it, to not sealing", f"{ratio('cpu', alone):.2f}×"
    )


# --- Eight writers ---


class Writers:
    """Eight connections that write notes into one organization as fast as they can, each transaction a note and its act."""

    def __init__(self, world: World, organization: int) -> None:
        self.organization = organization
        local = Path(world.environment["RECOURSE_LOCAL_DIR"])
        keys = load_keys(environment=world.environment, path=local / "keys.json", production=False)
        self.store = KeyStore(local / "keystore", keys)
        self.store.of(organization)
        self.connections = [
            psycopg.connect(world.server.address("recourse_app", world.database)) for _ in range(WRITERS)
        ]
        with self.connections[0].transaction():
            self.connections[0].execute(SCOPE, [str(organization)])
            rows = self.connections[0].execute(
                "SELECT id FROM cases_case WHERE organization_id = %s ORDER BY id LIMIT %s",
                [organization, WRITERS],
            )
            self.cases = [row[0] for row in rows.fetchall()]

    def close(self) -> None:
        for connection in self.connections:
            connection.close()

    def turn(self, seconds: float, *, bare: bool = False) -> float:
        """Notes a second of all of them together. `bare`: the note alone, without trail (the caller has taken it off)."""
        end = time.monotonic() + seconds
        written = [0] * WRITERS
        failed: list[BaseException] = []

        def write(place: int) -> None:
            organization, connection = self.organization, self.connections[place]
            try:
                while time.monotonic() < end:
                    note = uuid7()
                    body = sealed(self.store, organization, note, "cases_note.body", "Called the plan again.")
                    row = {
                        "organization": organization,
                        "case": self.cases[place],
                        "note": note,
                        "body": body,
                    }
                    with connection.transaction():
                        connection.execute(SCOPE, [str(organization)])
                        connection.execute(INSERT, row)
                        if not bare:
                            connection.execute(READ, row)
                    written[place] += 1
            except psycopg.Error as problem:
                failed.append(problem)

        threads = [threading.Thread(target=write, args=[place]) for place in range(WRITERS)]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
        return sum(written) / (time.monotonic() - begun)


def deadlocks(world: World) -> int:
    with cluster.superuser(world.server, world.database) as connection:
        row = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert row is not None
    return int(str(row[0]))


@contextlib.contextmanager
def statements(world: World, before: str, after: str) -> Iterator[None]:
    with cluster.superuser(world.server, world.database) as connection:
        connection.execute(before)
    try:
        yield
    finally:
        with cluster.superuser(world.server, world.database) as connection:
            connection.execute(after)


def writers(world: World, results: Results, rounds: int) -> None:
    """All ways in each round, in an order that turns."""
    without_trail = (
        "ALTER TABLE cases_note DISABLE TRIGGER USER",
        "ALTER TABLE cases_note ENABLE TRIGGER USER",
    )
    ways: dict[str, Callable[[], contextlib.AbstractContextManager[Any]]] = {
        "not sealed": contextlib.nullcontext,
        "sealed by the job": lambda: sealer(world),
        "sealed at commit": lambda: statements(world, AT_COMMIT, NOT_AT_COMMIT),
        "without trail": lambda: statements(world, *without_trail),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    cpu: dict[str, list[float]] = {name: [] for name in ways}
    serving = world.side("product").database
    before = deadlocks(world)
    crowd = Writers(world, LARGEST)
    try:
        crowd.turn(1.0)
        for turn in range(rounds):
            names = list(ways)
            names = names[turn % len(names) :] + names[: turn % len(names)]
            for name in names:
                with ways[name]() as pid:
                    mine = [os.getpid(), *([pid] if isinstance(pid, int) else [])]
                    begun = ran(mine) + serving.ran()
                    taken[name].append(crowd.turn(SECONDS, bare=name == "without trail"))
                    spent = ran(mine) + serving.ran() - begun
                    cpu[name].append(spent / 1e6 / (taken[name][-1] * SECONDS))
                everything_sealed(world)
    finally:
        crowd.close()
    results.raw["Eight writers"] = {"notes a second": taken, "CPU a note": cpu, "load": os.getloadavg()}
    told = {name: statistics.median(values) for name, values in taken.items()}
    share = {
        name: statistics.median(v / u for v, u in zip(taken[name], taken["not sealed"], strict=True))
        for name in taken
    }
    workload = "Eight writers in one organization"
    results.least(
        workload,
        "throughput with the job sealing, of that without",
        100 * share["sealed by the job"],
        90,
        " %",
    )
    pairs = [100 * v / u for v, u in zip(taken["sealed by the job"], taken["not sealed"], strict=True)]
    results.tell(workload, "lowest and highest round of that", f"{min(pairs):.0f} to {max(pairs):.0f} %")
    time.sleep(1.5)  # the server's own account of deadlocks comes a moment later
    results.gate(workload, "deadlocks", deadlocks(world) - before, 0, "", 0)
    results.tell(workload, "the same, sealed at commit", f"{100 * share['sealed at commit']:.0f} %")
    for name, value in told.items():
        each = statistics.median(cpu[name])
        results.tell(
            workload,
            f"notes a second, {name}; CPU of each with all of sealing",
            f"{value:,.0f}; {each:.2f} ms",
        )


# --- Checking ---


def checking(world: World, results: Results) -> None:
    """The largest organization's whole trail: queued (a bulk load was declared past it), sealed, checked in place."""
    with cluster.superuser(world.server, world.database) as connection:
        connection.execute(ALL_WAIT, [LARGEST])
    begun = time.monotonic()
    everything_sealed(world)
    sealed = time.monotonic() - begun
    with cluster.superuser(world.server, world.database) as connection:
        row = connection.execute(
            "SELECT t.slug, (SELECT count(*) FROM audit.event WHERE organization_id = t.id),"
            " (SELECT sum(pg_column_size(s.*)) FROM audit.seal s WHERE organization_id = t.id)"
            " FROM tenancy_organization t WHERE id = %s",
            [LARGEST],
        ).fetchone()
    assert row is not None
    slug, events, size = str(row[0]), int(str(row[1])), int(str(row[2]))
    said = subprocess.run(
        [sys.executable, "manage.py", "verify_audit", slug],
        cwd=cluster.CHECKOUT,
        env=world.environment,
        text=True,
        capture_output=True,
        check=True,
    ).stdout
    rate = float(said.rpartition("(")[2].partition(" a minute")[0].replace(",", ""))
    results.raw["Checking"] = {"events": events, "sealed in": sealed, "said": said}
    results.least("Trail checked in place", f"{events:,} events", rate, 200_000, " a minute")
    results.tell(
        "Trail checked in place", "sealed before it, with starting", f"{events / sealed * 60:,.0f} a minute"
    )
    results.tell("Trail checked in place", "room of the seals, an event", f"{size / events:.0f} bytes")


def run(big: World, results: Results, rounds: int, count: int) -> None:
    """All of it, the largest organization."""
    results.raw["seal load"] = (os.getloadavg()[0], len(tree(big.side("product").root)))
    with cluster.superuser(big.server, big.database) as connection:
        connection.execute(NOT_AT_COMMIT)  # a run that was killed may have left it
    everything_sealed(big)
    notes(big, results, rounds, count)
    writers(big, results, rounds)
    checking(big, results)
