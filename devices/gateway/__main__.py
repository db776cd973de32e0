"""``python -m devices.gateway floor.toml``: starts the gateway; ``--check`` only reads the configuration."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path

from devices import config
from devices.errors import ConfigError, SpoolError
from devices.gateway.app import Gateway

log = logging.getLogger("devices.gateway")

EXIT_CONFIG = 2


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    logging.basicConfig(
        level=options.log_level.upper(),
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    try:
        floor = config.load(options.floor)
        if options.check:
            sys.stdout.write(
                f"{options.floor}: {len(floor.devices)} devices, bus {floor.bus.url.split('@')[-1]}\n"
            )
            return 0
        asyncio.run(_serve(floor))
    except (ConfigError, SpoolError) as error:
        log.error("%s", error)
        return EXIT_CONFIG
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m devices.gateway", description="Owns the wires of one floor area."
    )
    parser.add_argument("floor", type=Path, help="configuration, see docs/reference/floor-toml.md")
    parser.add_argument("--check", action="store_true", help="only read the configuration")
    parser.add_argument("--log-level", default="info", choices=("debug", "info", "warning", "error"))
    return parser.parse_args(arguments)


async def _serve(floor: config.FloorConfig) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Windows has no signal handlers on its loop; there Ctrl-C raises KeyboardInterrupt
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    await Gateway(floor).run(stop)
    log.info("gateway stopped")


if __name__ == "__main__":
    sys.exit(main())
