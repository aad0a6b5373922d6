"""Is this container's program well? python -m deploy.healthcheck web|worker; exit code 0 or 1.

web: it answers /health/live. worker: a worker process has said so in the shared cache within the last seconds.
Whether everything together is ready is asked at /health/ready, by the load balancer.
"""

from __future__ import annotations

import http.client
import os
import sys


def web() -> bool:
    """Ask as the proxy in front would."""
    port = (os.environ.get("RECOURSE_BIND") or f":{os.environ.get('PORT', '8000')}").rpartition(":")[2]
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=4)
    host = os.environ.get("RECOURSE_HOSTS", "localhost").split(",")[0]
    try:
        connection.request("GET", "/health/live", headers={"Host": host, "X-Forwarded-Proto": "https"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def worker() -> bool:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "advocacy.settings")
    import django  # noqa: PLC0415  only here: the web's check stays light

    django.setup()
    from advocacy.background.worker import workers_alive  # noqa: PLC0415  after setup

    return workers_alive() > 0


if __name__ == "__main__":
    sys.exit(0 if {"web": web, "worker": worker}[sys.argv[1]]() else 1)
