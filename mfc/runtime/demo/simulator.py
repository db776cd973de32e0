"""Talking to the simulated floor over its control socket."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

TIMEOUT_S = 5.0


def ask(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """One request, one answer; OSError when the floor does not answer."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(TIMEOUT_S)
        link.connect(str(path))
        link.sendall(json.dumps(request).encode() + b"\n")
        with link.makefile("rb") as answers:
            line = answers.readline()
    body = json.loads(line)
    if not body.get("ok"):
        raise OSError(f"the simulated floor refused {request}: {body.get('error')}")
    return dict(body)
