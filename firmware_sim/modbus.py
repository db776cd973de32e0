"""A small Modbus TCP server of our own: another stack than the gateway's, so both must agree."""

from __future__ import annotations

import asyncio
import struct
import time
from typing import Protocol, cast

UNIT_ID = 1
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, WRONG_UNIT = 1, 2, 3, 0x0B
READ_HOLDING, WRITE_SINGLE, WRITE_MULTIPLE = 0x03, 0x06, 0x10
# Limits of the Modbus application protocol: what fits into a 253 byte PDU.
MAX_READ, MAX_WRITE, MAX_PDU = 125, 123, 253
# Four requests at once is more than a polling client ever has under way.
MAX_BUFFER = 4 * (MAX_PDU + 7)


class Bank(Protocol):
    """The registers behind a server. None / False = illegal data address."""

    def read(self, address: int, count: int) -> list[int] | None: ...

    def write(self, address: int, values: list[int]) -> bool: ...


class ModbusServer:
    """Serves one bank; at most ``max_clients`` connections, a further one is closed at once."""

    def __init__(self, host: str, port: int, bank: Bank, max_clients: int) -> None:
        self.host, self.port, self.bank, self.max_clients = host, port, bank, max_clients
        self.clients: set[_Connection] = set()
        self.silent_until = 0.0
        self.slow_until = 0.0
        self.slow_s = 0.0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(
                lambda: _Connection(self), self.host, self.port, reuse_address=True
            )

    def stop(self) -> None:
        """Stop listening and cut every connection, as a power cut does."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for client in list(self.clients):
            client.cut()

    def silence(self, seconds: float) -> None:
        self.silent_until = time.monotonic() + seconds

    def slow(self, seconds: float, delay_s: float) -> None:
        self.slow_until, self.slow_s = time.monotonic() + seconds, delay_s

    def answer(self, unit: int, pdu: bytes) -> bytes:
        """The answer PDU for a request PDU (pure but for the bank)."""
        function = pdu[0]
        if unit != UNIT_ID:
            return _refuse(function, WRONG_UNIT)
        if function == READ_HOLDING and len(pdu) == 5:
            return self._read(*struct.unpack(">HH", pdu[1:]))
        if function == WRITE_SINGLE and len(pdu) == 5:
            address, value = struct.unpack(">HH", pdu[1:])
            return pdu if self.bank.write(address, [value]) else _refuse(function, ILLEGAL_ADDRESS)
        if function == WRITE_MULTIPLE and len(pdu) >= 6:
            return self._write(pdu)
        return _refuse(function, ILLEGAL_FUNCTION)

    def _read(self, address: int, count: int) -> bytes:
        if not 1 <= count <= MAX_READ:
            return _refuse(READ_HOLDING, ILLEGAL_VALUE)
        values = self.bank.read(address, count)
        if values is None:
            return _refuse(READ_HOLDING, ILLEGAL_ADDRESS)
        return struct.pack(f">BB{count}H", READ_HOLDING, 2 * count, *values)

    def _write(self, pdu: bytes) -> bytes:
        address, count, size = struct.unpack(">HHB", pdu[1:6])
        if not 1 <= count <= MAX_WRITE or size != 2 * count or len(pdu) != 6 + size:
            return _refuse(WRITE_MULTIPLE, ILLEGAL_VALUE)
        values = list(struct.unpack(f">{count}H", pdu[6:]))
        return pdu[:5] if self.bank.write(address, values) else _refuse(WRITE_MULTIPLE, ILLEGAL_ADDRESS)


def _refuse(function: int, code: int) -> bytes:
    return bytes((function | 0x80, code))


class _Connection(asyncio.Protocol):
    def __init__(self, server: ModbusServer) -> None:
        self.server = server
        self.transport: asyncio.Transport | None = None
        self.buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        if len(self.server.clients) >= self.server.max_clients:
            self.transport.abort()
            return
        self.server.clients.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.clients.discard(self)
        self.transport = None

    def cut(self) -> None:
        self.server.clients.discard(self)
        if self.transport is not None:
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if len(self.buffer) > MAX_BUFFER:
            self.cut()
            return
        while len(self.buffer) >= 8:
            transaction, protocol, length, unit = struct.unpack(">HHHB", self.buffer[:7])
            if protocol != 0 or not 2 <= length <= MAX_PDU + 1:
                self.cut()
                return
            if len(self.buffer) < 6 + length:
                return
            pdu, self.buffer = self.buffer[7 : 6 + length], self.buffer[6 + length :]
            self._serve(transaction, unit, pdu)

    def _serve(self, transaction: int, unit: int, pdu: bytes) -> None:
        now = time.monotonic()
        if now < self.server.silent_until:
            return
        answer = self.server.answer(unit, pdu)
        frame = struct.pack(">HHHB", transaction, 0, len(answer) + 1, unit) + answer
        if now < self.server.slow_until:
            asyncio.get_running_loop().call_later(self.server.slow_s, self._send, frame)
        else:
            self._send(frame)

    def _send(self, frame: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(frame)
