"""The state file: one JSON, replaced as a whole."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

VERSION = 1


class StateError(ValueError):
    """A state file that does not belong to this world; one line."""


def save(path: Path, state: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.write_text(json.dumps({"version": VERSION, **state}, separators=(",", ":")), encoding="utf-8")
    draft.replace(path)


def load(path: Path, site: str) -> dict[str, Any] | None:
    """None when there is no file yet."""
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as exc:
        raise StateError(f"{path}: {exc}") from exc
    if not isinstance(state, dict) or state.get("version") != VERSION or state.get("site") != site:
        raise StateError(f"{path}: is not the state of site {site!r}; remove it to start afresh")
    return state
