"""Every setting the program reads is explained in .env.example, and that file explains none that nothing reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password

from tests.conftest import HASHERS_AS_SHIPPED

ROOT = Path(settings.BASE_DIR)
NAME = re.compile(r"\b(?:RECOURSE_[A-Z_]+|DATABASE_(?:URL|OWNER_URL|POOLER)|PORT)\b")
ASKED = re.compile(
    r"(?:environ(?:\.get)?[\[(]|getenv\(|\bflag\(|\baddress\(|environment(?:\.get)?[\[(])\s*\"([A-Z][A-Z0-9_]+)\""
)
# Of the surroundings, not of ours.
FOREIGN = {"HOME", "PATH", "CI", "DJANGO_SETTINGS_MODULE", "LC_ALL", "LANG", "TERM", "NO_COLOR"}


def sources() -> list[Path]:
    found = [p for app in ("advocacy", "cases", "appeals", "deploy") for p in (ROOT / app).rglob("*.py")]
    return [*found, ROOT / "manage.py"]


def explained() -> set[str]:
    """The names that stand as settings, one a line, commented or not."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return {m[1] for line in lines if (m := re.match(r"#? ?([A-Z][A-Z0-9_]+)=", line))}


def test_every_setting_in_code_is_explained():
    named = {name for path in sources() for name in NAME.findall(path.read_text())}
    asked = {name for path in sources() for name in ASKED.findall(path.read_text())} - FOREIGN
    assert len(asked) > 20
    assert (named | asked) - explained() == set()


def test_every_explained_setting_is_read():
    text = "\n".join(path.read_text() for path in sources())
    assert {name for name in explained() if f'"{name}"' not in text and f"'{name}'" not in text} == set()


@pytest.mark.parametrize("line", (ROOT / ".env.example").read_text().splitlines())
def test_nothing_in_the_example_is_switched_on(line):
    assert line == "" or line.startswith("#")


def test_passphrases_are_hashed_slowly_where_people_sign_in(settings):
    """The tests hash quickly; the product begins with what Django recommends."""
    settings.PASSWORD_HASHERS = HASHERS_AS_SHIPPED
    assert make_password("a long enough passphrase").split("$")[:2] == [
        "pbkdf2_sha256",
        str(PBKDF2PasswordHasher.iterations),
    ]
    assert PBKDF2PasswordHasher.iterations >= 600_000
