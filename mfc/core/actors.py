"""Who acts: a person on the floor, a REST client, an admin user, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """``kind`` is person, client, user or system; ``key`` is its id there; ``name`` is for people to read."""

    kind: str
    key: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}"


SYSTEM = Actor("system", "wms", "WMS")
