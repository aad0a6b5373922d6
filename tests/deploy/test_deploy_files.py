"""What stands in deploy/, read as it is: images, compose file, pooler, secrets, scripts; starting them is deploy-check's."""

from __future__ import annotations

import base64
import configparser
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from advocacy.keyfile import SECRET_FILES
from deploy import healthcheck
from deploy.archive import Problem
from deploy.make_secrets import MADE, address, make
from deploy.restore import refuse_without_keys
from tests.guards.test_settings import explained

ROOT = Path(settings.BASE_DIR)
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
NOT_IN_CONTAINERS = {
    "PROMETHEUS_MULTIPROC_DIR",  # the web server's own
    "RECOURSE_AS_OWNER",  # of one command
    "RECOURSE_BREAK_GLASS",  # of one command
    "RECOURSE_DEBUG",  # not in production
    "RECOURSE_GRACE_SECONDS",  # stop_grace_period is counted on it
    "RECOURSE_OUTGOING_LOOPBACK",  # not in production
    "RECOURSE_PG_BIN",  # one version is in the image
    "RECOURSE_SECOND_FACTOR",  # required in production
    "RECOURSE_SECRET_FILE",  # not in production
    "RECOURSE_TEXT_DIR",  # not in production
}
OURS = ("web", "worker", "migrate", "backup", "restore")


def stages() -> dict[str, str]:
    """Name -> text of each stage of the Dockerfile."""
    parts = re.split(r"(?m)^FROM ", DOCKERFILE)[1:]
    return {part.split("\n", 1)[0].rpartition(" AS ")[2]: part for part in parts}


def test_images_are_official_and_named_without_a_registry():
    named = {part.split(" ", 1)[0].split("\n")[0] for part in re.split(r"(?m)^FROM ", DOCKERFILE)[1:]}
    named |= {service["image"] for service in COMPOSE["services"].values()}
    outside = named - set(stages()) - {"recourse", "recourse-pgbouncer"}
    assert outside == {"python:3.11-slim-bookworm", "debian:bookworm-slim", "postgres:18-bookworm"}


def test_packages_come_from_the_lock_by_their_hashes():
    assert "--require-hashes --only-binary :all: -r /tmp/requirements.lock" in stages()["packages"]
    assert re.findall(r"pip install(?!.*--require-hashes)", DOCKERFILE) == []


def test_the_image_runs_as_nobody_in_particular_and_is_asked_how_it_is():
    final = stages()["recourse"]
    assert re.findall(r"(?m)^USER (.*)$", final) == ["10001:10001"]
    assert final.index("USER 10001") > final.rindex("RUN ")
    assert 'CMD ["python", "-m", "deploy.healthcheck", "web"]' in final
    assert "RECOURSE_PRODUCTION=1" in final
    assert re.findall(r"(?m)^USER (.*)$", stages()["pgbouncer"]) == ["postgres"]


def test_no_secret_is_in_a_layer():
    assert re.findall(r"(?i)\b(?:ARG|ENV)\b.*(?:PASSWORD|TOKEN|_KEY\b)", DOCKERFILE) == []
    copied = re.findall(r"(?m)^COPY (?!--from)(\S+)", DOCKERFILE)
    assert copied == ["requirements.lock", ".", "deploy/pgbouncer.ini"]
    let_in = {
        line for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    assert let_in == {
        f"!{n}"
        for n in ("advocacy", "appeals", "cases", "deploy", "templates", "manage.py", "requirements.lock")
    }
    assert "deploy/secrets" in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert "deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_service_is_closed_in(name):
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert service.get("cap_add", []) == (
        ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"] if name == "db" else []
    )
    if name in OURS:
        assert service["user"] == "10001:10001"


def test_only_the_web_server_is_reached_from_outside_and_only_from_this_machine():
    ports = {name: s["ports"] for name, s in COMPOSE["services"].items() if "ports" in s}
    assert list(ports) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in ports["web"])
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert {n for n, s in COMPOSE["services"].items() if "outside" in s["networks"]} == {"web", "worker"}


