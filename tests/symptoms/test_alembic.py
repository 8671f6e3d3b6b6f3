"""Files whose revision Alembic doesn't know: had, told, cured, with Alembic itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import alembic
import pytest
from alembic import command
from alembic.config import Config
from bitten import MODULES, Row, row_of
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, inspect

MakeEngine = Callable[..., Engine]
TEMPLATE = Path(alembic.__file__).parent / "templates" / "generic" / "script.py.mako"
ENV = """
from alembic import context

config = context.config
connectable = config.attributes["engine"]
with connectable.connect() as connection:
    context.configure(connection=connection, target_metadata=config.attributes["metadata"])
    with context.begin_transaction():
        context.run_migrations()
"""


def shop(table: str) -> MetaData:
    """The models of an app."""
    metadata = MetaData()
    Table(table, metadata, Column("id", Integer, primary_key=True), Column("name", String))
    return metadata


def migrations(folder: Path, engine: Engine, metadata: MetaData) -> Config:
    """What ``alembic init`` and ``flask db init`` make: a folder without revisions."""
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENV)
    shutil.copy(TEMPLATE, folder)
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes.update(engine=engine, metadata=metadata)
    return config


def migrate(config: Config) -> None:
    """What ``flask db migrate`` does: a script from the difference of models and tables."""
    command.revision(config, "a change", autogenerate=True)


def run(engine: Engine, sql: str) -> list[Any]:
    with engine.begin() as connection:
        result = connection.exec_driver_sql(sql)
        return list(result.scalars()) if result.returns_rows else []


def scripts(folder: Path) -> list[str]:
    return [path.stem.partition("_")[0] for path in (folder / "versions").glob("*.py")]


@pytest.fixture
def old(tmp_path: Path, make_engine: MakeEngine) -> Engine:
    """A file of yesterday, with a row."""
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    config = migrations(tmp_path / "yesterday", engine, shop("item"))
    migrate(config)
    command.upgrade(config, "head")
    run(engine, "INSERT INTO item (name) VALUES ('lamp')")
    return engine


def test_migrated_and_not_upgraded(tmp_path: Path, make_engine: MakeEngine) -> None:
    """`flask db migrate` makes the table of revisions, and no other one."""
    row = row_of("never_made")
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    config = migrations(tmp_path / "migrations", engine, shop("item"))
    migrate(config)
    with pytest.raises(Exception, match="no such table: item"):
        run(engine, "SELECT name FROM item")
    tables = row.tells(engine=engine)
    assert f"`{tables}`, with no revision in it, though `migrations/versions`" in row.cause.shows
    assert run(engine, "SELECT * FROM alembic_version") == [] != scripts(tmp_path / "migrations")
    row.cured_by("`flask db upgrade`")
    command.upgrade(config, "head")
    assert run(engine, "SELECT name FROM item") == []


FLASK_MIGRATE = """
def unless_empty(context, revision, directives):
    if directives[0].upgrade_ops.is_empty():
        directives[:] = []

"""


def test_migrated_without_models(row: Row, tmp_path: Path, make_engine: MakeEngine) -> None:
    """Flask-Migrate's `env.py` drops a script that changes nothing, as this one does."""
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    folder = tmp_path / "migrations"
    config = migrations(folder, engine, MetaData())
    hook = "connection=connection, process_revision_directives=unless_empty,"
    (folder / "env.py").write_text(FLASK_MIGRATE + ENV.replace("connection=connection,", hook))
    migrate(config)
    command.upgrade(config, "head")
    with pytest.raises(Exception, match=row.symptom.message):
        run(engine, "SELECT name FROM item")
    with engine.connect() as connection:
        assert row.tells(connection=connection) == ([], ["alembic_version"])
    assert scripts(folder) == []
    row.cured_by("Import the models where the app starts, then `flask db migrate`")
    config.attributes["metadata"] = shop("item")
    migrate(config)
    command.upgrade(config, "head")
    assert run(engine, "SELECT name FROM item") == []


def test_a_first_migration_without_models(tmp_path: Path, make_engine: MakeEngine) -> None:
    """The upgrade then makes no table, and README's next question has what does."""
    row = row_of("dropped_under_alembic")
    engine = make_engine(f"sqlite:///{tmp_path}/shop.db")
    config = migrations(tmp_path / "migrations", engine, MetaData())
    migrate(config)
    command.upgrade(config, "head")
    with engine.connect() as connection:
        [_], tables = row.tells(connection=connection)
    assert tables == ["alembic_version"]
    row.cured_by("Does no file make it? Import the models where the app starts")
    config.attributes["metadata"] = shop("item")
    migrate(config)
    command.upgrade(config, "head")
    assert run(engine, "SELECT name FROM item") == []


