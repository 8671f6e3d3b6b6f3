"""A process of a notebook starts when it should, and never outlives it."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from helpers.spawn import Process
from helpers.spawn import process as processes

posix = pytest.mark.skipif(os.name == "nt", reason="needs signals and inherited file descriptors")

# Says that it is up, and stays until it is ended.
UP = "import threading; print('up', flush=True); threading.Event().wait()"
# The same, with a child of its own that keeps all open file descriptors.
FAMILY = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {UP!r}], close_fds=False)"
# A caller like a notebook's kernel: it starts a family that holds one file descriptor.
CALLER = f"""
import sys
from helpers.spawn import Process
fd, folder = int(sys.argv[1]), sys.argv[2]
try:
    with Process([sys.executable, "-c", {FAMILY!r}], "up", pass_fds=[fd], remove=folder) as family:
        print("caller up", flush=True)
        sys.stdin.read()
finally:
    print("family ended with", family.returncode)
"""
APP = """
import os
import flask
app = flask.Flask(__name__)
@app.get("/")
def who():
    return [os.getppid(), os.getpid()]
app.run(port=0, use_reloader=True, reloader_type="stat")
"""


def python(source: str) -> list[str]:
    """Return the command that runs this source."""
    return [sys.executable, "-c", source]


class Holders:
    """A pipe whose reading end tells when the last process that holds the other is gone."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe()

    def release(self) -> None:
        """Close the writing end here, so that only other processes hold it."""
        os.close(self.write)

    def are_gone(self) -> bool:
        """Wait until nobody holds it, for 20 seconds at most."""
        return bool(select.select([self.read], [], [], 20)[0]) and os.read(self.read, 1) == b""


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """Turn a wait that has no end into a failure."""

    def give_up(*_: object) -> None:
        raise TimeoutError("The test hangs.")

    if os.name == "nt":
        yield
    else:
        before = signal.signal(signal.SIGALRM, give_up)
        signal.alarm(40)
        yield
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def holders() -> Iterator[Holders]:
    """A pipe to give to processes whose end a test waits for."""
    pipe = Holders()
    yield pipe
    os.close(pipe.read)


def start_caller(holders: Holders, folder: Path) -> subprocess.Popen[str]:
    """Start a process that holds a family of processes, and wait until all are up."""
    caller = subprocess.Popen(
        [*python(CALLER), str(holders.write), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=[holders.write],
        text=True,
        start_new_session=True,
    )
    holders.release()
    assert caller.stdout
    assert caller.stdout.readline() == "caller up\n"
    return caller


def test_it_is_ready_when_the_line_is_there() -> None:
    """The start returns with the match in the output."""
    source = f"print('starting'); print('port 8123'); {UP}"
    with Process(python(source), ready=r"port (\d+)") as process:
        assert process.ready and process.ready.group(1) == "8123"
        assert process.output.startswith("starting\nport 8123\n")


def test_it_collects_both_streams_in_order() -> None:
    """Standard output and error are one text, in the order of the prints."""
    source = "import sys; print('á'); print('b', file=sys.stderr); print('c')"
    with Process(python(source)) as process:
        assert process.wait() == 0
    assert process.output == "á\nb\nc\n"


def test_output_that_nobody_asks_for_does_not_stop_it() -> None:
    """More than a pipe holds is read, before it is ready and after."""
    source = "[print('x' * 99) for _ in range(20_000)]"
    with Process(python(f"{source}; print('up'); {source}"), ready="up") as process:
        assert process.wait() == 0
    assert len(process.output) == 2 * 20_000 * 100 + len("up\n")


def test_it_gets_the_environment_and_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables and folder are those that were given; Python's output is not held back."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    source = "import os; print(os.getcwd(), os.environ['SHOP'], os.environ['PYTHONUNBUFFERED'])"
    with Process(python(source), cwd=tmp_path, env={**os.environ, "SHOP": "tea"}) as process:
        process.wait()
    assert process.output == f"{tmp_path} tea 1\n"


@pytest.mark.parametrize("code", [0, 3, 255])
def test_wait_returns_the_exit_code(code: int) -> None:
    """The code is the command's own."""
    with Process(python(f"import sys; sys.exit({code})")) as process:
        assert process.wait() == process.returncode == code


@posix
@pytest.mark.parametrize("name", ["SIGSEGV", "SIGKILL", "SIGTERM", "SIGINT", "SIGABRT"])
def test_wait_returns_the_signal_that_ended_it(name: str) -> None:
    """The return code is the negative number of the signal, as with `subprocess`."""
    number = getattr(signal, name)
    source = f"import os; print('last', flush=True); os.kill(os.getpid(), {number:d})"
    with Process(python(f"import signal; signal.signal(2, signal.SIG_DFL); {source}")) as process:
        assert process.wait() == -number
    assert process.output == "last\n"


def test_wait_has_an_end() -> None:
    """A process that runs on is reported, and runs on."""
    with Process(python(UP), ready="up") as process:
        with pytest.raises(TimeoutError, match=r"still runs after 0\.1 s: wait longer"):
            process.wait(timeout=0.1)
        assert process.returncode is None


def test_it_ends_before_it_is_ready() -> None:
    """The error has the return code and what it printed."""
    with pytest.raises(RuntimeError, match="return code 4 and printed no line with 'up'") as error:
        Process(python("print('no such port'); raise SystemExit(4)"), ready="up")
    assert str(error.value).endswith("It printed:\nno such port\n")


@posix
def test_it_is_never_ready(holders: Holders) -> None:
    """The error has the seconds and what it printed, and nothing stays behind."""
    with pytest.raises(TimeoutError, match=r"ran 0\.5 s and printed no line with 'down'"):
        Process(python(UP), ready="down", timeout=0.5, pass_fds=[holders.write])
    holders.release()
    assert holders.are_gone()


def test_a_missing_program_is_named() -> None:
    """The error says what was to be started, and what to do."""
    with pytest.raises(FileNotFoundError, match="no program 'gunicornn' to start: install it"):
        Process(["gunicornn", "app:app"])


@posix
def test_a_program_that_cannot_run_is_named(tmp_path: Path) -> None:
    """A file that the system refuses to run is one sentence, not a traceback."""
    program = tmp_path / "broken"
    program.write_text("no program")
    program.chmod(0o755)
    with pytest.raises(RuntimeError, match="cannot be started: .*Exec format error") as error:
        Process([program], ready="up")
    assert "Traceback" not in str(error.value)


def test_a_command_is_a_list() -> None:
    """One string is refused with what to give instead."""
    with pytest.raises(TypeError, match="one string, 'flask run': give a list of its words"):
        Process("flask run")


@posix
def test_stop_ends_children_too(holders: Holders) -> None:
    """After the end of the block nobody of the family is left."""
    with Process(python(FAMILY), ready="up", pass_fds=[holders.write]) as process:
        holders.release()
    assert holders.are_gone()
    assert process.returncode == -signal.SIGTERM
    process.stop()


@posix
def test_its_end_ends_its_children(holders: Holders) -> None:
    """A command that ends by itself leaves no child behind."""
    source = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {UP!r}], close_fds=False, stdout=subprocess.PIPE)
