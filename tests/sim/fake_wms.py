"""A tiny warehouse system for the simulator's tests: wires, websockets and REST of one small floor."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
import uuid
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fake_desks import CartDesk, Desk, HospitalDesk, PackDesk
from floor_fixture import free_port
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from standardwebhooks import Webhook

from firmware_sim.world import World

BLUE_STEADY_QTY = 0xAC00
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

GOOD, BAD = b"\x1b7,", b"\x1b8,"


class FakeWms:
    """Wires, screens and REST in one; ``fate`` of a tote decides its lane."""

    def __init__(self, world: World, webhook_port: int = 0) -> None:
        self.world, self.webhook_port = world, webhook_port
        self.port = free_port()
        self.api = f"http://127.0.0.1:{self.port}"
        self.orders: dict[str, Counter[str]] = {}
        self.open_orders: list[str] = []
        self.bodies: dict[str, dict[str, Any]] = {}
        self.fate: dict[str, str] = {}
        self.booked: dict[str, Counter[str]] = {}
        self.order_of: dict[str, str] = {}
        self.sscc_of: dict[str, str] = {}
        self.shipments: dict[str, dict[str, Any]] = {}
        self.handed_over: dict[str, list[str]] = {}
        self.last_sscc = 340123450000000000
        self.shorts = 0
        self.refuse_with: list[int] = []
        self.cart = CartDesk(self, "cart-1", "cart", "tok-cart")
        self.pack = PackDesk(self, "pack-1", "pack", "tok-pack")
        self.hospital = HospitalDesk(self, "hospital-1", "hospital", "tok-hosp")
        self.desks = {desk.token: desk for desk in (self.cart, self.pack, self.hospital)}
        self.wanted = {spec.key: [0] * spec.points for spec in world.lights}
        self._tasks: list[asyncio.Task[Any]] = []
        self._fds: list[int] = []
        self._server: uvicorn.Server | None = None

    # logic -----------------------------------------------------------------------------------------------

    def tasks_for(self, batch: list[str]) -> list[dict[str, Any]]:
        tasks = []
        for location in self.world.locations.values():
            sku = location.stock[0][0]
            qty = {n: self.orders[ref][sku] for n, ref in enumerate(batch, start=1) if self.orders[ref][sku]}
            if qty:
                tasks.append({"code": location.code, "sku": sku, "qty": qty})
        return tasks

    def light_up(self, desk: CartDesk) -> None:
        for words in self.wanted.values():
            words[:] = [0] * len(words)
        task = desk.tasks[0] if desk.tasks else None
        if task and desk.step == "pick":
            light = self.world.locations[task["code"]].light
            assert light
            self.wanted[light.device][light.channel] = BLUE_STEADY_QTY + sum(task["qty"].values())
        elif task and desk.step == "put":
            for position in desk.put_left:
                self.wanted["lights-carts"][position - 1] = BLUE_STEADY_QTY + task["qty"][position]

    def lane_for(self, point: int, tote: str) -> int:
        fate = self.fate.get(tote, "")
        return {(0, "pack"): 1, (0, "hospital"): 2, (1, "hospital"): 7, (1, "stage"): 3}.get((point, fate), 0)

    async def arrived(self, tote: str, lane: int) -> None:
        if lane != 3 or self.fate.get(tote) != "stage":
            return
        ref = self.order_of[tote]
        shipment = {
            "id": f"shp-{len(self.shipments) + 1}",
            "order_ref": ref,
            "state": "ready",
            "lane": {"code": "STAGE-1"},
            "parcels": [{"sscc": self.sscc_of[tote], "tote": tote}],
        }
        self.shipments[str(shipment["id"])] = shipment
        if self.webhook_port:
            await send_webhook(self.webhook_port, SECRET, {"type": "shipment.ready", "data": shipment})

    # wires -----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        config = uvicorn.Config(
            self.app, host="127.0.0.1", port=self.port, log_level="error", lifespan="off", interface="asgi3"
        )
        self._server = uvicorn.Server(config)
        self._server.capture_signals = contextless  # type: ignore[method-assign]
        self._tasks.append(asyncio.create_task(self._server.serve()))
        while not self._server.started:
            await asyncio.sleep(0.01)

    async def wire_up(self) -> None:
        """After the floor has started: open every port as a gateway would."""
        for spec, desk in zip(self.world.scanners, self.desks.values(), strict=True):
            self._tasks.append(asyncio.create_task(self._scanner(spec.link, desk)))
        for lights in self.world.lights:
            self._tasks.append(asyncio.create_task(self._lights(lights.key, lights.port)))
        self._tasks.append(asyncio.create_task(self._plc(self.world.plcs[0].port)))
        self._tasks.append(asyncio.create_task(self._scale(int(self.world.scales[0].link.rsplit(":", 1)[1]))))

    async def stop(self) -> None:
        if self._server:
            self._server.should_exit = True
        await asyncio.sleep(0.05)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _scanner(self, link: Path, desk: Desk) -> None:
        buffer = b""
        fd = -1
        try:
            while True:
                await asyncio.sleep(0.01)
                if fd < 0:
                    if not link.exists():
                        continue
                    fd = os.open(link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
                try:
                    data = os.read(fd, 4096)
                    if not data:
                        raise ConnectionResetError  # hung up
                    buffer += data
                except BlockingIOError:
                    continue
                except OSError:
                    os.close(fd)
                    fd, buffer = -1, b""
                    continue
                while b"\r" in buffer:
                    frame, buffer = buffer.split(b"\r", 1)
                    if frame[:1] == b"]" and frame.isascii():
                        result = desk.input(frame[3:].decode())
                        os.write(fd, GOOD if result["verdict"] == "accepted" else BAD)
        finally:
            if fd >= 0:
                os.close(fd)

    async def _lights(self, key: str, port: int) -> None:
        client = await dial(port)
        points = len(self.wanted[key])
        boot, known = -1, [0] * points
        while True:
            await asyncio.sleep(0.02)
            try:
                head = (await client.read_holding_registers(0, count=10 + points)).registers
                if head[3] != boot:
                    boot, known = head[3], [0] * points if boot >= 0 else head[10:]
                for channel, (before, after) in enumerate(zip(known, head[10:], strict=True)):
                    for _ in range((after - before) % 256 & 0xFF):
                        self.pressed(key, channel, "confirm")
                    for _ in range(((after >> 8) - (before >> 8)) % 256):
                        self.pressed(key, channel, "short")
                known = head[10:]
                await client.write_registers(200, self.wanted[key])
            except ModbusException:
                client.close()
                client = await dial(port)

    def pressed(self, device: str, channel: int, button: str) -> None:
        if device == "lights-carts":
            if self.wanted[device][channel]:
                self.cart.input(f"cart:{channel + 1}")
            return
        location = next(
            row for row in self.world.locations.values() if row.light and row.light.channel == channel
        )
        self.cart.input(f"{button}:{location.label}")

    async def _plc(self, port: int) -> None:
        client = await dial(port)
        last, beat, command = [0, 0], 0, 0
        while True:
            await asyncio.sleep(0.02)
            try:
                beat = (beat + 1) & 0xFFFF
                await client.write_register(2, beat)
                for point in (0, 1):
                    words = (await client.read_holding_registers(16 + 24 * point, count=18)).registers
                    if words[0] in (0, last[point]):
                        continue
                    tote = b"".join(word.to_bytes(2, "big") for word in words[5:15])[: words[4]].decode()
                    if words[1] in (1, 6, 7):
                        command = command % 0xFFFF + 1
                        lane = self.lane_for(point, tote)
                        await client.write_registers(35 + 24 * point, [command, words[2], words[3], lane, 0])
                    elif words[1] == 2:
                        await self.arrived(tote, words[16])
                    await client.write_register(34 + 24 * point, words[0])
                    last[point] = words[0]  # only now: a lost acknowledgement is written again
            except ModbusException:
                client.close()
                client = await dial(port)

    async def _scale(self, port: int) -> None:
        seen: set[tuple[str, int]] = set()
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                while line := await reader.readline():
                    message = json.loads(line)
                    if message["topic"] == "event":
                        name = (message["payload"]["boot_id"], message["payload"]["seq"])
                        if name not in seen:
                            seen.add(name)
                            self.pack.weight(message["payload"]["weight_g"])
                        writer.write(json.dumps({"ack": message["mid"]}).encode() + b"\n")
            except OSError:
                pass
            await asyncio.sleep(0.1)

    # HTTP ------------------------------------------------------------------------------------------------

    async def app(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
            return
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        body += message.get("body", b"")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        status, answer = self.respond(
            scope["method"], scope["path"], json.loads(body) if body else {}, headers
        )
        head = {"type": "http.response.start", "status": status}
        await send(head | {"headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    async def _websocket(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        desk = self.desks[scope["path"].split("/")[3]]
        await receive()
        await send({"type": "websocket.accept"})
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        queue.put_nowait(desk.screen())
        desk.sockets.add(queue)
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                await send({"type": "websocket.send", "text": json.dumps(await queue.get())})
        desk.sockets.discard(queue)

    def respond(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        if parts[0] == "handheld":
            desk = self.desks[parts[1]]
            if method == "GET":
                return 200, desk.screen()
            if body["id"] not in desk.answers:
                desk.answers[body["id"]] = desk.input(body["code"], body.get("qty"))
            return 200, desk.answers[body["id"]]
        if headers.get("authorization") != "Bearer tok":
            return 401, {"code": "not_authenticated"}
        if method == "GET":
            ready = [shipment for shipment in self.shipments.values() if shipment["state"] == "ready"]
            return 200, {"next": None, "results": ready}
        if not headers.get("idempotency-key"):
            return 400, {"code": "key_missing"}
        return self._post_order(body) if parts[2] == "orders" else self._post_shipment(parts, body)

    def _post_order(self, body: dict[str, Any]) -> tuple[int, Any]:
        if self.refuse_with:
            return self.refuse_with.pop(0), {"code": "busy"}
        if any(line["sku"] not in self.world.skus for line in body["lines"]):
            return 422, {"code": "unknown_sku"}
        ref = body["order_ref"]
        self.bodies[ref] = body
        self.orders[ref] = Counter({line["sku"]: line["qty"] for line in body["lines"]})
        self.open_orders.append(ref)
        asyncio.get_running_loop().call_soon(self.cart.release)
        return 201, {"id": str(uuid.uuid5(uuid.NAMESPACE_URL, ref))}

    def _post_shipment(self, parts: list[str], body: dict[str, Any]) -> tuple[int, Any]:
        shipment = self.shipments[parts[3]]
        if parts[4] == "claim":
            if shipment["state"] != "ready":
                return 409, {"code": "already_claimed"}
            shipment["state"] = "claimed"
            return 200, shipment
        expected = {parcel["sscc"] for parcel in shipment["parcels"]}
        if set(body["sscc"]) != expected:
            return 409, {"code": "load_mismatch"}
        shipment["state"] = "handed_over"
        self.handed_over[shipment["order_ref"]] = body["sscc"]
        for parcel in shipment["parcels"]:
            self.fate.pop(parcel["tote"])
        return 200, shipment


async def dial(port: int) -> AsyncModbusTcpClient:
    """A fresh connection; waits until the device is there."""
    while True:
        client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=0.5, retries=0)
        if await client.connect():
            return client
        client.close()
        await asyncio.sleep(0.05)


def contextless() -> Any:
    """uvicorn must not take the signals of the test run."""
    return contextlib.nullcontext()


async def send_webhook(port: int, secret: str, message: dict[str, Any]) -> int:
    payload = json.dumps(message)
    at = datetime.fromtimestamp(time.time(), tz=UTC)
    name = f"msg_{time.time_ns()}"
    headers = {
        "webhook-id": name,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(name, at, payload),
        "content-type": "application/json",
    }
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"http://127.0.0.1:{port}/", content=payload, headers=headers)
    return answer.status_code
