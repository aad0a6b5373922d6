"""manage.py offboard SLUG: an organization leaves, and its keys are destroyed. Nothing brings them back.

Hand its data over first (exports, patients' records). Without --confirm it only says whether it may be done and what goes.
With it, both people type a code of their second factor.
"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from advocacy.errors import Refused
from advocacy.management.at_terminal import account_of, prove
from advocacy.management.offboarding import finish, may_be_offboarded, offboard, was_decided
from advocacy.management.owner import as_owner
from advocacy.tenancy.keystore import CannotOpen
from advocacy.tenancy.models import Organization

AGAIN = "Its keys or files may still be there: run the same command again when the cause is mended."


class Command(BaseCommand):
    help = (
        "Off-boards an organization: ends every way in, removes search text and stored files, destroys its keys."
        " What was sealed under them opens nowhere any more, in no older backup either."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", help="The organization's short name.")
        parser.add_argument(
            "--asked-by", required=True, help="Mail address of the account that asked for it."
        )
        parser.add_argument("--approved-by", required=True, help="Somebody else's, who approves it.")
        parser.add_argument("--confirm", default="", help="The short name once more: then it is done.")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, confirmed = options["slug"], options["confirm"]
        with as_owner():
            organization = Organization.objects.filter(slug=slug).first()
            if organization is None:
                raise CommandError(f"There is no organization {slug}.")
            if was_decided(organization):
                self.finish(organization, confirmed == slug)
                return
            asked, approved = (account_of(options[name]) for name in ("asked_by", "approved_by"))
            if confirmed != slug:
                reasons = may_be_offboarded(organization, asked, approved)
                self.refuse([r.message for r in reasons])
                self.stdout.write(
                    f"{organization.name} can be off-boarded. Nothing was done. To do it: --confirm {slug}"
                )
                return
            self.refuse([r.message for r in may_be_offboarded(organization, asked, approved)])
            for person in (asked, approved):
                prove(person)
            try:
                done = offboard(organization, asked_by=asked, approved_by=approved, at=timezone.now())
            except Refused as refused:
                self.refuse([r.message for r in refused.reasons])
                return
            except (CannotOpen, OSError) as problem:
                raise CommandError(f"{problem}\nWays in are closed. {AGAIN}") from None
        self.stdout.write(
            f"{organization.name} is closed and its keys are destroyed: {done.ended} ways in ended, {done.accounts} accounts"
            f" without an address, {done.search_rows} rows of search text and {done.files} files removed.\n"
            "Now renew every copy of the keystore (manage.py data_keys copy FOLDER): an older copy would open older backups."
        )

    def finish(self, organization: Organization, confirmed: bool) -> None:
        """After a run that broke off. The people who decided it may have no account any more; they decided it for good."""
        if not confirmed:
            self.stdout.write(
                f"{organization.name} was off-boarded. Nothing was done now. To destroy what a broken-off run left:"
                f" --confirm {organization.slug}"
            )
            return
        try:
            finish(organization)
        except Refused as refused:
            self.refuse([r.message for r in refused.reasons])
        except (CannotOpen, OSError) as problem:
            raise CommandError(f"{problem}\n{AGAIN}") from None
        else:
            self.stdout.write(f"{organization.name} was closed before; its keys and its files are destroyed.")

    @staticmethod
    def refuse(reasons: list[str]) -> None:
        if reasons:
            raise CommandError("\n  ".join(["Nothing was done:", *reasons]))
