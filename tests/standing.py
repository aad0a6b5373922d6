"""What many tests begin with is made once, and each test works behind a savepoint on top of it.

`@prepared` stands in place of `@pytest.fixture` where a fixture only makes rows (and documents) from other prepared ones:
the cast, a case that was refused. Each lies in a savepoint of one transaction that stays open from test to test; a test
gets copies of what its fixtures returned, and what it writes is rolled back. A test that wants others gets the ones they
have in common as they stand, and the rest made anew. In a test with real commits a prepared fixture is one like any other.

What is made must not depend on what else a test sets up: its clock, its settings, its browser.
"""

from __future__ import annotations

import copy
import inspect
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import override_settings
from pytest_django.plugin import blocking_manager_key


@dataclass(frozen=True, eq=False)
class Prepared:
    """One such fixture. `within` is what its value is used within, in a test and by what is made from it.

    `shared` is one whose value is handed out as it is: many rows, and tests only look into it.
    """

    name: str
    make: Callable[..., Any]
    needs: tuple[str, ...]
    within: Callable[[Any], AbstractContextManager[Any]]
    shared: bool


@dataclass(frozen=True)
class Layer:
    """A prepared fixture as it stands: its savepoint, all values and documents up to it, the mails it sent."""

    prepared: Prepared
    block: Any
    values: dict[str, Any]
    documents: Path
    mails: list[Any]

    def copies(self) -> dict[str, Any]:
        return copy.deepcopy(self.values, {id(kept): kept for kept in self.shared})

    @property
    def shared(self) -> list[Any]:
        return [self.values[self.prepared.name]] if self.prepared.shared else []


