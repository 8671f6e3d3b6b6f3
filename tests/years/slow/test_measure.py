"""Cases are measured on the installed stack, and a start that goes wrong leaves nothing."""

from __future__ import annotations

import socket
import sys

import pytest
from pytest_httpserver import HTTPServer

from helpers.years import expected, measure_installed, pick, recorded, serve
from helpers.years.cases import Case, differences, loss_cases, post_cases
from helpers.years.measure import measure
from helpers.years.rule import expected_loss
from helpers.years.serve import Hindrance
from helpers.years.stacks import installed_stack

CASE = Case("tables", "no", "run", "default", "main")
HEAD = {
    package.replace("-", "_"): installed_stack().version(package)
    for package in ("flask", "flask-sqlalchemy", "sqlalchemy")
}


def test_the_installed_stack_follows_the_rule_and_does_what_the_newest_one_did() -> None:
    """All cases of ``app.run()``, until a release changes something, which is then to be told."""
    rows = measure_installed()

    assert len(rows) == 12
    assert [row["outcome"] for row in rows] == [expected(row) for row in rows]
    assert {row["stack"] for row in rows} == {"yours"}
    yours = [row | {"stack": "2026"} for row in rows]
    assert differences(pick(recorded(), stack="2026", mode="run"), yours) == []


@pytest.mark.parametrize(
    "modes", [("gunicorn",), ["Run"], ("run", "debug"), "cli", (), None, 3], ids=repr
)
def test_a_server_that_it_does_not_know_is_refused(modes: object) -> None:
    """Its rows would be those of another one."""
    with pytest.raises(ValueError) as refused:
        measure_installed(modes)  # type: ignore[arg-type]  # as a learner might

    assert str(refused.value) == (
        f"measure_installed was given {modes!r}: give a list of one or more of 'run',"
        " 'reloader', 'cli' and 'cli-reloader', such as ['run', 'cli']."
    )


@pytest.mark.parametrize("mode", ["reloader", "cli-reloader"])
@pytest.mark.parametrize("bootstrap", ["main", "handler"])
def test_each_server_can_be_started(mode: str, bootstrap: str) -> None:
    """With one thread, so that the two places of the tables differ with the reloader."""
    [row] = measure(sys.executable, Case("tables", "no", mode, "off", bootstrap))

    assert row["outcome"] == expected(HEAD | row)


@pytest.mark.parametrize("case", [c for c in loss_cases() if c.threaded != "on"], ids=" ".join)
def test_a_row_is_lost_where_requests_share_a_connection(case: Case) -> None:
    """The server said 201."""
    [row] = measure(sys.executable, case)

    assert row["outcome"] == expected_loss(HEAD | row)
    assert row["answer"] == ("500" if row["error"] else "201")


@pytest.mark.slow
@pytest.mark.parametrize("case", [c for c in post_cases() if c.mode == "debug"], ids=" ".join)
def test_the_app_of_the_post_runs_with_debug_and_with_a_file(case: Case) -> None:
    """A file is found by every thread."""
    [row] = measure(sys.executable, case)

    assert row["outcome"] == expected(HEAD | row)


def test_the_pools_are_those_of_today() -> None:
    """And the extension does not let its pool be replaced."""
    found = {
        (row["extension"], row["database"], row["configured"]): row["pool"]
        for row in measure(sys.executable, Case("pools"))
    }
    assert found == {
        ("no", "memory", "default"): "SingletonThreadPool",
        ("no", "file", "default"): "QueuePool",
        ("yes", "memory", "default"): "StaticPool",
        ("yes", "file", "default"): "QueuePool",
        ("yes", "memory", "SingletonThreadPool"): "StaticPool",
        ("no", "pysqlite", "default"): "SingletonThreadPool",
        ("yes", "pysqlite", "default"): "StaticPool",
    }


def test_a_port_that_is_taken_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a program that listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setattr(serve, "free_port", lambda: taken.getsockname()[1])

        with pytest.raises(Hindrance, match="in use"):
            measure(sys.executable, CASE, patience=5.0)


def test_a_port_that_another_program_took_costs_nothing_but_time(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when two runs go on side by side: the case gets another port."""
    httpserver.expect_request("/count").respond_with_json({"rows": 0, "token": "another run's"})
    ports = [serve.free_port(), httpserver.port, httpserver.port]
    monkeypatch.setattr(serve, "free_port", ports.pop)

    [row] = measure(sys.executable, CASE)

    assert (row["outcome"], ports) == (expected(HEAD | row), [])


def test_a_request_of_another_run_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would make the table that a view of this case must not find."""
    with serve.served(sys.executable, Case("tables", "no", "run", "off", "handler")) as ask:
        _, found = ask("/ready")
        port = next(iter(serve.GIVEN))
        monkeypatch.setattr(serve, "free_port", lambda: port)
        monkeypatch.setattr(serve, "GIVEN", set())
        with (
            serve.served(sys.executable, Case("tables", "no", "run", "off", "handler")) as other,
            pytest.raises(serve.PortTaken),
        ):
            other("/create")
        _, found = ask("/count")

    assert "no such table" in found["error"]


def test_two_cases_never_have_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system gives a port again until somebody listens on it."""
    given = [1003, 1002, 1001, 1001, 1001]
    monkeypatch.setattr(serve, "free_port", given.pop)

    with serve.own_port() as one, serve.own_port() as two:
        assert (one, two) == (1001, 1002)
    with serve.own_port() as three:
        assert three == 1003


def test_another_server_on_the_port_is_not_taken_for_the_probe(
    httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its answer could otherwise be recorded."""
    httpserver.expect_request("/count").respond_with_json({"rows": 1, "pool": "StaticPool"})
    monkeypatch.setattr(serve, "free_port", lambda: httpserver.port)

    with pytest.raises(Hindrance, match="another program answered on its port"):
        measure(sys.executable, CASE)
