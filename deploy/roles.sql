-- Roles and privileges of Recourse. PostgreSQL 15 or newer. Run it once as a superuser before the first start; running it
-- again changes nothing but the passwords given:
--
--   psql "postgresql://postgres@db.example/postgres" -v owner_password=... -v app_password=... -f deploy/roles.sql
--
-- Variables: owner_password, app_password, backup_password, operator_password (left out: the passwords stay as they are), database (left out:
-- recourse). Then DATABASE_OWNER_URL is recourse_owner's address, DATABASE_URL is recourse_app's, and DATABASE_BACKUP_URL is
-- recourse_backup's. deploy/roles.sh runs this file with passwords from files.
-- `manage.py check_database` says whether a server is as this file leaves it.

\set ON_ERROR_STOP on
\if :{?database}
\else
  \set database recourse
\endif

-- Part 1: the server. Who there is.

DO $recourse$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['recourse_owner', 'recourse_app', 'recourse_audit', 'recourse_search', 'recourse_reporting',
                               'recourse_backup', 'recourse_operator']
  LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I', wanted);
    END IF;
  END LOOP;
END
$recourse$;

-- Owns the database and the tables, and migrates. Never serves. CREATEDB lets the test runner make its databases.
ALTER ROLE recourse_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE CREATEDB INHERIT;
-- Web and jobs. NOINHERIT: what the reporting role may do, it may do only after SET ROLE.
ALTER ROLE recourse_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOINHERIT;
-- Owns the audit trail; nobody logs in as it.
ALTER ROLE recourse_audit NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;
-- Owns the search functions only: they filter by organization and visibility inside, and so read past row-level security.
ALTER ROLE recourse_search NOLOGIN NOSUPERUSER BYPASSRLS NOCREATEROLE NOCREATEDB;
-- Reads aggregates; recourse_app becomes it for the length of a transaction.
ALTER ROLE recourse_reporting NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;
-- Reads everything of every organization and writes nothing: what a backup needs under forced row-level security. Its password
-- opens every row (identifiers are ciphertext), so it is on the machine that makes backups and nowhere else.
ALTER ROLE recourse_backup LOGIN NOSUPERUSER BYPASSRLS NOCREATEROLE NOCREATEDB;
ALTER ROLE recourse_backup SET default_transaction_read_only = on;
-- Whoever runs the installation and looks into its database: which organizations there are, which migrations ran, how large
-- tables are. No privilege on any row of an organization; that takes emergency access (manage.py break_glass).
ALTER ROLE recourse_operator LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB;
ALTER ROLE recourse_operator SET default_transaction_read_only = on;

-- Requests are many and small: starting helpers or compiling a plan costs more than it saves, and the data is in memory or on
-- a disk without arms.
ALTER ROLE recourse_app SET max_parallel_workers_per_gather = 0;
ALTER ROLE recourse_app SET jit = off;
ALTER ROLE recourse_app SET random_page_cost = 1.1;

GRANT pg_read_all_data TO recourse_backup;
GRANT recourse_audit, recourse_search TO recourse_owner;  -- so that migrations can make objects that these own
GRANT recourse_reporting TO recourse_app;

\if :{?owner_password}
  ALTER ROLE recourse_owner PASSWORD :'owner_password';
\endif
\if :{?app_password}
  ALTER ROLE recourse_app PASSWORD :'app_password';
\endif
\if :{?operator_password}
  ALTER ROLE recourse_operator PASSWORD :'operator_password';
\endif
\if :{?backup_password}
  ALTER ROLE recourse_backup PASSWORD :'backup_password';
\endif

-- Text sorts by code point on every machine, whatever its locales are.
SELECT current_setting('server_version_num')::int >= 170000 AS has_builtin_locale \gset
\if :has_builtin_locale
  SELECT format('CREATE DATABASE %I OWNER recourse_owner TEMPLATE template0 ENCODING ''UTF8'' LOCALE_PROVIDER builtin BUILTIN_LOCALE ''C.UTF-8'' LOCALE ''C.UTF-8''', :'database')
   WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
\else
  SELECT format('CREATE DATABASE %I OWNER recourse_owner TEMPLATE template0 ENCODING ''UTF8'' LOCALE ''C.UTF-8''', :'database')
   WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
\endif
ALTER DATABASE :"database" OWNER TO recourse_owner;
\connect :"database"
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO recourse_owner;
-- Large objects have no row-level security: whatever one organization put there another could read.
DO $recourse$
DECLARE
  wanted regprocedure;
BEGIN
  FOR wanted IN
    SELECT oid::regprocedure FROM pg_proc
     WHERE pronamespace = 'pg_catalog'::regnamespace AND (proname LIKE 'lo\_%' OR proname IN ('loread', 'lowrite'))
  LOOP
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', wanted);
  END LOOP;
END
$recourse$;

SET ROLE recourse_owner;

-- Part 2: the database. Run by its owner; migrations run it too, so that databases made for tests get the same.
DO $recourse$
BEGIN
  CREATE SCHEMA IF NOT EXISTS audit AUTHORIZATION recourse_audit;
  CREATE SCHEMA IF NOT EXISTS search AUTHORIZATION recourse_search;
  CREATE EXTENSION IF NOT EXISTS pg_trgm;
  CREATE EXTENSION IF NOT EXISTS btree_gin;

  EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO recourse_app, recourse_backup, recourse_operator', current_database());
  REVOKE CREATE ON SCHEMA public FROM PUBLIC;
  GRANT USAGE ON SCHEMA public TO recourse_app, recourse_audit, recourse_search, recourse_reporting;
  GRANT USAGE ON SCHEMA audit, search TO recourse_app;

  -- The list of migrations may be older than this privilege, and only the owner adds to it.
  IF to_regclass('public.django_migrations') IS NOT NULL THEN
    GRANT SELECT ON public.django_migrations TO recourse_app;
    REVOKE INSERT, UPDATE, DELETE ON public.django_migrations FROM recourse_app;
  END IF;

  -- Tables that migrations make from now on. Never TRUNCATE: it passes row-level security by.
  ALTER DEFAULT PRIVILEGES FOR ROLE recourse_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO recourse_app;
  ALTER DEFAULT PRIVILEGES FOR ROLE recourse_owner IN SCHEMA public GRANT USAGE ON SEQUENCES TO recourse_app;
  ALTER DEFAULT PRIVILEGES FOR ROLE recourse_owner IN SCHEMA public GRANT SELECT ON TABLES TO recourse_search;
  -- Definer functions run with their owner's rights: nobody may call one that a migration has not granted by name.
  ALTER DEFAULT PRIVILEGES FOR ROLE recourse_audit REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  ALTER DEFAULT PRIVILEGES FOR ROLE recourse_search REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
END
$recourse$;
RESET ROLE;
