"""make deploy-check: start what deploy/ describes, walk a case through it, back it up, restore it elsewhere, compare.

In containers where a runtime answers; otherwise the same scripts and settings on this machine, with PostgreSQL and
PgBouncer from packages (installed where the user is root). Exit codes: 0 all of it holds, 1 something does not, 2 it could
not be checked here. Whatever happens, nothing is left running.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from advocacy.embedded import EmbeddedError
from advocacy.local_state import Make
from deploy.archive import differences
from deploy.check import containers
from deploy.check.browser import Browser, Unexpected
from deploy.check.machine import CannotCheck, Failed, Installation, collect_static, provide
from deploy.check.walk import (
    FAMILY,
    GIVEN,
    MEMBER_ID,
    PATIENT,
    TWO_FACTORS,
    Walked,
    found_by_name,
    packet,
    portal,
    sign_in,
    signed_in_by_code,
    walk,
)

# Nothing of this may stand in a log: the patient, and what opens a door.
SECRET_WORDS = (
    FAMILY,
    FAMILY.upper(),
    GIVEN,
    MEMBER_ID,
    PATIENT,
    TWO_FACTORS,
    "/invitation/",
    "/admin/cases/",
)


def say(text: str) -> None:
    with suppress(OSError):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


@contextmanager
def step(title: str) -> Iterator[None]:
    """Says what is done, and how long it took."""
    begun = time.monotonic()
    say(f"{title} ...")
    yield
    say(f"    {time.monotonic() - begun:.1f} s")


def expect(what: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        raise Failed(f"{what}: {str(found)[:1500]} instead of {str(wanted)[:1500]}")


def fails(what: str, attempt: Callable[[], Any], words: str) -> None:
    """The attempt has to fail, and to say so in these words."""
    try:
        attempt()
    except Failed as problem:
        if words not in str(problem):
            raise Failed(f"{what} failed otherwise than it should: {problem}") from None
    else:
        raise Failed(f"{what} did not fail.")


def outside(place: Any) -> None:
    """What somebody without an account sees of a production server."""
    expect("/health/live", place.get("/health/live")[0], 200)
    status, body = place.get("/health/ready")
    expect(
        "/health/ready",
        (status, json.loads(body)["checks"]),
        (200, dict.fromkeys(json.loads(body)["checks"], "ok")),
    )
    status, body = place.get("/nothing/here/")
    expect("an unknown address", (status, b"DEBUG" in body, b"urlconf" in body), (404, False, False))
    expect("another host", place.get("/", Host="elsewhere.example")[0], 400)
    expect("figures without the token", place.get("/health/metrics")[0], 404)
    token = (place.secrets / "metrics_token").read_text()
    status, body = place.get("/health/metrics", Authorization=f"Bearer {token}")
    wanted = (b"recourse_database_up 1.0", b"recourse_workers 1.0", b"recourse_requests_total")
    expect("figures", (status, [line for line in wanted if line not in body]), (200, []))
    css = place.browser()
    css.go("/accounts/login/")
    sheet = next(n.attributes["href"] for n in css.page.walk() if n.attributes.get("rel") == "stylesheet")
    expect("a static file", css.go(sheet), 200)
    expect("its cache", "immutable" in css.headers.get("cache-control", ""), True)


def log_is_clean(place: Any) -> None:
    """No word of the patient and no address that opens something, and every line of ours is JSON."""
    told = place.told()
    expect("words in the log", [word for word in SECRET_WORDS if word in told], [])
    lines = [line for line in told.splitlines() if line.startswith("{")]
    routes = {json.loads(line).get("route") for line in lines}
    expect("routes in the log", {"appeals:filed_file", "account_login", "invitation"} - routes, set())


def facts(place: Any) -> dict[str, Any]:
    return {
        "rows": place.rows(),
        "documents": json.loads(place.manage("check_documents", "--json")),
        "trail": place.trail(),
    }


def compare(before: dict[str, Any], after: dict[str, Any]) -> None:
    expect("rows", differences(before["rows"], after["rows"]), [])
    expect("documents", after["documents"], before["documents"])
    expect(
        "the trail", (len(after["trail"]), after["trail"] == before["trail"]), (len(before["trail"]), True)
    )
    say(
        f"    {sum(count for count, _ in before['rows'].values())} rows in {len(before['rows'])} tables,"
        f" {len(before['documents'])} documents and {len(before['trail'])} events are equal"
    )


def came_back(place: Any, walked: Walked, before: Browser) -> None:
    """In the restored installation nobody is signed in; the frozen packet opens with the same bytes; the patient comes in."""
    old = place.browser()
    old.cookies = dict(before.cookies)
    old.go(walked.case)
    expect("a session of before", "/accounts/login/" in old.here, True)
    nia = place.browser()
    sign_in(nia, TWO_FACTORS, walked.secret)
    expect("the frozen packet", packet(nia, walked) == walked.bytes, True)
    expect("the case", nia.go(walked.case), 200)
    found_by_name(nia)
    signed_in_by_code(place)


def check(folder: Path, make: Callable[..., Any]) -> None:
    """Everything, with installations that `make(name, keys_of=None)` makes. Raises Failed or Unexpected."""
    backups = folder / "backups"
    backups.mkdir()
    with step("Starting: roles, migrations, pooler, web server, worker"):
        first = make("first")
        first.begin()
        first.migrate()
        first.serve()
    with step("Looking at it from outside"):
        outside(first)
    with step(
        "Walking one case through it, from the denial letter to the filed appeal and the patient's portal"
    ):
        walked = walk(first)
        nia = first.browser()
        nia.cookies = dict(walked.cookies)
        portal(first, nia, walked.case)
    with step("Backing it up while it runs"):
        say("    " + first.backup("one").strip().replace("\n", "\n    "))
    with step("Stopping it, and backing up what changed since"):
        first.rest()
        log_is_clean(first)
        first.manage("seal_trail", "--anchor")
        expect("the sealed trail", "Valid" in first.manage("verify_audit"), True)
        before = facts(first)
        first.backup("two", "--since", "one")
        first.restore("two", "--check")
        expect("rows of the manifest", differences(before["rows"], first.manifest("two")["rows"]), [])
        expect("documents of the manifest", set(first.manifest("two")["documents"]), set(before["documents"]))
        fails("Restoring into an installation with data", lambda: first.restore("two"), "not empty")
    with step("Restoring into an empty cluster and an empty store"):
        second = make("second", keys_of=first)
        second.begin()
        fails(
            "Restoring without the organizations' keys", lambda: second.restore("two"), "No backup has them"
        )
        second.take_keys(first)
        second.restore("two")
        compare(before, facts(second))
        second.manage("seal_trail", "--restored", "A backup was tried.")
        expect("the sealed trail that was restored", "Valid" in second.manage("verify_audit"), True)
    with step("Starting what was restored, and opening what was filed"):
        second.serve()
        came_back(second, walked, nia)
        second.rest()
        log_is_clean_again(second)


def log_is_clean_again(place: Any) -> None:
    expect("words in the log", [word for word in SECRET_WORDS if word in place.told()], [])


LOG_LINES = 12
"""How much of its log a deployment tells that does not hold."""


def on_this_machine() -> None:
    """With packages; raises CannotCheck where one is missing."""
    with step("Looking for PostgreSQL and PgBouncer"):
        say(f"    {provide()}, PgBouncer")
    folder = Path(tempfile.mkdtemp(prefix="recourse-deploy-check-"))
    made: list[Installation] = []
    try:
        with step("Collecting static files"):
            static = collect_static(folder)

        def make(name: str, keys_of: Installation | None = None) -> Installation:
            made.append(Installation(name, folder, static, keys_of))
            return made[-1]

        check(folder, make)
    except (Failed, Unexpected):
        for place in made:  # the log goes with the installation
            say(
                f"\nThe end of the log of {place.name}:\n" + "\n".join(place.told().splitlines()[-LOG_LINES:])
            )
        raise
    finally:
        for place in made:
            place.end()
        shutil.rmtree(folder, ignore_errors=True)


def _ends_with_make() -> None:
    """`make` does not pass a signal on that was sent to it alone."""
    make = Make()

    def watch() -> None:
        while not make.has_given_up():
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def main() -> int:
    """Returns the exit code; see the top of this file."""

    def stopped(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stopped)
    _ends_with_make()
    begun = time.monotonic()
    try:
        runtime = containers.runtime()
        if runtime:
            say(f"With containers ({' '.join(runtime)}).")
            containers.run(runtime, check)
        else:
            say("No container runtime answers here: the same scripts with packages of this machine.")
            on_this_machine()
    except CannotCheck as problem:
        say(f"\nThe deployment could not be checked here. {problem}")
        return 2
    except (Failed, Unexpected, EmbeddedError) as problem:
        say(f"\nThe deployment does not hold: {problem}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130
    say(
        f"\nThe deployment holds: started, walked through, backed up, restored and compared in {time.monotonic() - begun:.0f} s."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
