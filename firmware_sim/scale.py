"""A bench scale: settles, keeps each stable weight until acknowledged (docs/reference/mqtt.md)."""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict, deque
from typing import Any, Protocol

from firmware_sim.clock import SiteClock, new_id
from firmware_sim.world import ScaleSpec

SETTLE_SIM_S = 0.6
NOISE_G = 1.0
# A bench weighs some hundred totes a day: this many unacknowledged ones mean that nobody listens.
MAX_PENDING = 64
MAX_COMMANDS_REMEMBERED = 64
MODEL, FIRMWARE, PROFILE = "MFC Sim Scale", "1.2", "scale"

Payload = dict[str, Any]


class Link(Protocol):
    """The wire of a scale; ``mid`` of an event is its sequence."""

    async def start(self, scale: Scale) -> None: ...

    async def stop(self) -> None: ...

    def publish(self, topic: str, payload: Payload, mid: int | None = None) -> None: ...

    async def cut(self, off_s: float) -> None: ...

    def silence(self, seconds: float) -> None: ...


class Scale:
    """The firmware. Weights are whole grams; tare and zero shift the display."""

    def __init__(self, spec: ScaleSpec, link: Link, clock: SiteClock, rng: random.Random) -> None:
        self.spec, self.link, self.clock, self.rng = spec, link, clock, rng
        self.boot_id = new_id(rng)
        self.sequence = 0
        self.pending: OrderedDict[int, Payload] = OrderedDict()
        self.load_g = 0
        self.offset_g = 0
        self.stable = True
        self._known_commands: deque[str] = deque(maxlen=MAX_COMMANDS_REMEMBERED)
        self._settling: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.link.start(self)

    async def stop(self) -> None:
        if self._settling is not None:
            self._settling.cancel()
        await self.link.stop()

    async def reboot(self, off_s: float) -> None:
        """Power cut: unacknowledged weights are lost, a new boot id."""
        self.pending.clear()
        self.sequence = 0
        self.boot_id = new_id(self.rng)
        await self.link.cut(off_s)

    def put_on(self, weight_g: int) -> None:
        """Something stands on the plate; its stable weight follows."""
        self._change(weight_g)

    def take_off(self) -> None:
        self._change(0)

    def _change(self, weight_g: int) -> None:
        if self._settling is not None:
            self._settling.cancel()
        self.load_g, self.stable = weight_g, False
        self._settling = asyncio.get_running_loop().create_task(self._settle())

    async def _settle(self) -> None:
        await self.clock.sleep(SETTLE_SIM_S)
        noise_g = self.rng.uniform(-NOISE_G, NOISE_G) if self.load_g else 0.0
        shown_g = round(self.load_g + noise_g) - self.offset_g
        self.stable = True
        self.link.publish("state", self.state(shown_g))
        if self.load_g:
            self.sequence += 1
            event = {"type": "weight", "weight_g": shown_g, "seq": self.sequence, **self._stamp()}
            self.pending[self.sequence] = event
            while len(self.pending) > MAX_PENDING:
                self.pending.popitem(last=False)
            self.link.publish("event", event, self.sequence)

    def acknowledged(self, sequence: int) -> None:
        self.pending.pop(sequence, None)

    def _stamp(self) -> Payload:
        return {"boot_id": self.boot_id, "ts": int(time.time() * 1000), "msg_id": new_id(self.rng)}

    def state(self, weight_g: int | None = None) -> Payload:
        shown_g = self.load_g - self.offset_g if weight_g is None else weight_g
        return {"weight_g": shown_g, "stable": self.stable, **self._stamp()}

    def birth(self) -> Payload:
        about = {"model": MODEL, "fw": FIRMWARE, "profile": PROFILE, "channels": 1}
        return {**about, "capabilities": ["tare", "zero"], **self._stamp()}

    def availability(self, online: bool) -> Payload:
        return {"state": "online" if online else "offline", **self._stamp()}

    def greet(self) -> None:
        """After each connection: who am I, how do I stand, what is still unacknowledged."""
        self.link.publish("birth", self.birth())
        self.link.publish("availability", self.availability(True))
        self.link.publish("state", self.state())
        for sequence, event in self.pending.items():
            self.link.publish("event", event, sequence)

    def command(self, payload: Payload) -> None:
        """Tare or zero; each command id is obeyed once and answered always."""
        command_id = str(payload.get("cmd_id", ""))
        status, reason = self._obey(command_id, payload)
        self.link.publish("ack", {"cmd_id": command_id, "status": status, "reason": reason, **self._stamp()})

    def _obey(self, command_id: str, payload: Payload) -> tuple[str, str]:
        if command_id in self._known_commands:
            return "duplicate", ""
        ts, ttl_ms = payload.get("ts"), payload.get("ttl_ms")
        if isinstance(ts, int) and isinstance(ttl_ms, int) and time.time() * 1000 > ts + ttl_ms:
            return "expired", ""
        if payload.get("op") not in ("tare", "zero"):
            return "rejected", "unknown op"
        self._known_commands.append(command_id)
        self.offset_g = self.load_g
        return "accepted", ""