child.stdout.readline()
"""
    with Process(python(source), pass_fds=[holders.write]) as process:
        holders.release()
        assert process.wait() == 0
        assert holders.are_gone()


@posix
def test_the_reloader_ends_with_its_child(tmp_path: Path, holders: Holders) -> None:
    """Werkzeug's reloader serves from a child of the command; both end."""
    (tmp_path / "app.py").write_text(APP)
    line = r"Running on (http://127\.0\.0\.1:\d+)"
    with Process(
        [sys.executable, "app.py"], ready=line, cwd=tmp_path, pass_fds=[holders.write]
    ) as process:
        holders.release()
        assert process.ready
        with requests.Session() as session:
            session.trust_env = False
            parent, child = session.get(process.ready.group(1)).json()
        assert parent != child
        assert "Restarting with stat" in process.output
    assert holders.are_gone()


@posix
def test_a_killed_caller_takes_everything_with_it(holders: Holders, tmp_path: Path) -> None:
    """After `kill -9` of the caller its processes end, and the folder is deleted."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "row").write_text("1")
    with start_caller(holders, folder) as caller:
        caller.kill()
        assert holders.are_gone()
    assert not folder.exists()


@posix
def test_a_caller_that_forgets_to_stop_takes_everything_with_it(holders: Holders) -> None:
    """The plain end of the caller ends its processes."""
    source = f"""
import sys
from helpers.spawn import Process
process = Process([sys.executable, "-c", {FAMILY!r}], "up", pass_fds=[{holders.write}])
"""
    subprocess.run(python(source), pass_fds=[holders.write], check=True)
    holders.release()
    assert holders.are_gone()


@posix
def test_a_cell_that_runs_again_ends_the_process_of_its_first_run(holders: Holders) -> None:
    """Nobody refers to the first any more: it ends before the second line is done."""
    process = Process(python(FAMILY), ready="up", pass_fds=[holders.write])
    holders.release()

    process = Process(python(FAMILY), ready="up")

    assert holders.are_gone()
    assert process.returncode is None
    process.stop()


@posix
def test_a_terminals_interrupt_reaches_the_caller_only(holders: Holders, tmp_path: Path) -> None:
    """Ctrl+C goes to the caller's group; the family does not see it, and is ended as always."""
    with start_caller(holders, tmp_path / "data") as caller:
        os.killpg(caller.pid, signal.SIGINT)
        output, error = caller.communicate()
    assert holders.are_gone()
    assert "KeyboardInterrupt" in error
    assert output == f"family ended with {-signal.SIGTERM}\n"


