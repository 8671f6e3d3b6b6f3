"""An app served from a background thread of the notebook, and requests to it."""

from helpers.serve.asgi_server import AsgiServer
from helpers.serve.client import send
from helpers.serve.live_server import LiveServer
from helpers.serve.turns import ask, take_turns

__all__ = ["AsgiServer", "LiveServer", "ask", "send", "take_turns"]
