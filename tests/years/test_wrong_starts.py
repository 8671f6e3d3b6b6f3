"""A probe that does not start, or answers nonsense, is one sentence; noise around it is not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from helpers.years import serve
from helpers.years.cases import Case
from helpers.years.measure import measure
from helpers.years.serve import Hindrance

CASE = Case("tables", "no", "run", "default", "main")


@pytest.mark.parametrize(
    ("probe", "sentence"),
    [
        ("import threading; threading.Event().wait()", "nobody listened within 1 s"),
        ("raise ImportError('no module named flask')", "it ended before it answered: Import"),
        (
            "import json, os, socket, threading\n"
            "port = json.loads(os.environ['PROBE'])['port']\n"
            "server = socket.create_server(('127.0.0.1', port))\n"
            "threading.Event().wait()",
            "no answer within 1 s",
        ),
        (
            "import json, os, socket\n"
            "port = json.loads(os.environ['PROBE'])['port']\n"
            "client, _ = socket.create_server(('127.0.0.1', port)).accept()\n"
            "client.sendall(b'SSH-2.0-OpenSSH\\r\\n')",
            "makes no sense",
        ),
    ],
    ids=["hangs", "fails", "never answers", "answers nonsense"],
)
def test_a_start_that_goes_wrong_is_one_sentence(
    probe: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names what happened, and the process is gone: conftest looks for what is left."""
    (tmp_path / "probe.py").write_text(probe)
    monkeypatch.setattr(serve, "PROBE", tmp_path / "probe.py")

    with pytest.raises(Hindrance, match=sentence):
        measure(sys.executable, CASE, patience=1.0)


def test_a_probe_that_never_says_its_pools_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no server to wait for."""
    (tmp_path / "probe.py").write_text("import threading; threading.Event().wait()")
    monkeypatch.setattr(serve, "PROBE", tmp_path / "probe.py")

    with pytest.raises(Hindrance, match="did not end within 1 s"):
        measure(sys.executable, Case("pools"), patience=1.0)


SAYS = """
import json, os
from http.server import BaseHTTPRequestHandler, HTTPServer
case = json.loads(os.environ["PROBE"])
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(201)
        self.end_headers()
        self.wfile.write(json.dumps({"token": case["token"], **ANSWER}).encode())
    def log_message(self, *words):
        pass
if case["question"] == "pools":
    print(json.dumps(ANSWER))
else:
    HTTPServer(("127.0.0.1", case["port"]), Handler).serve_forever()
"""


LOSS = {"overlap": False, "pool": "StaticPool", "handler_thread": "", "same_thread": True}


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("loss", LOSS | {"rows": 17}),
        ("loss", LOSS | {"rows": []}),
        ("loss", {}),
        ("tables", {}),
        ("tables", LOSS | {"error": 3}),
        ("pools", {}),
        ("pools", {"pools": [], "versions": {}}),
        ("pools", {"pools": 3, "versions": {}}),
        ("pools", {"pools": [["yes"]], "versions": {}}),
        ("pools", {"pools": [["yes", "memory", "default", "x"]], "versions": 3}),
        ("pools", []),
    ],
)
def test_an_answer_that_makes_no_sense_is_a_hindrance(
    question: str, answer: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that its stack is skipped, and the others go on."""
    (tmp_path / "probe.py").write_text(f"ANSWER = {answer!r}\n{SAYS}")
    monkeypatch.setattr(serve, "PROBE", tmp_path / "probe.py")

    with pytest.raises(Hindrance, match="the probe"):
        measure(sys.executable, Case(question, "no", "run", "default", "main"))


def test_a_python_that_prints_a_line_too_much_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ahead of the answer, and at its end."""
    probe = serve.PROBE.read_text(encoding="utf-8")
    noisy = 'import atexit; atexit.register(print, "bye"); print("hello")\n' + probe
    (tmp_path / "probe.py").write_text(noisy, encoding="utf-8")
    monkeypatch.setattr(serve, "PROBE", tmp_path / "probe.py")

    assert len(measure(sys.executable, Case("pools"))) == 7


@pytest.mark.parametrize("name", ["LC_ALL", "LANG"])
def test_an_environment_in_ascii_changes_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command of Flask 0.12 refuses to start in one."""
    monkeypatch.setenv(name, "C")
    show = f"{SAYS}\nprint(json.dumps(dict(os.environ)))"
    (tmp_path / "probe.py").write_text(f"ANSWER = {{}}\n{show}")
    monkeypatch.setattr(serve, "PROBE", tmp_path / "probe.py")

    with serve.started([sys.executable, "probe.py"], {"question": "pools"}) as process:
        process.wait()
        variables = json.loads(process.output.splitlines()[-1])
    assert variables["LC_ALL"] == "C.UTF-8"
