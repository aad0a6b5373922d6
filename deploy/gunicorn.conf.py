"""The web server. Run in the checkout: python -m gunicorn -c deploy/gunicorn.conf.py advocacy.wsgi

Its environment: PORT, RECOURSE_BIND (an address, for containers), RECOURSE_WEB_PROCESSES,
RECOURSE_WEB_THREADS, RECOURSE_GRACE_SECONDS, RECOURSE_ACCESS_LOG.
"""

import os
from pathlib import Path
from typing import Any

bind = os.environ.get("RECOURSE_BIND") or f"127.0.0.1:{os.environ.get('PORT', '8000')}"
worker_class = "gthread"  # threads with kept database connections served the most of what was measured
workers = int(os.environ.get("RECOURSE_WEB_PROCESSES", "1"))
threads = int(os.environ.get("RECOURSE_WEB_THREADS", "8"))
preload_app = True  # a program that cannot start says so once, instead of in every worker again and again
timeout = 60
graceful_timeout = int(os.environ.get("RECOURSE_GRACE_SECONDS", "30"))
max_requests, max_requests_jitter = 20_000, 2_000
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  heartbeats off the disk
control_socket_disable = True
loglevel = "warning"
# The path without its query: searches are posted and addresses hold opaque ids, so it holds no patient data.
accesslog = "-" if os.environ.get("RECOURSE_ACCESS_LOG") else None
access_log_format = "%(m)s %(U)s %(s)s %(M)sms"


def on_starting(server: Any) -> None:
    """Refuse to serve as a superuser, a table owner or a role that passes row-level security by."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415  settings are loaded by preload_app only
    from django.db import OperationalError  # noqa: PLC0415

    from advocacy.health import refuse_unsafe_role  # noqa: PLC0415
    from advocacy.logs import WithoutPatientData  # noqa: PLC0415

    server.log.error_log.addFilter(WithoutPatientData())  # what breaks off while a file streams is told here
    try:
        refuse_unsafe_role()
    except ImproperlyConfigured as problem:
        raise SystemExit(f"Recourse does not serve: {problem}")
    except OperationalError:
        raise SystemExit("Recourse does not serve: the database of DATABASE_URL cannot be reached.")
