"""Run a copy of the project, and see what its processes do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers.case.checkup import last_line, test_results
from helpers.case.files import copy_project
from helpers.case.host import COPY, Failed, Host, Web
from helpers.case.opening import Project
from helpers.case.outside import Outside
from helpers.case.sale import returned
from helpers.show import waiting
from helpers.spawn import TemporaryFolder

MOMENTS = Path(__file__).with_name("moments.py")
Row = dict[str, str]


class Running:
    """The processes of a copy of the project.

    :param host: has the copy.
    :param web: its web processes.
    """

    def __init__(self, host: Host, web: Web) -> None:
        self._host, self._web = host, web

    def in_turns(self, *requests: str) -> list[Row]:
        """Send requests one after the other; the web processes take turns.

        :param requests: as ``"GET /orders"``.
        """
        answers = self._web.turns(*requests)
        first = answers[0]["process"]
        return [
            _row("web-1" if answer["process"] == first else "web-2", request, answer)
            for request, answer in zip(requests, answers, strict=True)
        ]

    def worker(self) -> Row:
        """Let the worker do one round."""
        said = self._host.pack().splitlines()[-1]
        return {"who": "worker", "does": "one round", "result": said}

    def while_one_pays(self, first: str, second: str) -> list[Row]:
        """Send a request whose payment takes long, and another one in the meantime.

        :param first: as ``"POST /orders/lamp"``; its payment ends after the second is answered,
            or waits for its own payment.
        :param second: the other request.
        """
        outside = self._host.outside
        outside.hold()
        with ThreadPoolExecutor() as threads:
            ann = self._web.start(threads, first)
            outside.next_charge(ann)
            ben = self._web.start(threads, second)
            outside.next_charge(ben)
            still_paying = not ann.done()
            outside.go_on()
        when = "while Ann pays" if still_paying else "when Ann has paid"
        rows = [_row("Ann", first, ann.result()), _row("Ben", second, ben.result())]
        return [rows[0], {**rows[1], "does": f"{second}, {when}"}]


@contextmanager
def running(
    project: Project,
    processes: int = 2,
    threads: int = 1,
    edit: Mapping[str, tuple[str, str]] | None = None,
) -> Iterator[Running]:
    """Run a copy of the project as its Procfile says, with the settings for production.

    :param project: stays as it is.
    :param processes: how many web processes.
    :param threads: how many requests each of them handles at once.
    :param edit: for a file, such as ``"shop/views.py"``, what to replace in the copy, and by what;
        what is not there any more is not replaced.
    """
    with _host(project) as host:
        for name, (old, new) in (edit or {}).items():
            path = host.folder / name
            path.write_text(path.read_text("utf-8").replace(old, new), encoding="utf-8")
        host.release()
        with host.web(processes, threads) as web:
            yield Running(host, web)


def moments(project: Project) -> list[Row]:
    """Run one more test in a copy of the project, and look at its database at some moments.

    :return: for each moment the connections that the app has open, and the tables that a new
        connection finds.
    :raises Failed: when the fixture makes no app.
    """
    with _host(project) as host:
        (host.folder / "tests").mkdir(exist_ok=True)
        (host.folder / "tests" / "test_moments.py").write_bytes(MOMENTS.read_bytes())
        results, output = test_results(host, "tests/test_moments.py")
        if not (host.folder / "moments.json").is_file():
            said = [each.message for each in results if each.message] or [last_line(output)]
            raise Failed(f"A test with the fixture `app` came to no end: {said[0]}.")
        rows: list[Row] = json.loads((host.folder / "moments.json").read_text("utf-8"))
    return rows


def run_tests(project: Project) -> dict[str, str]:
    """Run the tests of a copy of the project; the name of each, and "passed" or its message."""
    with _host(project) as host:
        results, _ = test_results(host)
    return {each.name: each.message or each.word.lower() for each in results}


@contextmanager
def _host(project: Project) -> Iterator[Host]:
    with TemporaryFolder() as folder, Outside() as outside, waiting("A copy of the shop runs"):
        copy_project(project.there(), folder.path / COPY)
        yield Host(folder.path / COPY, outside, folder.lifeline)


def _row(who: str, request: str, answer: dict[str, Any]) -> Row:
    return {"who": who, "does": request, "result": returned(answer).removeprefix("returns ")}