def test_web_and_worker_hold_no_password_but_their_own():
    for name in ("web", "worker"):
        held = set(COMPOSE["services"][name]["secrets"])
        assert held == {
            "database_url",
            "secret_key",
            "field_key",
            "retired_keys",
            "index_key",
            "seal_public_keys",
            "metrics_token",
            "smtp_password",
            "text_token",
        } | ({"seal_key", "leaf_key"} if name == "worker" else set())
    keys = {"secret_key", "field_key", "index_key", "retired_keys", "seal_key", "leaf_key"}
    assert set(COMPOSE["services"]["backup"]["secrets"]) & keys == set()


def test_every_secret_is_a_file_that_is_made():
    wanted = {name: entry["file"] for name, entry in COMPOSE["secrets"].items()}
    used = {secret for service in COMPOSE["services"].values() for secret in service.get("secrets", [])}
    assert used == set(wanted)
    assert set(wanted.values()) == {f"./secrets/{name}" for name in wanted}
    urls = {
        "database_url",
        "database_direct_url",
        "database_owner_url",
        "database_backup_url",
        "userlist.txt",
    }
    assert set(wanted) == set(MADE) | urls | {"seal_public_keys"}
    for service in COMPOSE["services"].values():
        for key, value in service.get("environment", {}).items():
            if key.endswith("_FILE") and value.startswith("/run/secrets/"):
                assert value.removeprefix("/run/secrets/") in service["secrets"], key


def test_services_wait_for_each_other():
    waits = {
        n: {k: v["condition"] for k, v in s.get("depends_on", {}).items()}
        for n, s in COMPOSE["services"].items()
    }
    first = {"migrate": "service_completed_successfully", "pgbouncer": "service_healthy"}
    assert (waits["web"], waits["worker"]) == (first, first)
    assert waits["migrate"] == {"roles": "service_completed_successfully"}
    assert waits["roles"] == {"db": "service_healthy"}


def test_every_setting_of_the_compose_file_is_one_of_the_program():
    known = explained() | {
        "POSTGRES_PASSWORD_FILE",
        "POSTGRES_INITDB_ARGS",
        "PGHOST",
        "PGUSER",
        "PGPASSWORD_FILE",
        "SECRETS",
    }
    given = {key for service in COMPOSE["services"].values() for key in service.get("environment", {})}
    assert given - known == set()


def test_every_setting_of_the_program_reaches_its_containers_or_is_none_of_theirs():
    services = [COMPOSE["services"][name] for name in OURS]
    reached = {"PORT"} | {key for service in services for key in service["environment"]}
    reached |= set(re.findall(r"\b(RECOURSE_[A-Z_]+)=", stages()["recourse"]))
    reached |= {name for file, name in SECRET_FILES.items() if file in reached}
    assert explained() - reached == NOT_IN_CONTAINERS
    # Dates are worked out by both: by the same rules.
    for service in (COMPOSE["services"]["web"], COMPOSE["services"]["worker"]):
        assert service["environment"]["RECOURSE_RULE_PACK"] == "${RECOURSE_RULE_PACK:+/run/rules.json}"
        assert "${RECOURSE_RULE_PACK:-/dev/null}:/run/rules.json:ro" in service["volumes"]


def test_the_pooler_pools_by_transaction():
    config = configparser.ConfigParser(interpolation=None)
    config.read(DEPLOY / "pgbouncer.ini")
    pooler = config["pgbouncer"]
    assert (pooler["pool_mode"], pooler["auth_type"]) == ("transaction", "scram-sha-256")
    assert "password" not in (DEPLOY / "pgbouncer.ini").read_text()
    web = int(re.search(r"RECOURSE_WEB_THREADS:-(\d+)", (DEPLOY / "compose.yaml").read_text())[1])
    assert int(pooler["max_client_conn"]) > 4 * web


