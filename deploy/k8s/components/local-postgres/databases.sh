#!/bin/sh
# A database and a role for each service, when PostgreSQL makes its data directory; nobody gets into another's.
set -eu
place=${PASSWORDS:-/run/ebok/private}
for service in billing identity notify payments tickets; do
  password=$(cat "${place}/${service}_password")
  psql --set ON_ERROR_STOP=1 --set service="${service}" --set password="${password}" --username postgres <<'SQL'
CREATE ROLE :"service" LOGIN PASSWORD :'password';
CREATE DATABASE :"service" OWNER :"service" TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE :"service" FROM PUBLIC;
SQL
done
