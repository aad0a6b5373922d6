"""Print the documents that the program itself knows: workflows, permissions, sealed fields, rules. `--check` is for CI."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models

from advocacy import guide, openapi, workflow
from advocacy.audit.verbs import VERBS
from advocacy.background import queue
from advocacy.management import sbom
from advocacy.management.commands import access_matrix
from advocacy.management.seed.year import calendar
from advocacy.tenancy.scope import tenant_models
from appeals import representation, state_laws
from appeals.clock import printed
from appeals.ladder_pictures import ladder_pictures
from appeals.notice_checks.printed import notices as notices_printed

PRINTED = "*Printed by `manage.py print_docs`; edit the table in the code and print again.*"


def workflows() -> Iterator[str]:
    yield "# Workflows"
    yield PRINTED
    for flow in workflow.ALL.values():
        states = dict(flow.states.choices)
        for version, steps in sorted(flow.versions.items()):
            yield f"## {flow.name.capitalize()}, version {version}"
            lines = ["```mermaid", "stateDiagram-v2"]
            lines += [f"    {key}: {label}" for key, label in states.items()]
            lines += [f"    [*] --> {state}" for state in flow.states.values if state in flow.starts]
            for step in steps:
                lines += [f"    {source} --> {step.to}: {step.name}" for source in sorted(step.from_)]
            lines += [f"    {state} --> [*]" for state in sorted(flow.final)]
            yield "\n".join([*lines, "```"])
            rows = ["| Step | From | To | Permission | Must be true | Verb |", "|---|---|---|---|---|---|"]
            for step in steps:
                sources = ", ".join(sorted(step.from_))
                guards = ", ".join(f"`{guard.__name__}`" for guard in step.guards) or "-"
                rows.append(
                    f"| {step.name} | {sources} | {step.to} | `{step.permission}` | {guards} | `{step.verb}` |"
                )
            yield "\n".join(rows)
    yield from ladder_pictures()
    yield from printed.at_once_steps()


def tables() -> Iterator[str]:
    yield "# What is stored where, and what is sealed"
    yield PRINTED
    yield (
        "Every table below carries its organization, row-level security, and composite keys. *Sealed* columns are"
        " AES-256-GCM ciphertext in the table, in backups and in the trail."
    )
    rows = ["| Table | Sealed columns | Points to |", "|---|---|---|"]
    for model in tenant_models():
        fields = model._meta.local_fields
        sealed = ", ".join(f"`{f.name}`" for f in fields if is_sealed(f)) or "-"
        keys = sorted(
            {
                str(f.related_model._meta.label)
                for f in fields
                if isinstance(f, models.ForeignKey) and f.related_model in tenant_models()
            }
        )
        rows.append(f"| `{model._meta.label}` | {sealed} | {', '.join(f'`{k}`' for k in keys) or '-'} |")
    yield "\n".join(rows)


def is_sealed(field: Any) -> bool:
    return hasattr(field, "context_of")


def rules() -> Iterator[str]:
    yield "# Deadlines: every rule, its source and how sure we are"
    yield PRINTED
    yield from printed.rules()


def notices() -> Iterator[str]:
    yield "# Denial notices: what they have to hold, its source and how sure we are"
    yield PRINTED
    yield from notices_printed()


def verbs() -> Iterator[str]:
    yield "# What the trail says, and which jobs run"
    yield PRINTED
    yield "\n".join(["| Verb | Reads as |", "|---|---|"] + [f"| `{k}` | {v} |" for k, v in VERBS.items()])
    yield "\n".join(f"- `{name}`: {first_line(job)}" for name, job in sorted(queue.registered().items()))


def first_line(function: Any) -> str:
    return (function.__doc__ or "").strip().partition("\n")[0]


DOCUMENTS = {
    "workflows.md": workflows,
    "permissions.md": access_matrix.matrix,
    "tables.md": tables,
    "rules.md": rules,
    "states.md": state_laws.printed,
    "representatives.md": representation.printed,
    "notices.md": notices,
    "trail-verbs.md": verbs,
    "invariants.md": calendar.rules_printed,
    "openapi.json": openapi.printed,
    "../templates/api/guide_text.html": guide.printed,
    "security/sbom.json": sbom.printed,
}


class Command(BaseCommand):
    help = "Write docs/*.md that are printed from the code; with --check, fail when one is stale."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Compare only; exit 1 when a document is stale."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        assert apps.ready
        folder = Path(settings.BASE_DIR) / "docs"
        stale = []
        for name, pages in DOCUMENTS.items():
            text = "\n\n".join(pages()) + "\n"
            path = folder / name
            if options["check"]:
                if not path.exists() or path.read_text() != text:
                    stale.append(name)
            else:
                path.write_text(text)
                self.stdout.write(str(path.resolve().relative_to(settings.BASE_DIR)))
        if stale:
            raise CommandError(f"Stale: {', '.join(stale)}. Run: manage.py print_docs")
