"""The lamp shop."""

import os

from flask import Flask

from shop import database, settings, views


def create_app(name=None):
    """Make an app with the settings of that name, or else of ``SHOP_SETTINGS``."""
    app = Flask(__name__)
    app.config.from_object(settings.NAMES[name or os.environ.get("SHOP_SETTINGS", "development")])
    app.register_blueprint(views.shop)
    database.db.init_app(app)
    app.cli.command("fill")(database.fill)
    return app
