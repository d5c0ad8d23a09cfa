"""A private RabbitMQ node for the tests, out of the system's package, beside any other node of the machine.

Everything of it lies in one directory of its own: data, log, cookie, configuration. It has its own node name
and its own epmd, and listens on the loopback interface only.
"""

import hashlib
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import pika
import pika.exceptions

from deploy.local.ports import LOOPBACK, free_ports

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
CONTROL = SERVER.resolve().with_name(
    "rabbitmqctl"
)  # Not the wrapper, which goes home to the system's own node.
SYSTEM_USER = "rabbitmq"
START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 20
USER = "ebok"


class RabbitNotStarted(RuntimeError):
    """The node ended or did not answer in time; carries the tail of its log."""


def is_installed() -> bool:
    """Whether the system's RabbitMQ can be started here."""
    return SERVER.exists() and shutil.which("epmd") is not None


class RabbitMQ:
    """One node in one directory; `start()` after `stop()` or `kill()` keeps ports, password and messages.

    As root the node runs as the package's user, so the directory must be one that this user may enter:
    without `directory` a fitting one is made, and removed by `remove()`.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._account = pwd.getpwnam(SYSTEM_USER) if os.geteuid() == 0 else None
        if directory is None:
            directory = Path(tempfile.mkdtemp(prefix="ebok-rabbitmq-", dir="/var/tmp"))
        self.directory = directory.absolute()
        self._password = secrets.token_urlsafe(18)
        self._ports: list[int] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        mark = hashlib.sha256(str(self.directory).encode()).hexdigest()[:10]
        self._node = f"ebok-{mark}@localhost"

    @property
    def url(self) -> str:
        """The AMQP URL of the node's default virtual host."""
        return f"amqp://{USER}:{quote(self._password, safe='')}@{LOOPBACK}:{self._ports[0]}/%2F"

    def start(self) -> str:
        """Start and wait until it takes connections; answers the URL."""
        if not is_installed():
            raise RabbitNotStarted("RabbitMQ is not installed (Debian, Ubuntu: apt install rabbitmq-server)")
        self._prepare()
        # Our own epmd in the foreground: the one that a node starts itself would outlive the node.
        self._spawn(["epmd", "-port", str(self._ports[2]), "-address", LOOPBACK, "-relaxed_command_check"])
        self._spawn([str(SERVER)])
        self._wait()
        return self.url

    def stop(self) -> None:
        """Stop the node, then its epmd; messages are kept."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the node as a power cut would.

        RabbitMQ 3.10 writes a new quorum queue into its registry after up to three minutes: a queue younger
        than that may not come back.
        """
        self._end(signal.SIGKILL)

    def remove(self) -> None:
        """Stop and delete everything."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> "RabbitMQ":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def control(self, *words: str) -> None:
        """What an operator tells the running node: `control("add_user", "crm", "…")`."""
        command = [*self._as_account(), str(CONTROL), "--quiet", *words]
        subprocess.run(command, cwd="/", env=self._environment(), check=True, capture_output=True)

    def _prepare(self) -> None:
        if not self._ports:
            self._ports = free_ports(3)
        self.directory.mkdir(parents=True, exist_ok=True)
        self._own(self.directory)
        if self._account and not _enterable_by_others(self.directory):
            raise RabbitNotStarted(f"the user {SYSTEM_USER} may not enter {self.directory}")
        settings = {
            "listeners.tcp.1": f"{LOOPBACK}:{self._ports[0]}",
            "default_user": USER,
            "default_pass": self._password,
            "log.console": "false",
            "disk_free_limit.absolute": "50MB",
        }
        lines = "".join(f"{name} = {value}\n" for name, value in settings.items())
        for name, text in (("rabbitmq.conf", lines), ("enabled_plugins", "[].\n")):
            path = self.directory / name
            path.touch(mode=0o600)
            path.write_text(text)
            self._own(path, 0o600)

    def _own(self, path: Path, mode: int = 0o700) -> None:
        path.chmod(mode)
        if self._account:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _environment(self) -> dict[str, str]:
        place = str(self.directory)
        quiet = "+sbwt none +sbwtdcpu none +sbwtdio none"
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C.UTF-8",
            "HOME": place,
            "RABBITMQ_NODENAME": self._node,
            "RABBITMQ_BASE": place,
            "RABBITMQ_MNESIA_BASE": f"{place}/mnesia",
            "RABBITMQ_LOG_BASE": f"{place}/log",
            "RABBITMQ_CONFIG_FILE": f"{place}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{place}/enabled_plugins",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_DIST_PORT": str(self._ports[1]),
            "ERL_EPMD_PORT": str(self._ports[2]),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{quiet} -kernel inet_dist_use_interface {{127,0,0,1}}",
        }

    def _as_account(self) -> list[str]:
        """What stands before a command, so that it runs as the node's user and not longer than we do.

        By another program and not between fork and exec: a child forked out of the threads of gRPC may die before it is
        anything.
        """
        setpriv = ["setpriv", "--pdeathsig", "TERM"]
        if self._account:
            account = self._account
            setpriv += [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        return setpriv

    def _spawn(self, command: list[str]) -> None:
        with (self.directory / "output.log").open("ab") as output:
            process = subprocess.Popen(
                [*self._as_account(), *command],
                cwd="/",
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._processes.append(process)

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                pika.BlockingConnection(pika.URLParameters(self.url)).close()
            except (pika.exceptions.AMQPError, OSError):
                ended = [process for process in self._processes if process.poll() is not None]
                if ended or time.monotonic() > deadline:
                    why = [f"{process.args!r} ended with {process.returncode}" for process in ended]
                    self.kill()
                    why = why or [f"not within {START_SECONDS_MAX} s"]
                    raise RabbitNotStarted(f"the node did not start: {why[0]}\n{self._tail()}") from None
                time.sleep(0.2)
            else:
                return

    def _tail(self) -> str:
        logs = [self.directory / "output.log", *(self.directory / "log").glob("*.log")]
        return "\n".join(log.read_text(errors="replace")[-1500:] for log in logs if log.exists())

    def _end(self, how: signal.Signals) -> None:
        for process in reversed(self._processes):
            _signal_group(process, how)
            try:
                process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                _signal_group(process, signal.SIGKILL)
                process.wait(STOP_SECONDS_MAX)
            _signal_group(process, signal.SIGKILL)
        self._processes.clear()


def _signal_group(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    try:
        os.killpg(process.pid, how)
    except ProcessLookupError:
        return


def _enterable_by_others(directory: Path) -> bool:
    return all(place.stat().st_mode & stat.S_IXOTH for place in directory.resolve().parents)
