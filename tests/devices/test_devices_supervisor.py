"""The supervisor: one driver's crash is that driver's alone."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from wire_doubles import BenchContext, until

from devices.clock import SystemClock
from devices.drivers.base import Driver
from devices.gateway.supervisor import Supervisor
from devices.messages import DeviceState, DeviceStatus
from devices.wake import Backoff


class Flaky(Driver):
    """Crashes at its first start."""

    starts = 0

    async def session(self) -> None:
        if self.key == "bad":
            Flaky.starts += 1
            if Flaky.starts == 1:
                raise RuntimeError("bug")
        self.report(DeviceState.ONLINE)
        await asyncio.sleep(3600)


def test_a_crashed_driver_is_told_and_started_again_and_the_others_run_on(tmp_path: Path) -> None:
    async def run() -> None:
        context = BenchContext(tmp_path / "spool.sqlite")
        supervisor = Supervisor(
            lambda key: Flaky(key, context), SystemClock(), lambda: Backoff(random.Random(1), base_s=0.05)
        )
        supervisor.start(["good", "bad"])
        await until(lambda: context.states()[-1:] == ["online"] and Flaky.starts == 2)
        told = [
            (level.device, level.state.value, level.detail)
            for level in context.levels
            if isinstance(level, DeviceStatus)
        ]
        assert [item for item in told if item[0] == "good"] == [
            ("good", "connecting", ""),
            ("good", "online", ""),
        ]
        assert [item for item in told if item[0] == "bad"] == [
            ("bad", "connecting", ""),
            ("bad", "fault", "driver crashed: RuntimeError: bug"),
            ("bad", "connecting", ""),
            ("bad", "online", ""),
        ]
        await supervisor.stop()

    asyncio.run(run())


def test_the_pause_grows_with_jitter_to_its_maximum_and_starts_again_after_health() -> None:
    class Highest(random.Random):
        def uniform(self, a: float, b: float) -> float:
            return b

    backoff = Backoff(Highest())
    assert [backoff.next_s() for _ in range(7)] == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    backoff.reset()
    assert backoff.next_s() == 0.5