@posix
def test_an_interrupt_of_the_start_leaves_nothing(holders: Holders) -> None:
    """A caller that is interrupted while it waits for the line ends what it started."""
    source = f"""
import os, sys
from helpers.spawn import Process
child = "import os, threading; os.write({holders.write}, b'u'); threading.Event().wait()"
try:
    Process([sys.executable, "-c", child], "never", pass_fds=[{holders.write}])
except KeyboardInterrupt:
    os.close({holders.write})
sys.stdin.read()
"""
    with subprocess.Popen(
        python(source), stdin=subprocess.PIPE, pass_fds=[holders.write]
    ) as caller:
        assert os.read(holders.read, 1) == b"u"
        caller.send_signal(signal.SIGINT)
        holders.release()
        assert holders.are_gone()
        assert caller.poll() is None
    assert caller.returncode == 0


@posix
def test_a_fork_of_the_caller_does_not_delay_the_stop() -> None:
    """A forked process has a copy of every pipe; a stop does not wait for its end."""
    source = f"""
import os, signal
from helpers.spawn import Process
with Process([{sys.executable!r}, "-c", {UP!r}], "up") as process:
    fork = os.fork()
    if fork == 0:
        signal.pause()
print(process.returncode)
os.kill(fork, signal.SIGKILL)
os.waitpid(fork, 0)
"""
    done = subprocess.run(python(source), capture_output=True, check=False, text=True, timeout=20)
    assert done.stdout == f"{-signal.SIGTERM}\n"


@posix
def test_a_fork_of_the_caller_that_ends_ends_nothing() -> None:
    """What runs at the end of the caller does not run at the end of its fork."""
    source = f"""
import os, sys
from helpers.spawn import Process
process = Process([{sys.executable!r}, "-c", {UP!r}], "up")
fork = os.fork()
if fork == 0:
    sys.exit()
os.waitpid(fork, 0)
print(process.returncode)
"""
    # Python 3.12 and later warn of a fork beside threads, and one reads the process's output.
    quiet = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", source]
    done = subprocess.run(quiet, capture_output=True, check=False, text=True, timeout=20)
    assert (done.stdout, done.stderr) == ("None\n", "")


@posix
def test_nothing_is_left_in_the_caller() -> None:
    """Ten processes later the caller has the threads, files and children it had before."""
    source = f"""
import os, threading
from helpers.spawn import Process

def held():
    return threading.active_count(), len(os.listdir("/dev/fd"))

before = held()
for _ in range(5):
    with Process([{sys.executable!r}, "-c", {UP!r}], "up"):
        pass
    try:
        Process([{sys.executable!r}, "-c", ""], "up")
    except RuntimeError:
        pass
assert held() == before, (before, held())
try:
    os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    print("no child")
"""
    command = [sys.executable, "-W", "error", "-c", source]
    done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("no child\n", "")


@posix
def test_a_process_that_escapes_is_reported(
    holders: Holders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A grandchild in a session of its own outlives the stop, which says so and returns."""
    monkeypatch.setattr(processes, "LAST_WORDS", 0.2)
    source = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {UP!r}], start_new_session=True)
print("pid", child.pid)
child.wait()
"""
    process = Process(python(source), ready=r"pid (\d+)")
    with pytest.raises(RuntimeError, match="left a process in a session of its own"):
        process.stop()
    assert process.ready
    os.kill(int(process.ready.group(1)), signal.SIGKILL)
    process.stop()


@posix
def test_it_keeps_the_file_descriptors_that_it_is_given() -> None:
    """A socket that the caller bound is served by the process, by its number."""
    source = "import socket, sys; s = socket.socket(fileno=int(sys.argv[1])); "
    source += "print('up'); s.accept()[0].sendall(b'served')"
    with socket.create_server(("127.0.0.1", 0)) as bound:
        command = [*python(source), str(bound.fileno())]
        with (
            Process(command, ready="up", pass_fds=[bound.fileno()]) as process,
            socket.create_connection(bound.getsockname(), timeout=20) as client,
        ):
            assert client.recv(10) == b"served"
            assert process.wait() == 0


def test_the_folder_is_deleted_after_the_end(tmp_path: Path) -> None:
    """The folder is there while the process runs, and its parent stays."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "row").write_text("1")
    with Process(python(UP), ready="up", cwd=folder, remove=folder):
        assert (folder / "row").exists()
    assert not folder.exists()
    assert tmp_path.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_it_runs_as_another_account() -> None:
    """Root can start a program that refuses to run as root, and still end it."""
    with Process(["sh", "-c", "id -un; read never; sleep 60"], "nobody", user="nobody") as process:
        assert process.returncode is None
    assert process.returncode == -signal.SIGTERM


@posix
def test_an_unknown_account_is_named(tmp_path: Path) -> None:
    """The error names the account and is no traceback, and the folder is deleted."""
    folder = tmp_path / "data"
    folder.mkdir()
    with pytest.raises(RuntimeError, match="nobody-at-all") as error:
        Process(python(UP), ready="up", user="nobody-at-all", remove=folder)
    assert "Traceback" not in str(error.value)
    assert not folder.exists()
