#!/bin/sh
# The first step on a new server: deploy/roles.sql as a superuser, with passwords out of files. Running it again is harmless.
#
#   PGHOST=db PGUSER=postgres PGPASSWORD_FILE=... SECRETS=deploy/secrets deploy/roles.sh
#
# SECRETS holds owner_password, app_password and backup_password (deploy/make_secrets.py makes them). PGHOST, PGPORT, PGUSER
# say where; PGPASSWORD_FILE, where it is needed, holds the superuser's password. Needs psql.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${SECRETS:?SECRETS is the folder with owner_password, app_password and backup_password.}"
for name in owner_password app_password backup_password; do
  [ -s "$SECRETS/$name" ] || { echo "$SECRETS/$name is missing or empty." >&2; exit 1; }
done
if [ -n "${PGPASSWORD_FILE:-}" ]; then
  PGPASSWORD=$(cat "$PGPASSWORD_FILE")
  export PGPASSWORD
fi
# Read by psql itself: on its command line every process of the machine could see them.
${PSQL:-psql} -X -q -v ON_ERROR_STOP=1 -d postgres -f - <<EOF
\\set owner_password \`cat '$SECRETS/owner_password'\`
\\set app_password \`cat '$SECRETS/app_password'\`
\\set backup_password \`cat '$SECRETS/backup_password'\`
\\i $here/roles.sql
EOF
echo "The roles and the database are there."
