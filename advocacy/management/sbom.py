"""The bill of materials of what is installed (CycloneDX 1.6), read from the lock: docs/security/sbom.json."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

LOCK = "requirements.lock"
USWDS = "advocacy/static/vendor/uswds/NOTE.md"


def printed() -> Iterator[str]:
    """One component a line, so that a change of the lock is a change of a line."""
    root = Path(settings.BASE_DIR)
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    components = [*locked((root / LOCK).read_text()), style_sheet((root / USWDS).read_text())]
    known = {component["name"]: component["bom-ref"] for component in components}
    own = {
        "type": "application",
        "bom-ref": project["name"],
        "name": project["name"],
        "version": project["version"],
        "description": project["description"],
        "licenses": [{"license": {"id": project["license"]}}],
    }
    asked = sorted(known[name_of(line)] for line in project["dependencies"])
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": own}}
    yield "\n".join(
        [
            json.dumps(head)[:-1] + ",",
            '"components": [',
            ",\n".join(json.dumps(component) for component in components),
            "],",
            f'"dependencies": {json.dumps([{"ref": project["name"], "dependsOn": [*asked, known["uswds"]]}])}',
            "}",
        ]
    )


def locked(text: str) -> Iterator[dict[str, Any]]:
    """Every package of a lock, with the digests of the files that may be installed for it."""
    for entry in re.split(r"\n(?=\S)", text.strip()):
        head, *hashes = entry.split("--hash=sha256:")
        pinned, _, marker = head.strip(" \\\n").partition(" ; ")
        name, version = pinned.split("==")
        name = name_of(name)
        component: dict[str, Any] = {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{version}",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            "hashes": [{"alg": "SHA-256", "content": digest.strip(" \\\n")} for digest in hashes],
        }
        if marker:
            component["properties"] = [{"name": "recourse:installed-where", "value": marker.strip()}]
        yield component


def style_sheet(note: str) -> dict[str, Any]:
    """What of others lies in the checkout itself, as the note beside it says."""
    said = re.search(r"npm package `@uswds/uswds` ([\d.]+) \(archive SHA-256\s+`([0-9a-f]{64})`\)", note)
    if said is None:
        raise ValueError(f"{USWDS} does not say which version it is.")
    return {
        "type": "library",
        "bom-ref": f"pkg:npm/%40uswds/uswds@{said[1]}",
        "name": "uswds",
        "version": said[1],
        "purl": f"pkg:npm/%40uswds/uswds@{said[1]}",
        "hashes": [{"alg": "SHA-256", "content": said[2]}],
    }


def name_of(requirement: str) -> str:
    """The package of a requirement, as registries write it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~; ]", requirement.strip())[0]).lower()
