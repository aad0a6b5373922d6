"""Somebody at a terminal: an operator's account, and what is typed there when a command asks for a proof."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from advocacy.people.models import User
from tests.cast import PASSWORD

OPERATOR = "ops@platform.example"
BY_OPERATOR = ("--account", OPERATOR)


@pytest.fixture
def typed_there(monkeypatch) -> Callable[..., None]:
    """`typed_there("one", "two")`: what the next questions of a command read, there being no terminal."""

    def typed(*words: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{word}\n" for word in words)))

    return typed


@pytest.fixture
def operator(db, typed_there) -> User:
    """The account of whoever runs the installation, with a passphrase that is typed whenever it is asked for."""
    typed_there(*[PASSWORD] * 20)
    return User.objects.create_user(OPERATOR, PASSWORD, name="Ops", is_superuser=True, is_staff=True)
