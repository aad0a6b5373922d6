"""manage.py rule_pack: say which rules count here, write them as a pack, sign one, check one, make a key."""

from __future__ import annotations

import base64
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from appeals.regimes import DATA
from appeals.regimes.packs import BadPack, Loaded, key_of, public_keys, read, signed, written


class Command(BaseCommand):
    """Nothing here changes which rules count: that is `RECOURSE_RULE_PACK`, read at the start of each process."""

    help = "Say which rules of deadlines count; write, sign or check a rule pack; make a key to sign with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One act a call; without any, it says which rules count here."""
        parser.add_argument("--check", type=Path, metavar="PACK", help="check schema, contents and signature")
        parser.add_argument("--write", type=Path, metavar="FILE", help="write the pack to this file")
        parser.add_argument(
            "--source", type=Path, default=DATA, metavar="PACK", help="what to write (default: the program's)"
        )
        parser.add_argument(
            "--sign",
            type=Path,
            metavar="KEYFILE",
            help="sign it with the key in this file (32 bytes, base64)",
        )
        parser.add_argument("--key-id", default="r1", help="names the key in the signature")
        parser.add_argument("--new-key", action="store_true", help="print a fresh pair of keys")

    def handle(self, *args: Any, **options: Any) -> None:
        """Prints what it did. A pack that may not be computed with ends with exit code 2."""
        try:
            if options["new_key"]:
                self.new_key()
            elif options["check"]:
                self.say(read(options["check"], public_keys(settings.RULE_KEYS)))
            elif options["write"]:
                self.write(options)
            elif settings.RULE_PACK:
                self.say(read(Path(settings.RULE_PACK), public_keys(settings.RULE_KEYS)))
            else:
                self.say(read(DATA))
        except (BadPack, OSError) as problem:
            raise CommandError(str(problem), returncode=2) from None

    def say(self, found: Loaded) -> None:
        """What the pack is and who signed it."""
        rules = sum(len(versions) for versions in found.book.rules.values())
        states, acts = len(found.book.states), len(found.book.overrides)
        self.stdout.write(
            f"Rules as of {found.book.as_of}: {rules} versions of {len(found.book.rules)} rules, {states} states, {acts} acts."
        )
        by = (
            f"Signed by {found.signed_by}."
            if found.signed_by
            else "They come with the program and are not signed."
        )
        self.stdout.write(by)

    def write(self, options: dict[str, Any]) -> None:
        """Write a pack that holds together, signed where a key is named."""
        pack = {k: v for k, v in read(options["source"]).pack.items() if k != "signature"}
        if options["sign"]:
            seed = key_of(options["sign"].read_text(), options["sign"].name)
            pack = signed(pack, options["key_id"], seed)
        options["write"].write_text(written(pack), encoding="utf-8")
        self.stdout.write(
            f"{options['write']}: {'signed by ' + options['key_id'] if options['sign'] else 'not signed'}."
        )

    def new_key(self) -> None:
        """A fresh pair: the private key for a file that nobody else reads, the public one for `RECOURSE_RULE_KEYS`."""
        seed = os.urandom(32)
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        for name, key in (("private", seed), ("public", public)):
            self.stdout.write(f"{name}: {base64.urlsafe_b64encode(key).decode()}")
