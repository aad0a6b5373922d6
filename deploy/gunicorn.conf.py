"""The web server. Run in the checkout: python -m gunicorn -c deploy/gunicorn.conf.py advocacy.wsgi

Its environment: PORT, RECOURSE_BIND (an address or a unix: socket), RECOURSE_WEB_PROCESSES, RECOURSE_WEB_THREADS,
RECOURSE_GRACE_SECONDS. Requests are told in the log by the program itself (RECOURSE_ACCESS_LOG, advocacy/metrics.py): by the
name of their page, since the address of a clinic's page or of an invitation is what opens it.
"""

import atexit
import gc
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

bind = os.environ.get("RECOURSE_BIND") or f"127.0.0.1:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"  # threads with kept database connections served the most of what was measured
workers = int(os.environ.get("RECOURSE_WEB_PROCESSES", "1"))
threads = int(os.environ.get("RECOURSE_WEB_THREADS", "8"))
preload_app = True  # a program that cannot start says so once, instead of in every worker again and again
timeout = 60  # seconds without a sign of life from a worker
graceful_timeout = int(os.environ.get("RECOURSE_GRACE_SECONDS", "30"))  # for running requests, after SIGTERM
keepalive = 5
backlog = 512
limit_request_line, limit_request_fields, limit_request_field_size = 4094, 64, 8190
max_requests, max_requests_jitter = 20_000, 2_000
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  heartbeats off the disk
control_socket_disable = True
loglevel = "warning"
accesslog = None

# Several processes sum their figures in one folder, which has to be known before the program is loaded.
if workers > 1 and not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    _figures, _master = tempfile.mkdtemp(prefix="recourse-figures-", dir=worker_tmp_dir), os.getpid()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = _figures
    atexit.register(lambda: os.getpid() == _master and shutil.rmtree(_figures, ignore_errors=True))


def on_starting(server: Any) -> None:
    """Refuse to serve as a superuser, a table owner or a role that passes row-level security by."""
    from django.conf import settings  # noqa: PLC0415  settings are loaded by preload_app only
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415
    from django.db import OperationalError  # noqa: PLC0415

    from advocacy.health import refuse_unsafe_role  # noqa: PLC0415
    from advocacy.logs import JsonLines, WithoutPatientData  # noqa: PLC0415

    server.log.error_log.addFilter(WithoutPatientData())  # what breaks off while a file streams is told here
    if settings.LOG_FORMAT == "json":
        for handler in server.log.error_log.handlers:
            handler.setFormatter(JsonLines())
    try:
        refuse_unsafe_role()
    except ImproperlyConfigured as problem:
        raise SystemExit(f"Recourse does not serve: {problem}")
    except OperationalError:
        raise SystemExit("Recourse does not serve: the database of DATABASE_URL cannot be reached.")


def when_ready(server: Any) -> None:
    """The loaded program stays as it is: it is looked through for rubbish no more, and its memory is shared by all processes."""
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """A page makes some ten thousand objects and lets them go again: looking for rubbish every 700 costs a tenth of it."""
    gc.set_threshold(10_000, 20, 20)


def child_exit(server: Any, worker: Any) -> None:
    """The figures of a process that ended stay in the sums."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from advocacy.metrics import keep_of_ended  # noqa: PLC0415  reads the folder's name when it is loaded

        keep_of_ended(worker.pid)
