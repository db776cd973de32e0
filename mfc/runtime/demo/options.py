"""What the demo was asked for, and where it keeps its files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

DEFAULT_ORDERS, DEFAULT_HANDS, DEFAULT_SPEED, DEFAULT_SEED = 60, 3, 10.0, 1


@dataclass(frozen=True, slots=True)
class Options:
    """Arguments of one start."""

    orders: int
    hands: int
    speed: float
    seed: int
    faults: str
    headless: bool
    until_done: bool
    port: int
    bus: str


@dataclass(frozen=True, slots=True)
class Files:
    """Everything the demo writes, under one folder."""

    folder: Path

    @property
    def memory(self) -> Path:
        return self.folder / "demo.json"

    @property
    def world(self) -> Path:
        return self.folder / "world.json"

    @property
    def orders(self) -> Path:
        return self.folder / "orders.json"

    @property
    def floor(self) -> Path:
        return self.folder / "floor.toml"

    @property
    def truth(self) -> Path:
        return self.folder / "floor-state.json"

    @property
    def control(self) -> Path:
        return self.folder / "run" / "sim.sock"

    @property
    def logs(self) -> Path:
        return self.folder / "log"


@dataclass(slots=True)
class Memory:
    """What a second start needs to carry on: the plan's parameters, site time, and the secrets made at planting."""

    orders: int
    seed: int
    hands: int
    site_time: str
    api_token: str
    webhook_secret: str
    manager_password: str
    station_tokens: dict[str, str]

    def save(self, files: Files) -> None:
        """Write it so that only its owner can read it, all or nothing."""
        fresh = files.memory.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        fresh.replace(files.memory)

    @classmethod
    def load(cls, files: Files) -> Memory | None:
        """What an earlier start left; None when there is nothing, or it cannot be read."""
        try:
            body: dict[str, Any] = json.loads(files.memory.read_text(encoding="utf-8"))
            return cls(**body)
        except (OSError, ValueError, TypeError):
            return None
