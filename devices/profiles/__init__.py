"""Profiles are data: one TOML file per kind of device, loaded and checked here."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

NAMES = ("line-scanner", "mfc-l1", "mfc-1", "scale")


@dataclass(frozen=True, slots=True)
class Profile:
    """``defaults`` name every setting; ``limits`` hold [least, most] of a number or the choices of a text."""

    name: str
    version: int
    driver: str
    wiring: tuple[str, ...]
    defaults: dict[str, Any]
    limits: dict[str, list[Any]]


@cache
def load(name: str) -> Profile:
    """Profile of that name; KeyError when there is none."""
    if name not in NAMES:
        raise KeyError(name)
    text = resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    body = tomllib.loads(text)
    head = body["profile"]
    if head["name"] != name:
        raise ValueError(f"profile file {name}.toml calls itself {head['name']!r}")
    return Profile(
        name=name,
        version=head["version"],
        driver=head["driver"],
        wiring=tuple(head["wiring"]),
        defaults=body["settings"],
        limits=body.get("limits", {}),
    )
