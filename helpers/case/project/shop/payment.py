"""The payment provider, which takes its time."""

from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from flask import current_app

PATIENCE = 20  # seconds


class Refused(Exception):
    """The provider does not let a payment through."""


def charge(number, name):
    """Have an order paid, and return when the provider has said yes."""
    if not current_app.config["PAYMENT_URL"]:
        return
    url = f"{current_app.config['PAYMENT_URL']}/charges/{number}/{name}"
    try:
        build_opener(ProxyHandler({})).open(url, data=b"", timeout=PATIENCE).close()
    except HTTPError as error:
        error.close()
        raise Refused from None