def test_dropped_under_alembic(row: Row, old: Engine, tmp_path: Path) -> None:
    config = migrations(tmp_path / "again", old, shop("item"))
    for path in (tmp_path / "yesterday" / "versions").glob("*.py"):
        shutil.copy(path, tmp_path / "again" / "versions")
    shop("item").drop_all(old)  # a test, on the file of the app
    command.upgrade(config, "head")
    with row.fails():
        run(old, "SELECT name FROM item")
    with old.connect() as connection:
        [(revision,)], tables = row.tells(connection=connection)
    assert [revision] == scripts(tmp_path / "again") and tables == ["alembic_version"]
    row.cured_by("`flask db stamp base`, then `flask db upgrade`", "`alembic upgrade head`")
    command.stamp(config, "base")
    command.upgrade(config, "head")
    assert run(old, "SELECT name FROM item") == []
    assert len(scripts(tmp_path / "again")) == 1


def test_revision_gone(row: Row, old: Engine, tmp_path: Path, make_engine: MakeEngine) -> None:
    folder = tmp_path / "made anew"
    config = migrations(folder, old, shop("item"))
    for action in (migrate, lambda config: command.upgrade(config, "head")):
        with row.fails():
            action(config)
    with old.connect() as connection:
        [(told,)] = row.tells(connection=connection)
    assert told in scripts(tmp_path / "yesterday") and told not in scripts(folder)
    row.cured_by("Make the first migration on a new, empty file", "flask db migrate")
    config.attributes["engine"] = new = make_engine(f"sqlite:///{tmp_path}/new.db")
    migrate(config)
    row.cured_by("flask db stamp --purge head", "alembic stamp --purge head")
    config.attributes["engine"] = old
    command.stamp(config, "head", purge=True)
    for engine, names in ((old, ["lamp"]), (new, [])):
        config.attributes["engine"] = engine
        command.upgrade(config, "head")
        assert run(engine, "SELECT name FROM item") == names


def test_the_script_is_brought_back(old: Engine, tmp_path: Path) -> None:
    """The first cure of `revision_gone`: git has it, or the newer release."""
    folder = tmp_path / "made anew"
    config = migrations(folder, old, shop("item"))
    for path in (tmp_path / "yesterday" / "versions").glob("*.py"):
        shutil.copy(path, folder / "versions")
    command.upgrade(config, "head")
    migrate(config)
    assert run(old, "SELECT name FROM item") == ["lamp"]


def test_file_of_another(
    row: Row, old: Engine, tmp_path: Path, make_engine: MakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = migrations(
        tmp_path / "mugs" / "migrations", make_engine("sqlite:///shop.db"), shop("mug")
    )
    with row.fails():
        migrate(config)
    with config.attributes["engine"].connect() as connection:
        file, tables = row.tells(connection=connection)
    assert file == str(tmp_path / "shop.db") and tables == ["alembic_version", "item"]
    row.cured_by("A file for each app, with its full path", "then `flask db upgrade`")
    program = str(tmp_path / "mugs" / "app.py")
    config.attributes["engine"] = mine = make_engine(
        eval(row.cause.cure.split("`")[1], MODULES | {"__file__": program})
    )
    migrate(config)
    command.upgrade(config, "head")
    assert "mug" in inspect(mine).get_table_names()
    assert run(old, "SELECT name FROM item") == ["lamp"]
    row.cured_by("Don't stamp the other app's file")


def test_view_in_the_way(row: Row, old: Engine, tmp_path: Path) -> None:
    view = "CREATE VIEW lamps AS SELECT name FROM item"
    run(old, view)
    with old.connect() as connection:
        assert row.tells(connection=connection) == [("lamps",)]
    change = [
        "with op.batch_alter_table('item') as batch:",
        "    batch.alter_column('name', nullable=False)",
    ]
    config = script(tmp_path / "batch", old, change)
    with row.fails():
        command.upgrade(config, "head")
    assert run(old, "SELECT name FROM item") == ["lamp"]
    row.cured_by("First, if `item` is still there: `DROP TABLE _alembic_tmp_item`.")
    run(old, "DROP TABLE _alembic_tmp_item")
    row.cured_by('`op.execute("DROP VIEW IF EXISTS lamps")`; after it, make the view again')
    cured = ["op.execute('DROP VIEW IF EXISTS lamps')", *change, f"op.execute('{view}')"]
    command.upgrade(script(tmp_path / "again", old, cured), "head")
    assert run(old, "SELECT name FROM lamps") == ["lamp"]


def script(folder: Path, engine: Engine, change: list[str]) -> Config:
    """The migrations of yesterday, and one more with this change."""
    config = migrations(folder, engine, shop("item"))
    for path in (folder.parent / "yesterday" / "versions").glob("*.py"):
        shutil.copy(path, folder / "versions")
    command.revision(config, "a change", rev_id="beef")
    [made] = (folder / "versions").glob("beef*")
    code, _, _ = made.read_text().partition("def upgrade() -> None:")
    body = "".join(f"    {line}\n" for line in change)
    made.write_text(f"{code}def upgrade() -> None:\n{body}\n\ndef downgrade() -> None:\n    pass\n")
    return config
