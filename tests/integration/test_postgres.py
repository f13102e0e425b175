"""The embedded PostgreSQL: it keeps what was committed, dies with us, and says what is wrong."""

import asyncio
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from app.storage import postgres, postgres_account, postgres_programs
from app.storage.postgres import EmbeddedPostgres, PostgresUnavailable

ROOT = Path(__file__).resolve().parents[2]

# Starts a server, says where, and waits to be told or killed.
A_SERVER = """
import sys
from pathlib import Path
from app.storage.postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as server:
    print(server.start(), flush=True)
    sys.stdin.read()
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def ask(url: str, *statements: str):
    """Run the statements; return the last one's value."""

    async def run():
        connection = await asyncpg.connect(url)
        try:
            return [await connection.fetchval(statement) for statement in statements][-1]
        finally:
            await connection.close()

    return asyncio.run(run())


def until(condition: Callable[[], bool], within_s: float = 10) -> bool:
    give_up_at = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.01)
    return True


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "cluster" / "postmaster.pid").read_text().split()[0])


def at_work(pid: int) -> bool:
    """Whether the process is there and no zombie: here nobody may reap an orphan."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def open_dir() -> Iterator[Path]:
    """A folder that every user can enter, unlike pytest's own: root may have to become another."""
    folder = Path(tempfile.mkdtemp(prefix="ydt-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def place(open_dir: Path, request: pytest.FixtureRequest) -> Path:
    """An empty folder of the test's own."""
    name = hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
    folder = open_dir / name
    folder.mkdir(mode=0o755)
    return folder


@pytest.fixture(scope="module")
def data_dir(open_dir: Path) -> Path:
    """A data folder with the number 42 in it; the tests start and stop it in turn."""
    data_dir = open_dir / "data"
    with EmbeddedPostgres(data_dir) as server:
        ask(server.start(), "CREATE TABLE kept (number int)", "INSERT INTO kept VALUES (42)")
    return data_dir


@pytest.fixture
def server(data_dir: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(data_dir)
    yield server
    server.stop()


def test_the_first_start_makes_a_database_for_chinese_text_that_only_we_can_reach(place):
    words: list[str] = []
    with EmbeddedPostgres(place / "deep" / "data", on_progress=words.append) as server:
        url = server.start()
        assert ask(url, "SELECT length('一点通')") == 3
        assert ask(url, "SHOW server_encoding") == "UTF8"
        assert ask(url, "SHOW data_checksums") == "on"
        assert ask(url, "SHOW fsync") == "on"
        assert ask(url, "SHOW listen_addresses") == ""
        socket_dir = Path(ask(url, "SHOW unix_socket_directories"))
        assert socket_dir.stat().st_mode & 0o777 == 0o700
        assert len(str(socket_dir / ".s.PGSQL.5432")) <= 107
    assert words == ["Making the database."]
    assert not socket_dir.exists()


def test_the_second_start_finds_what_the_first_one_kept(server):
    assert ask(server.start(), "SELECT number FROM kept") == 42


async def test_sqlalchemy_takes_the_same_address(server):
    url = await asyncio.to_thread(server.start)
    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:", 1))
    async with engine.connect() as connection:
        assert (await connection.exec_driver_sql("SELECT number FROM kept")).scalar() == 42
    await engine.dispose()


def test_a_strange_environment_changes_nothing(server, monkeypatch):
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGHOST", "nowhere.invalid")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("LC_ALL", "xx_XX")
    assert ask(server.start(), "SELECT number FROM kept") == 42


def test_start_and_stop_may_be_repeated(server):
    assert server.start() == server.start()
    assert server.is_running
    server.stop()
    server.stop()
    assert not server.is_running
    assert ask(server.start(), "SELECT number FROM kept") == 42


def test_it_outlives_the_thread_that_started_it(server):
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join(60)
    assert ask(server.start(), "SELECT number FROM kept") == 42


def test_ctrl_c_in_a_terminal_does_not_reach_it(server, data_dir):
    server.start()
    assert os.getsid(postmaster(data_dir)) != os.getsid(0)


def test_a_killed_postgres_comes_back_with_all_that_was_committed(server):
    ask(server.start(), "CREATE TABLE pressed (number int)", "INSERT INTO pressed VALUES (43)")
    server.terminate_hard()
    assert not server.is_running
    assert ask(server.start(), "SELECT number FROM pressed") == 43


def test_a_postgres_that_died_by_itself_is_noticed_and_can_be_started_again(server, data_dir):
    server.start()
    os.kill(postmaster(data_dir), signal.SIGKILL)
    assert until(lambda: not server.is_running)
    assert ask(server.start(), "SELECT number FROM kept") == 42


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties the two lives together")
def test_killing_the_server_stops_postgres_and_the_next_one_starts_at_once(server, data_dir):
    with subprocess.Popen(
        [sys.executable, "-c", A_SERVER, data_dir], cwd=ROOT, stdin=-1, stdout=-1
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline().startswith(b"postgresql://")
        pid = postmaster(data_dir)
        child.kill()
    assert ask(server.start(), "SELECT number FROM kept") == 42
    assert not at_work(pid)
    assert "database system was shut down" in (data_dir / "postgres.log").read_text()


def test_a_half_made_database_is_made_again(place):
    half = place / "cluster.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    (half / "base").mkdir()
    with EmbeddedPostgres(place) as server:
        assert ask(server.start(), "SELECT 1") == 1
    assert not half.exists()


@pytest.mark.parametrize("version", ["9.6", "14", "99"])
def test_data_of_another_version_is_refused_and_left_alone(place, version):
    cluster = place / "cluster"
    (cluster / "base").mkdir(parents=True)
    (cluster / "PG_VERSION").write_text(f"{version}\n")
    with pytest.raises(PostgresUnavailable, match=r"made by PostgreSQL \d+, .*pg_dumpall"):
        EmbeddedPostgres(place).start()
    assert {path.name for path in cluster.iterdir()} == {"base", "PG_VERSION"}


def test_a_folder_of_other_files_is_refused_and_left_alone(place):
    cluster = place / "cluster"
    (cluster / "base").mkdir(parents=True)
    with pytest.raises(PostgresUnavailable, match="no good PG_VERSION"):
        EmbeddedPostgres(place).start()
    assert {path.name for path in cluster.iterdir()} == {"base"}


def test_a_second_server_on_the_same_data_is_refused_by_name(server, data_dir):
    url = server.start()
    with pytest.raises(PostgresUnavailable, match=rf"\(process {os.getpid()}\) already uses"):
        EmbeddedPostgres(data_dir).start()
    assert ask(url, "SELECT number FROM kept") == 42


def test_a_zombies_pid_file_does_not_keep_it_from_starting(server, data_dir):
    with subprocess.Popen(["true"]) as child:
        stat = Path(f"/proc/{child.pid}/stat")
        assert until(lambda: " Z " in stat.read_text())
        (data_dir / "cluster" / "postmaster.pid").write_text(f"{child.pid}\n/x\n1\n5432\n\n\n")
        assert ask(server.start(), "SELECT number FROM kept") == 42


def test_another_programs_pid_does_not_keep_it_from_starting(server, data_dir):
    with subprocess.Popen(["sleep", "60"]) as child:
        (data_dir / "cluster" / "postmaster.pid").write_text(f"{child.pid}\n/x\n1\n5432\n\n\n")
        assert ask(server.start(), "SELECT number FROM kept") == 42
        assert child.poll() is None
        child.kill()


def test_an_empty_pid_file_does_not_keep_it_from_starting(server, data_dir):
    (data_dir / "cluster" / "postmaster.pid").write_text("")
    assert ask(server.start(), "SELECT number FROM kept") == 42


def test_a_log_that_has_grown_too_long_is_put_aside(server, data_dir):
    (data_dir / "postgres.log").write_bytes(b"x" * (postgres.LOG_BYTES_MAX + 1))
    server.start()
    assert (data_dir / "postgres.log").stat().st_size < 10_000
    assert (data_dir / "postgres.log.1").stat().st_size > postgres.LOG_BYTES_MAX


def test_a_refused_rows_values_do_not_enter_the_log(server, data_dir):
    url = server.start()
    with pytest.raises(asyncpg.NotNullViolationError):
        ask(
            url,
            "CREATE TABLE resident (name text, id int NOT NULL)",
            "INSERT INTO resident VALUES ('张三丰', NULL)",
        )
    log = (data_dir / "postgres.log").read_text()
    assert "null value in column" in log
    assert "张三丰" not in log


def test_a_start_that_fails_tells_what_postgres_said(server, data_dir):
    settings = data_dir / "cluster" / "postgresql.auto.conf"
    before = settings.read_text()
    settings.write_text("no such setting = 1\n")
    try:
        with pytest.raises(PostgresUnavailable, match="syntax error in file"):
            server.start()
    finally:
        settings.write_text(before)
    assert not server.is_running
    assert ask(server.start(), "SELECT number FROM kept") == 42


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(PostgresUnavailable, match="cannot be started in"):
        EmbeddedPostgres(tmp_path / "file" / "data").start()


def test_a_long_path_to_the_data_is_no_matter(data_dir, place):
    deep = place / ("甲" * 40) / ("b" * 100)
    deep.parent.mkdir(parents=True)
    data_dir.rename(deep)
    try:
        with EmbeddedPostgres(deep) as server:
            assert ask(server.start(), "SELECT number FROM kept") == 42
    finally:
        deep.rename(data_dir)


def test_no_postgres_at_all_is_told_with_the_way_out(server, monkeypatch):
    monkeypatch.setattr(postgres_programs, "_candidates", lambda: iter(()))
    with pytest.raises(PostgresUnavailable, match="No PostgreSQL was found"):
        server.start()


@as_root
def test_an_ordinary_user_runs_it_too(place):
    nobody = 65534
    app = place / "code" / "app"
    (app / "storage").mkdir(parents=True)
    for file in ("__init__.py", *(p.name for p in (ROOT / "app/storage").glob("postgres*.py"))):
        shutil.copy(ROOT / "app/storage" / file, app / "storage")
    programs = postgres_programs.find_programs()
    copy = programs.copied_below(place) if programs.parts else programs
    data_dir = place / "data"
    data_dir.mkdir()
    os.chown(data_dir, nobody, nobody)
    python = python_for(nobody)
    with subprocess.Popen(
        [python, "-c", A_SERVER, data_dir],
        stdin=-1,
        stdout=-1,
        cwd="/",
        user=nobody,
        group=nobody,
        extra_groups=[],
        env={"PYTHONPATH": str(app.parent), "PATH": f"{copy.folder}:/usr/bin:/bin"},
    ) as child:
        assert child.stdout is not None
        url = child.stdout.readline().decode()
        assert ask(url.strip(), "SELECT 1") == 1
        assert Path(f"/proc/{postmaster(data_dir)}").stat().st_uid == nobody
        child.communicate()
    assert not (data_dir / "cluster" / "postmaster.pid").exists()


def python_for(user: int) -> str:
    """Return a Python that the user can run: ours may lie in root's home."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            subprocess.run(
                [python, "-c", "import sys; assert sys.version_info >= (3, 11)"],
                check=True, user=user, group=user, extra_groups=[], cwd="/", stderr=-3,
            )  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            continue
        return python
    pytest.skip("no Python here that an ordinary user can run")


# In a changed root the kernel refuses a user namespace even to root, as many containers do.
NO_NAMESPACES = """
mount --rbind / "$1" && mount --make-rprivate "$1" && mount -t tmpfs tmpfs "$1/var/lib" || exit 77
cd "$2" && exec chroot "$1" /bin/sh -c 'cd "$1" && exec "$2" -c "$3" "$4"' sh "$2" "$3" "$4" "$5"
"""

STARTED_TWICE = """
import os, sys
from pathlib import Path
from app.storage.postgres import EmbeddedPostgres
for _ in range(2):
    with EmbeddedPostgres(Path(sys.argv[1]), on_progress=print) as server:
        server.start()
        cluster = Path(next(line for line in server._server.process.args if "cluster" in line))
        pid = (cluster / "postmaster.pid").read_text().split()[0]
        print(os.stat(f"/proc/{pid}").st_uid, cluster)
"""


def run_without_namespaces(data_dir: Path, place: Path) -> list[str]:
    changed_root = place / "root"
    changed_root.mkdir()
    command = ["unshare", "--mount", "/bin/sh", "-c", NO_NAMESPACES, "sh"]
    done = subprocess.run(
        [*command, changed_root, ROOT, sys.executable, STARTED_TWICE, data_dir],
        capture_output=True,
        text=True,
        timeout=60,
    )
    if done.returncode == 77 or "unshare:" in done.stderr:
        pytest.skip(f"no mounts are allowed here: {done.stderr}")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@as_root
def test_root_without_namespaces_runs_it_as_nobody(place):
    assert run_without_namespaces(place / "data", place) == [
        "Making the database.",
        f"65534 {place}/data/cluster",
        f"65534 {place}/data/cluster",
    ]


@as_root
def test_root_without_namespaces_keeps_data_where_nobody_can_reach_it(tmp_path, place):
    data_dir = tmp_path / "data"
    cluster = home_of_nobodys_copy(data_dir)
    assert run_without_namespaces(data_dir, place) == [
        "Making the database.",
        f"The database is kept in {cluster}.",
        f"65534 {cluster}",
        f"The database is kept in {cluster}.",
        f"65534 {cluster}",
    ]
    with pytest.raises(PostgresUnavailable, match="there is no such folder"):
        EmbeddedPostgres(data_dir).start()


def home_of_nobodys_copy(data_dir: Path) -> Path:
    name = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:12]
    return postgres_account.SHARED / name / "cluster"