def test_secrets_are_made_once_and_lie_in_a_closed_folder(tmp_path):
    folder = tmp_path / "secrets"
    made = make(folder, server="db:5432", pooler="/run/pooler:6432")
    kept = {name: (folder / name).read_text() for name in made}
    assert make(folder, server="elsewhere:1", pooler="elsewhere:2") == []
    assert {name: (folder / name).read_text() for name in made} == kept
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    given = {"retired_keys", "smtp_password", "text_token"}
    assert len({kept[name] for name in MADE if name not in given}) == len(MADE) - len(given)
    assert {kept[name] for name in given} == {""}
    private = Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(kept["seal_key"]))
    public = base64.urlsafe_b64encode(private.public_key().public_bytes_raw()).decode()
    assert kept["seal_public_keys"] == f"s1:{public}\n"
    owner = urlsplit(kept["database_owner_url"])
    assert (owner.username, owner.password, owner.hostname, owner.port, owner.path) == (
        "recourse_owner",
        kept["owner_password"],
        "db",
        5432,
        "/recourse",
    )
    assert kept["database_url"] == address(
        "recourse_app", kept["app_password"], "/run/pooler:6432", "recourse"
    )
    assert kept["database_url"].endswith("@/recourse?host=/run/pooler&port=6432")
    assert kept["userlist.txt"] == f'"recourse_app" "{kept["app_password"]}"\n'


def test_the_program_starts_in_production_with_secrets_from_files_only(tmp_path):
    folder = tmp_path / "secrets"
    make(folder, server="db:5432", pooler="db:6432")
    names = {
        n: v
        for n in SECRET_FILES
        if (v := folder / n.removesuffix("_FILE").removeprefix("RECOURSE_").lower()).exists()
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("RECOURSE_", "DATABASE_"))}
    environment |= {name: str(path) for name, path in names.items()}
    environment |= {
        "RECOURSE_PRODUCTION": "1",
        "RECOURSE_HOSTS": "x.example",
        "RECOURSE_LOCAL_DIR": str(tmp_path),
        "RECOURSE_KEYSTORE": str(tmp_path / "keys"),
    }
    script = (
        "from django.conf import settings as s; d = s.DATABASES['default'];"
        "print(d['USER'], d['HOST'], d['PORT'], s.KEYS.field_id, len(s.KEYS.field), bool(s.METRICS_TOKEN), s.LOG_FORMAT)"
    )
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "advocacy.settings"},
        text=True,
        capture_output=True,
    )
    assert done.stdout == "recourse_app db 6432 k1 32 True json\n", done.stderr


def test_a_folder_that_was_only_prepared_holds_no_keys_to_restore_with(tmp_path):
    for name in ("keystore.json", "0.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(Problem, match="holds no keys"):
        refuse_without_keys(tmp_path)
    (tmp_path / "7.json").write_text("{}")
    refuse_without_keys(tmp_path)


def test_a_web_server_that_does_not_answer_is_not_well(monkeypatch):
    monkeypatch.setenv("RECOURSE_BIND", "127.0.0.1:9")
    assert healthcheck.web() is False


@pytest.mark.parametrize("script", ["roles.sh", "migrate.sh"])
def test_scripts_are_plain_shell(script):
    assert subprocess.run(["sh", "-n", str(DEPLOY / script)], check=False).returncode == 0
    assert (DEPLOY / script).stat().st_mode & 0o111


def table_of_operations() -> set[str]:
    text = (ROOT / "docs/operations.md").read_text()
    return set(re.findall(r"(?m)^\| `([A-Z][A-Z0-9_]+)` \|", text))


def test_operations_explain_every_setting():
    assert table_of_operations() == {name for name in explained() if name not in SECRET_FILES}


def test_operations_say_which_secrets_may_lie_in_files():
    text = (ROOT / "docs/operations.md").read_text()
    marked = set(re.findall(r"(?m)^\| `([A-Z][A-Z0-9_]+)` \|.*\(\*file\*\)", text))
    assert marked == set(SECRET_FILES.values())


def test_operations_name_only_commands_and_figures_that_exist():
    text = (ROOT / "docs/operations.md").read_text()
    commands = {p.stem for p in ROOT.rglob("management/commands/*.py") if ".venv" not in p.parts}
    named = set(re.findall(r"manage\.py ([a-z_]+)", text)) - {
        "qcluster",
        "check",
        "collectstatic",
        "createsuperuser",
    }
    assert named - commands == set()
    source = (ROOT / "advocacy/metrics.py").read_text()
    figures = {f.removesuffix("_total") for f in re.findall(r"`(recourse_[a-z_]+)[{`]", text)}
    roles = {f for f in figures if f in (DEPLOY / "roles.sql").read_text()}
    assert figures - roles == set(re.findall(r'"(recourse_(?!log\b)[a-z_]+)"', source))