class Standing:
    """The layers that stand in this process, and the copies of their values that the test of the moment was given."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.given: dict[str, Any] = {}
        self._connection: Any = None

    def bring(self, wanted: list[Prepared]) -> None:
        """Make exactly these stand, in this order, and hand out fresh copies of what they returned."""
        if self.layers and not self._is_sound():
            self.drop()
        shared = 0
        for layer, prepared in zip(self.layers, wanted, strict=False):
            if layer.prepared is not prepared:
                break
            shared += 1
        while len(self.layers) > shared:
            self._take_down()
        for prepared in wanted[shared:]:
            self._put_up(prepared)
        self.given = self.layers[-1].copies() if self.layers else {}

    def take(self, prepared: Prepared) -> tuple[bool, Any]:
        """Whether it stands for the test of the moment, and its value; the mails it sent lie in the outbox again."""
        for layer in self.layers:
            if layer.prepared is prepared and prepared.name in self.given:
                mail.outbox.extend(copy.deepcopy(layer.mails))
                return True, self.given[prepared.name]
        return False, None

    def drop(self) -> None:
        """Nothing stands any more."""
        self.given = {}
        if self.layers and not self._is_sound():
            # A test closed the connection, or lost it; the next query opens another.
            for layer in self.layers:
                shutil.rmtree(layer.documents, ignore_errors=True)
            self.layers.clear()
            if connection.connection is not None:
                connection.connection.close()
            connection.connection, connection.in_atomic_block = None, False
        while self.layers:
            self._take_down()

    def documents_to(self, folder: Path) -> None:
        """The documents of what stands, for the vault of one test."""
        if self.given:
            shutil.copytree(self.layers[-1].documents, folder, dirs_exist_ok=True)

    def _is_sound(self) -> bool:
        raw = connection.connection
        return (
            raw is not None
            and raw is self._connection
            and not raw.closed
            and not connection.needs_rollback
            and len(connection.atomic_blocks) == len(self.layers)
        )

    def _put_up(self, prepared: Prepared) -> None:
        below = self.layers[-1] if self.layers else None
        values = below.copies() if below else {}
        outbox, mail.outbox = mail.outbox, []
        documents = Path(tempfile.mkdtemp(prefix="recourse-standing-"))
        if below:
            shutil.copytree(below.documents, documents, dirs_exist_ok=True)
        block = transaction.atomic()
        block._from_testcase = True  # type: ignore[attr-defined]  as Django's own TestCase does: commands may be durable
        block.__enter__()
        self._connection = connection.connection
        try:
            with ExitStack() as stack:
                stack.enter_context(override_settings(DATA_DIR=documents))
                for layer in self.layers:
                    stack.enter_context(layer.prepared.within(values[layer.prepared.name]))
                values[prepared.name] = prepared.make(**{name: values.get(name) for name in prepared.needs})
            connection.run_on_commit.clear()
        except BaseException:
            shutil.rmtree(documents, ignore_errors=True)
            transaction.set_rollback(True)
            block.__exit__(None, None, None)
            raise
        finally:
            sent, mail.outbox = mail.outbox, outbox
        self.layers.append(Layer(prepared, block, values, documents, sent))

    def _take_down(self) -> None:
        layer = self.layers.pop()
        shutil.rmtree(layer.documents, ignore_errors=True)
        transaction.set_rollback(True)
        layer.block.__exit__(None, None, None)


STANDING = Standing()


def prepared(
    make: Callable[..., Any] | None = None,
    *,
    within: Callable[[Any], AbstractContextManager[Any]] = nullcontext,
    shared: bool = False,
) -> Any:
    """A fixture of rows that is made once for many tests; see above. Of what is no prepared fixture it is given None."""
    if make is None:
        return lambda function: prepared(function, within=within, shared=shared)
    this = Prepared(make.__name__, make, tuple(inspect.signature(make).parameters), within, shared)

    def fixture(**given: Any) -> Iterator[Any]:
        stands, value = STANDING.take(this)
        if not stands:
            value = make(**given)
        with within(value):
            yield value

    fixture.__name__, fixture.__doc__, fixture.__module__ = make.__name__, make.__doc__, make.__module__
    fixture.__signature__ = inspect.signature(make)  # type: ignore[attr-defined]
    fixture.prepared = this  # type: ignore[attr-defined]
    return pytest.fixture(fixture)


def prepared_of(item: Any) -> list[Prepared]:
    """What of this kind a test wants, each after those it is made from."""
    definitions = item._fixtureinfo.name2fixturedefs
    ordered: list[Prepared] = []

    def add(name: str) -> None:
        found = getattr(definitions[name][-1].func, "prepared", None) if definitions.get(name) else None
        if found is not None and found not in ordered:
            for needed in found.needs:
                add(needed)
            ordered.append(found)

    for name in item._fixtureinfo.names_closure:
        add(name)
    return ordered


def _commits(item: Any) -> bool:
    """Whether a test has real transactions, and the database emptied after it."""
    marker = item.get_closest_marker("django_db")
    return bool(marker and marker.kwargs.get("transaction")) or "transactional_db" in item.fixturenames


@pytest.fixture
def _standing(request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any) -> None:
    """Before the database is a test's own: what it wants stands, and nothing else."""
    with django_db_blocker.unblock():
        STANDING.bring([] if _commits(request.node) else prepared_of(request.node))


@pytest.fixture
def _django_db_helper(_standing: None, _django_db_helper: None) -> None:
    """pytest-django's own, which begins the transaction of a test, after that."""


@pytest.fixture
def own_vault(settings: Any, tmp_path: Path, _standing: None) -> Path:
    """A vault of the test's own, with the documents of what stands."""
    settings.DATA_DIR = tmp_path
    STANDING.documents_to(tmp_path)
    return tmp_path


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: Any) -> None:
    """A test that goes to the database by a way of its own finds nothing standing, and may close the connection."""
    if STANDING.layers and "django_db_blocker" in item.fixturenames and "_standing" not in item.fixturenames:
        with item.config.stash[blocking_manager_key].unblock():
            STANDING.drop()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Within a file, tests that begin with the same follow each other; so do those of all files that share many rows."""
    first: dict[Any, int] = {}
    wanted = {item: prepared_of(item) for item in items}
    kinds: dict[Any, Any] = {}
    for number, item in enumerate(items):
        shared = [p.name for p in wanted[item] if p.shared]
        kinds[item] = (
            shared[0] if shared else (item.path, _commits(item)) if "db" in item.fixturenames else number
        )
        first.setdefault(kinds[item], number)
    items.sort(key=lambda item: (first[kinds[item]], [p.name for p in wanted[item]]))
