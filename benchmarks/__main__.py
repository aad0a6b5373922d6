"""`python -m benchmarks run|report|recompute|generate|remove ...`"""

from __future__ import annotations

import importlib
import subprocess
import sys

import django

from benchmarks import cluster


def main(arguments: list[str]) -> int:
    """Returns the exit code. `generate` and what measures inside one process are started with a database's environment."""
    match arguments:
        case ["remove"]:
            return cluster.remove()
        case ["shell", cases, *command]:
            with cluster.running() as server:
                given = cluster.environment(server, cluster.made(server, int(cases)))
                return subprocess.run(command, env=given, check=False).returncode
        case ["generate" | "inside" as name, *rest]:
            django.setup()
            return int(importlib.import_module(f"benchmarks.{name}").main(rest))
        case ["run" | "report" | "recompute" as name, *rest]:
            return int(importlib.import_module(f"benchmarks.{name}").main(rest))
    sys.stderr.write((__doc__ or "") + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
