"""Servers of a test's own on loopback, each with its own folder.

What a fault test kills and brings back is never the server that others share. Each class says
by `missing()` what this machine lacks; a test that needs it is skipped with that reason.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import kombu
import psycopg2
import redis

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
START_SECONDS = 180


def free_port() -> int:
    """Return a port that nobody listens to."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def alive(pid: int) -> bool:
    """Say whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def answers(port: int) -> bool:
    """Say whether somebody listens to a port of loopback."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _until_it_answers(server: "Server") -> None:
    deadline = time.monotonic() + START_SECONDS
    while not server.ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{type(server).__name__} did not start: {server.said()}")
        time.sleep(0.05)


class _Grouped:
    """A process group with its folder, its port and what it printed."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    def spawn(
        self, command: list[str], environment: dict[str, str], *, user: str | None = None
    ) -> None:
        """Start the command in a process group of its own."""
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=user,
                cwd="/",
            )

    def said(self) -> str:
        """Return the end of what it printed."""
        return (self.folder / "output").read_text(errors="replace")[-2_000:]

    def kill(self) -> None:
        """Kill the group."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def remove(self) -> None:
        """Kill the group and remove the folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis(_Grouped):
    """Redis as the operations page asks for it: it drops no message, and keeps none on disk."""

    def __init__(self) -> None:
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="oe-redis-")), free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    @staticmethod
    def missing() -> str:
        """Say why there is no Redis, or ""."""
        return "" if shutil.which("redis-server") else "redis-server is not installed"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.spawn(["redis-server", *options, "--dir", str(self.folder)], {})
        _until_it_answers(self)

    def ready(self) -> bool:
        """Say whether it answers a ping."""
        link = redis.Redis.from_url(self.url, socket_timeout=1)
        try:
            return bool(link.ping())
        except redis.RedisError:
            return False
        finally:
            link.close()


class RabbitMQ(_Grouped):
    """A RabbitMQ node with its own port mapper, so that the host's one is not touched."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="oe-rabbitmq-"))
        self.port, self._node_port, self._mapper_port = free_port(), free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._mapper: subprocess.Popen[bytes] | None = None

    @staticmethod
    def missing() -> str:
        """Say why there is no RabbitMQ, or ""."""
        if RABBITMQ.exists() and shutil.which("epmd"):
            return ""
        return "rabbitmq-server is not installed (apt-get install rabbitmq-server)"

    def _environment(self) -> dict[str, str]:
        own = {
            "MNESIA_BASE": self.folder / "mnesia",
            "LOG_BASE": self.folder / "log",
            "LOGS": "-",
            "ENABLED_PLUGINS_FILE": self.folder / "plugins",
            "CONFIG_FILE": self.folder / "no-configuration",
            "CONF_ENV_FILE": self.folder / "no-environment",
            "NODENAME": "test@localhost",
            "NODE_IP_ADDRESS": "127.0.0.1",
            "NODE_PORT": self.port,
            "DIST_PORT": self._node_port,
            "SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        mapper = {"ERL_EPMD_PORT": str(self._mapper_port), "ERL_EPMD_ADDRESS": "127.0.0.1"}
        return {**{f"RABBITMQ_{name}": str(value) for name, value in own.items()}, **mapper}

    def start(self) -> None:
        """Start the port mapper, then the node, and wait until it lets a client in."""
        mapper = ["epmd", "-port", str(self._mapper_port), "-address", "127.0.0.1"]
        self._mapper = subprocess.Popen(mapper, start_new_session=True)
        self.spawn([str(RABBITMQ)], {"LANG": "C.UTF-8", **self._environment()})
        _until_it_answers(self)

    def ready(self) -> bool:
        """Say whether it lets a client in."""
        if not answers(self.port):
            return False
        link = kombu.Connection(self.url, connect_timeout=2)
        try:
            link.connect()
        except (OSError, *link.connection_errors):
            return False
        finally:
            link.release()
        return True

    def kill(self) -> None:
        """Kill the node and its port mapper."""
        super().kill()
        if self._mapper is not None:
            self._mapper.kill()
            self._mapper.wait()
            self._mapper = None


class Postgres:
    """A PostgreSQL cluster that writes to disk as in production; never the shared one."""

    def __init__(self) -> None:
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="oe-postgres-")), free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._data = self.folder / "data"
        self._user = "postgres" if os.geteuid() == 0 else None  # it refuses root
        if self._user:
            shutil.chown(self.folder, self._user)
        self._run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8")

    @staticmethod
    def programs() -> Path | None:
        """Return the folder of the newest server installed."""
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        return found[-1].parent if found else None

    @classmethod
    def missing(cls) -> str:
        """Say why there is no PostgreSQL, or ""."""
        return "" if cls.programs() else "no PostgreSQL server is installed"

    def _run(self, program: str, *options: str) -> None:
        folder = self.programs()
        assert folder is not None
        subprocess.run(
            [str(folder / program), "-D", str(self._data), *options],
            check=True,
            stdout=subprocess.DEVNULL,
            user=self._user,
            cwd="/",
        )

    def start(self) -> None:
        """Start it with every write on disk, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1"
        log = str(self.folder / "output")
        self._run("pg_ctl", "-w", "-l", log, "-o", f"{options} -c max_connections=200", "start")

    def ready(self) -> bool:
        """Say whether it answers."""
        try:
            psycopg2.connect(self.url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            return False
        return True

    def said(self) -> str:
        """Return the end of its log."""
        return (self.folder / "output").read_text(errors="replace")[-2_000:]

    def stop(self, mode: str) -> None:
        """Stop it: `fast` ends the sessions, `immediate` is a crash."""
        self._run("pg_ctl", "-w", "-m", mode, "stop")

    def kill(self) -> None:
        """Crash it."""
        self.stop("immediate")

    def remove(self) -> None:
        """End it and remove its folder."""
        with suppress(subprocess.CalledProcessError):
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def searches(url: str) -> bool:
    """Say whether an Elasticsearch answers at an address."""
    asked = urllib.request.Request(f"{url}/_cluster/health")
    with suppress(OSError), urllib.request.urlopen(asked, timeout=2) as answer:
        return int(answer.status) == 200
    return False


class Elasticsearch(_Grouped):
    """The bare server of ELASTICSEARCH_HOME, that `.ci/services` fetches; never the shared one."""

    def __init__(self) -> None:
        self.folder, self.port = Path(tempfile.mkdtemp(prefix="oe-elasticsearch-")), free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    @staticmethod
    def home() -> Path:
        """Return the folder of the server."""
        return Path(os.environ.get("ELASTICSEARCH_HOME", "") or "/nonexistent")

    @staticmethod
    def java() -> Path | None:
        """Return a Java that it accepts: 21 or newer."""
        named = os.environ.get("ES_JAVA_HOME", "")
        places = [Path(named)] if named else sorted(Path("/usr/lib/jvm").glob("*"))
        for place in places:
            release = place / "release"
            said = release.read_text() if release.is_file() else ""
            found = re.search(r'JAVA_VERSION="(\d+)', said)
            if found and int(found[1]) >= 21:
                return place
        return None

    @classmethod
    def missing(cls) -> str:
        """Say why there is no Elasticsearch, or ""."""
        if not (cls.home() / "lib").is_dir():
            return "ELASTICSEARCH_HOME names no server (.ci/services fetches one)"
        return "" if cls.java() else "no Java of version 21 or newer is installed"

    def start(self) -> None:
        """Start it as an ordinary user: it refuses root."""
        options = self.folder / "config"
        if not options.exists():
            shutil.copytree(self.home() / "config", options)
            (options / "elasticsearch.yml").write_text(
                "discovery.type: single-node\n"
                "xpack.security.enabled: false\nxpack.ml.enabled: false\n"
                f"http.host: 127.0.0.1\nhttp.port: {self.port}\n"
                f"transport.host: 127.0.0.1\ntransport.port: {free_port()}\n"
                f"path.data: {self.folder / 'data'}\npath.logs: {self.folder / 'logs'}\n"
            )
        user = None
        if os.geteuid() == 0:
            user = "nobody"
            subprocess.run(["chown", "-R", user, str(self.folder)], check=True)
        environment = {
            "ES_JAVA_HOME": str(self.java()),
            "ES_JAVA_OPTS": "-Xms512m -Xmx512m",
            "ES_PATH_CONF": str(options),
        }
        self.spawn([str(self.home() / "bin" / "elasticsearch")], environment, user=user)
        _until_it_answers(self)

    def ready(self) -> bool:
        """Say whether it answers."""
        return searches(self.url)

    def freeze(self) -> None:
        """Stop every process of it where it stands: connections stay open, nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, number)

    def remove(self) -> None:
        """Wake it, end it and remove its folder."""
        with suppress(ProcessLookupError):
            self.thaw()
        super().remove()


Server = Redis | RabbitMQ | Postgres | Elasticsearch
BROKERS: dict[str, type[Redis] | type[RabbitMQ]] = {"redis": Redis, "rabbitmq": RabbitMQ}


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Start a server, and remove it at the end."""
    try:
        server.start()
        yield server
    finally:
        server.remove()
