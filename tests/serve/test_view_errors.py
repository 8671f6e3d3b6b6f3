"""What a view raises is kept, and can be raised in the cell."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
import traceback
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from flask import Response, abort
from serving import MODES, Views, boom
from sqlalchemy.exc import OperationalError

from helpers.serve import LiveServer


@MODES
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/boom", ZeroDivisionError),
        ("/exit", SystemExit),
        ("/interrupt", KeyboardInterrupt),
        ("/generator-exit", GeneratorExit),
        ("/circle", LookupError),
    ],
)
def test_what_a_view_raises_is_kept_and_the_server_lives_on(
    views: Views, threads: int | None, path: str, kind: type[BaseException]
) -> None:
    """The client gets 500, the error is there with its answer, and the next request works."""
    with LiveServer(views.app, threads=threads) as server:
        for count in range(1, 6):
            assert server.get(path).status_code == 500
            assert [type(each) for each in server.errors] == [kind] * count
        assert server.get("/").text == "hello"


def test_the_last_error_can_be_raised_in_the_cell_again_and_again(views: Views) -> None:
    """Its traceback leads from the cell into the view, the same each time."""
    with LiveServer(views.app) as server:
        server.get("/exit")
        server.get("/boom")
        lengths = []
        for _ in range(3):
            with pytest.raises(ZeroDivisionError) as raised:
                server.raise_last_error()
            names = [each.name for each in traceback.extract_tb(raised.tb)]
            assert names[:2] == [sys._getframe().f_code.co_name, "raise_last_error"]
            assert names[-1] == "boom"
            lengths.append(len(names))
        assert len(set(lengths)) == 1
    with pytest.raises(ZeroDivisionError):
        server.raise_last_error()


@pytest.mark.parametrize("path", ["/boom", "/exit", "/broken-stream"])
def test_the_traceback_shows_nothing_of_the_server(views: Views, path: str) -> None:
    """From raise_last_error it goes straight to Flask and the view."""
    with LiveServer(views.app) as server:
        with contextlib.suppress(requests.RequestException):
            server.get(path)
        with pytest.raises(BaseException) as raised:
            server.raise_last_error()
    files = [Path(each.filename).name for each in traceback.extract_tb(raised.tb)]
    assert files[:2] == ["test_view_errors.py", "live_server.py"]
    assert "records.py" not in files


def test_without_an_error_there_is_none_to_raise(views: Views) -> None:
    """Ahead of the start, and after a view that went well, the message says so."""
    server = LiveServer(views.app)
    with pytest.raises(RuntimeError, match="No view has raised since the start"):
        server.raise_last_error()
    with server:
        server.get("/")
        with pytest.raises(RuntimeError, match="No view has raised since the start"):
            server.raise_last_error()


@MODES
def test_an_answer_that_breaks_off_is_kept(views: Views, threads: int | None) -> None:
    """A stream that raises has sent its status already: the client notices, the error is kept."""
    with LiveServer(views.app, threads=threads) as server:
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            server.get("/broken-stream")
        assert [str(each) for each in server.errors] == ["second"]
        assert server.log.count("in broken_stream") == 1


def test_an_error_that_flask_passes_on_is_kept_once(views: Views) -> None:
    """With TESTING, as with debug, Flask reports the error and raises it too."""
    views.app.testing = True
    with LiveServer(views.app) as server:
        assert server.get("/boom").status_code == 500
        assert [type(each) for each in server.errors] == [ZeroDivisionError]


def test_an_error_handler_that_fails_too_hides_nothing(views: Views) -> None:
    """The view's error and the handler's are kept, in order."""

    @views.app.errorhandler(500)
    def fail(error: Exception) -> str:
        raise LookupError("no error page")

    with LiveServer(views.app) as server:
        assert server.get("/boom").status_code == 500
        assert [type(each) for each in server.errors] == [ZeroDivisionError, LookupError]


def test_an_error_that_the_app_handles_is_no_error(views: Views) -> None:
    """abort() and errors with a handler of their own are answers."""
    views.add("/abort", lambda: abort(409))
    views.app.register_error_handler(ZeroDivisionError, lambda error: ("handled", 400))
    with LiveServer(views.app) as server:
        assert server.get("/abort").status_code == 409
        assert server.get("/boom").text == "handled"
        assert server.errors == []


def test_an_error_belongs_to_the_server_that_got_the_request(views: Views) -> None:
    """Another server of the same app, and the test client, keep theirs apart."""
    with LiveServer(views.app) as one, LiveServer(views.app) as other:
        one.get("/boom")
        views.app.test_client().get("/boom")
        assert (len(one.errors), len(other.errors)) == (1, 0)


def causes(error: Exception) -> None:
    """Fail for another reason."""
    raise ValueError from error


def circle(error: Exception) -> None:
    """Fail for a reason whose reason is this."""
    raised = ValueError()
    error.__cause__, raised.__cause__ = raised, error
    raise raised


def group(error: Exception) -> None:
    """Fail for several reasons at once, as a TaskGroup does."""
    raise ExceptionGroup("several", [KeyError(), ExceptionGroup("more", [error])])


@pytest.mark.parametrize("testing", [False, True])
@pytest.mark.parametrize("fail", [causes, circle, group])
def test_a_kept_error_does_not_keep_the_views_variables(
    views: Views, testing: bool, fail: Callable[[Exception], None]
) -> None:
    """What only the view refers to, such as a session, is gone when the answer is there."""

    class Session:
        pass

    sessions: list[weakref.ref[Session]] = []

    def query() -> None:
        session = Session()
        sessions.append(weakref.ref(session))
        raise LookupError

    @views.app.get("/leaky")
    def leaky() -> str:
        try:
            query()
        except LookupError as error:
            fail(error)
        return "fine"

    views.app.testing = testing
    with LiveServer(views.app) as server:
        server.get("/leaky")
        assert len(server.errors) == 1
        assert [each() for each in sessions] == [None]


class Picky(Exception):
    """An error whose arguments are not those that it was made of."""

    def __init__(self, name: str, *, number: int) -> None:
        super().__init__(f"{name} is not {number}")
        self.number = number


def errors() -> list[BaseException]:
    """Errors that are made in different ways."""
    driver = sqlite3.OperationalError("no such table: item")
    return [
        ValueError("said"),
        KeyError("key"),
        SystemExit(3),
        OSError(2, "not there", "shop.db"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        ExceptionGroup("several", [ValueError(1)]),
        OperationalError("SELECT 1", None, driver),
        Picky("one", number=2),
    ]


@pytest.mark.parametrize("error", errors(), ids=lambda error: type(error).__name__)
def test_the_error_in_the_cell_is_the_one_of_the_view(views: Views, error: BaseException) -> None:
    """It has the type, the words, the cause and whatever else there is to see."""

    @views.app.get("/fails")
    def fails() -> str:
        raise error from LookupError("the cause")

    with LiveServer(views.app) as server:
        server.get("/fails")
        with pytest.raises(type(error)) as raised:
            server.raise_last_error()
        assert server.errors == [error]
    assert str(raised.value) == str(error)
    assert vars(raised.value) == vars(error)
    assert repr(raised.value.__cause__) == "LookupError('the cause')"


@MODES
def test_what_a_view_leaves_to_be_done_after_its_answer_may_fail_too(
    views: Views, threads: int | None
) -> None:
    """The answer has been sent, the error is kept, and the server lives on."""

    @views.app.get("/later")
    def later() -> Response:
        response = Response("now")
        response.call_on_close(boom)
        return response

    with LiveServer(views.app, threads=threads) as server:
        assert server.get("/later").text == "now"
        assert server.get("/").text == "hello"
    assert [type(each) for each in server.errors] == [ZeroDivisionError]


def test_a_circle_of_causes_in_a_stream_ends_too(views: Views) -> None:
    """Werkzeug writes that traceback itself."""

    def stream() -> Iterator[str]:
        yield "first"
        circle(LookupError())

    views.add("/stream", lambda: Response(stream()))
    with LiveServer(views.app) as server:
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            server.get("/stream")
        assert [type(each) for each in server.errors] == [ValueError]
