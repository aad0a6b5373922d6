#!/bin/sh
# The second step, and the first of every upgrade: is the server as deploy/roles.sql leaves it, then the migrations as the
# owner, then whether the folder of the organizations' keys is the one it should be. Running it again is harmless. Its environment is that of the program (DATABASE_URL, DATABASE_OWNER_URL, keys), here
# always straight to PostgreSQL and not through the pooler.
set -eu
cd "$(dirname "$0")/.."
: "${PYTHON:=python}"
"$PYTHON" manage.py check_database
RECOURSE_AS_OWNER=1 "$PYTHON" manage.py prepare_database
"$PYTHON" manage.py data_keys prepare
