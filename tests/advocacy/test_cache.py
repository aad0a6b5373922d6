"""The shared cache counts atomically, keeps the end of a count, and throws away only what has run out."""

from __future__ import annotations

import threading
import time

import pytest
from allauth.core.internal import ratelimit
from django.core.cache import cache
from django.db import connection, transaction
from django.test import RequestFactory

from advocacy.background import cache as ours
from advocacy.background.cache import SharedCache

TOGETHER, TIMES = 4, 25


def at_once(act) -> list[BaseException]:
    """Run `act(number)` in several threads, each on a connection of its own, in one transaction each as a request is."""
    problems: list[BaseException] = []
    ready = threading.Barrier(TOGETHER)

    def run(number: int) -> None:
        try:
            ready.wait(timeout=20)
            act(number)
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[n]) for n in range(TOGETHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return problems


def test_the_cache_is_ours(settings):
    assert isinstance(cache._connections[cache._alias], SharedCache)


@pytest.mark.django_db(transaction=True)
def test_what_is_counted_at_once_is_counted():
    cache.set("attempts", 0, 600)

    def count(number: int) -> None:
        for _ in range(TIMES):
            with transaction.atomic():
                cache.incr("attempts")

    assert at_once(count) == []
    assert cache.get("attempts") == TOGETHER * TIMES


@pytest.mark.django_db(transaction=True)
def test_of_several_that_add_at_once_one_wins():
    won: list[int] = []

    def add(number: int) -> None:
        with transaction.atomic():
            if cache.add("lock", number, 600):
                won.append(number)

    assert at_once(add) == []
    assert won == [cache.get("lock")]


@pytest.mark.django_db(transaction=True)
def test_a_limit_on_sign_in_lets_through_so_many_and_no_more(monkeypatch):
    """As allauth uses it: its lock is an `add`, its history a `get` and a `set`, all in the request's one transaction."""
    monkeypatch.setattr(ratelimit, "CACHE_LOCK_WAIT_TIMEOUT", 30)
    passed: list[int] = []
    config = {"login_failed": "5/1h/ip"}

    def knock(number: int) -> None:
        for _ in range(5):
            request = RequestFactory().post("/accounts/login/", REMOTE_ADDR="203.0.113.7")
            with transaction.atomic():
                if ratelimit.consume(request, app="account", action="login_failed", config=config):
                    passed.append(number)

    assert at_once(knock) == []
    assert len(passed) == 5


def test_a_count_keeps_its_end(db):
    cache.set("attempts", 1, 1)
    assert cache.incr("attempts") == 2
    assert cache.decr("attempts", 2) == 0
    time.sleep(1.1)
    assert (
        connection.in_atomic_block
    )  # now() stands still inside a test's transaction: the row is looked at directly
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_cache WHERE expires <= clock_timestamp()")
        assert cursor.fetchone() == (1,)


def test_a_key_that_is_not_there_is_not_counted(db):
    with pytest.raises(ValueError, match="not found"):
        cache.incr("nothing")
    assert cache.touch("nothing", 60) is False


def test_values_are_kept_taken_out_and_renewed(db):
    assert cache.add("one", {"a": 1}, 60) is True
    assert cache.add("one", {"a": 2}, 60) is False
    assert cache.get("one") == {"a": 1}
    cache.set("one", [3], None)
    assert (cache.get("one"), cache.touch("one", 60), cache.has_key("one")) == ([3], True, True)
    assert cache.delete("one") is True
    assert cache.get("one") is None


def test_what_ran_out_can_be_added_again(db):
    cache.set("old", 1, -5)
    assert cache.add("old", 2, 60) is True
    assert cache.get("old") == 2


def test_a_full_table_loses_only_what_ran_out(db, monkeypatch):
    """Django's own would throw away a third of the counters once there are 300: whoever makes many would free himself."""
    monkeypatch.setattr(ours, "SWEEP_EVERY", 1)
    for number in range(10):
        cache.set(f"old-{number}", number, -5)
    for number in range(400):
        cache.set(f"attempts-{number}", number, 600)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_cache")
        assert cursor.fetchone() == (400,)
