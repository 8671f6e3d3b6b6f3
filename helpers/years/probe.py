"""The app that every stack serves: it says where its tables are, and who finds them.

It runs unchanged from Python 2.7 and Flask 0.10 to today, so it has no annotations. The
environment variable ``PROBE`` holds the case as JSON; ``question`` says what to do:

- ``tables`` and ``post``: make the tables at the start or in a view, then count in a view.
- ``loss``: one request flushes a row, another one counts, then the first one commits.
- ``pools``: print the versions, and which connection pool each kind of engine has.
"""

import functools
import json
import os
import platform
import sqlite3
import sys
import threading

import flask
import sqlalchemy
from sqlalchemy.orm import scoped_session, sessionmaker

try:
    from sqlalchemy.orm import declarative_base
except ImportError:  # before SQLAlchemy 1.4
    from sqlalchemy.ext.declarative import declarative_base

case = json.loads(os.environ["PROBE"])
app = flask.Flask(__name__)
maker = []  # the thread that made the tables
flushed, may_commit = threading.Event(), threading.Event()


def with_extension(app, url, **options):
    """A database of Flask-SQLAlchemy: engine, function that makes the tables, session, model."""
    from flask_sqlalchemy import SQLAlchemy

    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_TRACK_MODIFICATIONS"] = False  # else 2.1 to 2.5 warn
    if options:
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    db = SQLAlchemy(app)

    class Item(db.Model):
        __tablename__ = "item"
        id = db.Column(db.Integer, primary_key=True)
        name = db.Column(db.String(20))

    return db.engine, db.create_all, db.session, Item


def with_sqlalchemy(app, url):
    """The same four of plain SQLAlchemy."""
    Base = declarative_base()

    class Item(Base):
        __tablename__ = "item"
        id = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
        name = sqlalchemy.Column(sqlalchemy.String(20))

    engine = sqlalchemy.create_engine(url)
    session = scoped_session(sessionmaker(bind=engine))
    app.teardown_appcontext(lambda error: session.remove())
    return engine, functools.partial(Base.metadata.create_all, engine), session, Item


def create():
    """Make the tables, and add a lamp."""
    create_all()
    session.add(Item(name="lamp"))
    session.commit()
    maker.append(threading.current_thread())


def answer(status=200, **found):
    """A reply that shows which process it comes from, and what it found."""
    me = threading.current_thread()
    found.update(
        token=case["token"],
        pool=type(engine.pool).__name__,
        handler_thread=me.name,
        same_thread=me in maker,
        overlap=flask.request.environ["wsgi.multithread"],
    )
    return json.dumps(found), status


@app.before_request
def refuse_others():
    """A run that was given this port, too, must not make a table here."""
    if flask.request.args.get("token") != case["token"]:
        return json.dumps({"token": case["token"]}), 403


@app.errorhandler(Exception)
def describe(error):
    """Say what went wrong, in the words of the error."""
    flushed.set()
    words = type(error).__name__ + ": " + str(error)
    return answer(500, error=words.splitlines()[0])


@app.route("/ready")
def ready():
    """Reply as soon as the server does."""
    return answer()


@app.route("/create")
def create_in_a_view():
    """Fix A of the post."""
    create()
    return answer()


@app.route("/count")
def count():
    """How many rows there are."""
    return answer(rows=session.query(Item).count())


@app.route("/add")
def add():
    """Flush a mug, let others in if the server has threads, and commit it."""
    session.add(Item(name="mug"))
    session.flush()
    flushed.set()
    if flask.request.environ["wsgi.multithread"]:
        may_commit.wait(30)
    session.commit()
    return answer(201)


@app.route("/flushed")
def wait_until_flushed():
    """Reply when the mug is flushed."""
    flushed.wait(30)
    return answer()


@app.route("/go")
def go():
    """Let the mug be committed."""
    may_commit.set()
    return answer()


def versions():
    """The version of everything that plays a part."""
    try:
        from importlib.metadata import version
    except ImportError:  # before Python 3.8
        import pkg_resources

        def version(name):
            return pkg_resources.get_distribution(name).version

    names = ["flask", "werkzeug", "sqlalchemy", "flask-sqlalchemy"]
    found = dict((name.replace("-", "_"), version(name)) for name in names)
    return dict(found, python=platform.python_version(), sqlite=sqlite3.sqlite_version)


def pools(folder):
    """The pool of seven engines, none of which opens a connection."""
    single = sqlalchemy.pool.SingletonThreadPool
    urls = {"memory": "sqlite://", "pysqlite": "sqlite+pysqlite://"}
    urls["file"] = "sqlite:///" + os.path.join(folder, "shop.db")
    for kind, url in sorted(urls.items()):
        yield "no", kind, "default", type(sqlalchemy.create_engine(url).pool).__name__
        for options in [{}, {"poolclass": single}] if kind == "memory" else [{}]:
            app = flask.Flask(__name__, instance_path=folder)
            with app.app_context():
                engine = with_extension(app, url, **options)[0]
            configured = "SingletonThreadPool" if options else "default"
            yield "yes", kind, configured, type(engine.pool).__name__


if case["question"] == "pools":
    found = list(pools(os.getcwd()))
    print(json.dumps({"versions": versions(), "pools": found}))
    sys.exit()

kind = with_extension if case["extension"] else with_sqlalchemy
with app.app_context():
    engine, create_all, session, Item = kind(app, str(case["url"]))  # no unicode on 2.7
    if case["bootstrap"] == "main":
        create()

if __name__ == "__main__":
    app.run(port=case["port"], **case["options"])
