"""The conventional anchor for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.conventional.settings"
application = get_wsgi_application()
