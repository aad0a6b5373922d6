"""manage.py seal_trail: seal now what the worker would seal within a minute, and lay the heads down where they are kept."""

from __future__ import annotations

import base64
import os
from argparse import ArgumentParser
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from advocacy.audit.keys import published
from advocacy.audit.seal import NoSealKey
from advocacy.audit.verifier import Unreadable
from advocacy.background.sealing import anchor_all, late, seal_all


class Command(BaseCommand):
    help = "Seals what waits; with --anchor lays the heads down too. --keys prints the public keys, --new-key makes a key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--anchor", action="store_true", help="Lay the heads down in the folder and by mail."
        )
        parser.add_argument(
            "--restored",
            metavar="WHY",
            default="",
            help="An older backup was put back: say so, signed, at every place of anchors. What was sealed after it is lost.",
        )
        parser.add_argument("--keys", action="store_true", help="Print the public keys and change nothing.")
        parser.add_argument(
            "--new-key", action="store_true", help="Print a fresh pair of keys and change nothing."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keys"]:
            for key in published(settings.KEYS):
                now = "signs now" if key["signs"] else "checked only"
                self.stdout.write(f"{key['id']}:{key['public']}  {key['fingerprint']}  {now}")
            return
        if options["new_key"]:
            self.new_key()
            return
        try:
            sealed = seal_all(seconds=float("inf"))
            self.stdout.write(f"{sealed:,} events were sealed.")
            if options["anchor"] or options["restored"]:
                places = anchor_all(folder=True, mail=True, restored=options["restored"])
                self.stdout.write(f"Heads were laid down: {', '.join(places) or 'nowhere'}.")
        except (NoSealKey, Unreadable, OSError) as problem:
            raise CommandError(str(problem)) from None
        for sentence in late(timezone.now()):
            self.stdout.write(sentence)
        if (options["anchor"] or options["restored"]) and not places:
            raise SystemExit(1)

    def new_key(self) -> None:
        seed = os.urandom(32)
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        for name, key in (("RECOURSE_SEAL_KEY", seed), ("its public key", public)):
            self.stdout.write(f"{name}: {base64.urlsafe_b64encode(key).decode()}")
