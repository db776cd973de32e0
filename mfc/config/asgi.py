"""ASGI entry: HTTP through Django, websockets through channels, hints from the database to both."""

from __future__ import annotations

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mfc.config.settings")
# Requests come and go in threads: they share a pool instead of opening a connection each.
os.environ.setdefault("MFC_DB_POOL", "16")

from django.core.asgi import get_asgi_application

http = get_asgi_application()

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path

from mfc.board.bridge import HintBridge
from mfc.board.consumers import BoardConsumer
from mfc.config.warmth import warm_up
from mfc.handheld.consumers import StationConsumer
from mfc.runtime.checks import combinations

websocket = AllowedHostsOriginValidator(
    AuthMiddlewareStack(
        URLRouter(
            [
                path("ws/board/", BoardConsumer.as_asgi()),
            ]
        )
    )
)
# Stations have no user: the token in the address enrols the terminal, whatever displays it.
stations = URLRouter([path("ws/station/<str:token>/", StationConsumer.as_asgi())])


async def _websocket(scope, receive, send):  # type: ignore[no-untyped-def]
    handler = stations if scope["path"].startswith("/ws/station/") else websocket
    await handler(scope, receive, send)


problems = [problem for problem in combinations() if problem.is_serious()]
if problems:
    raise SystemExit("\n".join(f"{problem.msg} {problem.hint or ''}" for problem in problems))

application = HintBridge(ProtocolTypeRouter({"http": http, "websocket": _websocket}))
warm_up()
