#!/bin/sh
# The two roles, and a database that belongs to the one that migrates. Run once by the PostgreSQL image, at its first start.
set -eu
psql -v ON_ERROR_STOP=1 -v owner="$POSTGRES_OWNER_PASSWORD" -v app="$POSTGRES_APP_PASSWORD" --username "${POSTGRES_USER:-postgres}" <<'SQL'
CREATE ROLE saathi_owner LOGIN PASSWORD :'owner';
CREATE ROLE saathi_app LOGIN PASSWORD :'app';
CREATE DATABASE saathi OWNER saathi_owner;
REVOKE ALL ON DATABASE saathi FROM PUBLIC;
GRANT CONNECT ON DATABASE saathi TO saathi_app;
SQL
