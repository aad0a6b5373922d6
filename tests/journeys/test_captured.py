"""The search at the end of the journeys finds what it is for; that it finds nothing there is no proof of that."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

from tests.journeys.captured import leaks, messages_in

WORDS = [
    "dana whitlock",
    "whitlock, dana",
    "tmk7730",
    "tmk 7730",
    "(515) 555-0142",
    "5155550142",
    "1984-05-17",
]


def test_each_kind_of_word_is_found_where_it_stands():
    planted = [
        ("mail", "Dear Dana\n  Whitlock, your plan answered."),
        ("address", "http://localhost/admin/search/?q=TMK 7730"),
        ("title", "Whitlock, Dana · Recourse"),
        ("log", "sent_to_5155550142 failed"),
        ("error", "call (515) 555-0142."),
        ("figures of operation", 'route{born="1984-05-17"} 1'),
    ]
    assert [found.partition(":")[0] for found in leaks(WORDS, planted)] == sorted(kind for kind, _ in planted)


def test_a_part_of_something_longer_is_none():
    assert leaks(WORDS, [("log", "15155550142 51555501427 1984-05-170 xtmk7730 Dana, Whitlock")]) == []


def test_a_mail_is_read_as_it_was_written(tmp_path: Path):
    message = EmailMessage()
    message["Subject"], message["To"] = "A word for Dana Whitlock", "dana@mail.example"
    message.set_content("Nothing.")
    path = tmp_path / "one"
    path.write_bytes(message.as_bytes() + b"\n" + b"-" * 79 + b"\n")
    (read,) = messages_in(path)
    assert leaks(WORDS, [("mail", f"Subject: {read['Subject']}")]) != []
