"""One Modbus TCP connection. The only module that imports pymodbus; it speaks DeviceError to the rest."""

from __future__ import annotations

import asyncio
import logging

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException

from devices.errors import LinkDownError, LinkTimeoutError, RefusedError

# Modbus limits of one request.
MAX_READ = 125
MAX_WRITE = 123
# Unanswered requests in a row after which the connection is called half-open and dropped.
MAX_SILENT = 2

# pymodbus logs each missing answer as an error; the drivers log once per loss.
logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)


class ModbusLink:
    """Reads and writes holding registers; one request at a time, no hidden retries, no hidden reconnects."""

    def __init__(self, host: str, port: int, *, unit_id: int, timeout_s: float) -> None:
        self._name = f"{host}:{port}"
        self._unit_id = unit_id
        self._timeout_s = timeout_s
        self._silent = 0
        self._client = AsyncModbusTcpClient(host, port=port, timeout=timeout_s, retries=0, reconnect_delay=0)
        # our own counter decides; the client's must never close first
        self._client.set_max_no_responses(1_000_000)

    async def open(self) -> None:
        try:
            is_open = await asyncio.wait_for(self._client.connect(), self._timeout_s * 2)
        except (TimeoutError, OSError, ModbusException) as error:
            raise LinkDownError(f"cannot connect to {self._name}: {error}") from error
        if not is_open:
            raise LinkDownError(f"cannot connect to {self._name}")

    async def read(self, address: int, count: int) -> list[int]:
        """``count`` registers, exactly."""
        assert 1 <= count <= MAX_READ, count
        registers = await self._request("read", address, count=count)
        if len(registers) != count:
            raise RefusedError(
                f"{self._name}: asked for {count} registers at {address}, got {len(registers)}"
            )
        return registers

    async def write(self, address: int, values: list[int]) -> None:
        """One FC16."""
        assert 1 <= len(values) <= MAX_WRITE, len(values)
        await self._request("write", address, values=values)

    async def _request(
        self, what: str, address: int, *, count: int = 0, values: list[int] | None = None
    ) -> list[int]:
        if not self._client.connected:
            raise LinkDownError(f"{self._name}: connection lost")
        try:
            if values is None:
                answer = await self._client.read_holding_registers(
                    address, count=count, device_id=self._unit_id
                )
            else:
                answer = await self._client.write_registers(address, values, device_id=self._unit_id)
        except ConnectionException as error:
            raise LinkDownError(f"{self._name}: {error}") from error
        except ModbusException as error:
            self._silent += 1
            if self._silent >= MAX_SILENT or not self._client.connected:
                raise LinkDownError(f"{self._name}: no answer to {self._silent} requests in a row") from error
            raise LinkTimeoutError(f"{self._name}: no answer to a {what} at {address}") from error
        except OSError as error:
            raise LinkDownError(f"{self._name}: {error}") from error
        self._silent = 0
        if answer.isError():
            code = getattr(answer, "exception_code", "?")
            raise RefusedError(f"{self._name}: {what} at {address} refused with exception {code}")
        return list(getattr(answer, "registers", []))

    async def close(self) -> None:
        """Closes the socket and lets the loop send the FIN: a PLC with one client must see it."""
        self._client.close()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
