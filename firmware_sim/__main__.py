"""Command line of the simulated floor."""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import logging
import signal
import sys
from pathlib import Path

from firmware_sim.clock import ClockError, SiteClock
from firmware_sim.habits import LEVELS
from firmware_sim.ports import PortError
from firmware_sim.shop import OrdersError, load_orders
from firmware_sim.simulation import Options, Simulation
from firmware_sim.store import StateError
from firmware_sim.world import World
from firmware_sim.world_file import WorldError, load

PR_SET_PDEATHSIG = 1
EXIT_BAD_INPUT = 2
EXIT_NO_START = 3
ABOUT = """Plays a whole warehouse floor on real wires: scanners on serial ports, light controllers and a
conveyor PLC as Modbus TCP servers, a scale, people, a shop that orders and a courier that collects."""


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="python -m firmware_sim",
        description=ABOUT,
        epilog="Without --api only the devices run. The world file is described in docs/reference/world.md.",
    )
    result.add_argument("world", type=Path, metavar="WORLD.json", help="what stands where and which wires")
    result.add_argument(
        "--clock", metavar="TEXT", help="scaled:<unix s>:<site time ISO>:<speed>; default: real time from now"
    )
    result.add_argument(
        "--hands", type=int, default=0, metavar="N", help="pickers, at the first N cart stations (default 0)"
    )
    result.add_argument("--seed", type=int, default=1, metavar="N", help="seed of all chance (default 1)")
    result.add_argument(
        "--faults", choices=sorted(LEVELS), default="none", help="mistakes of people; wild: devices too"
    )
    result.add_argument("--api", default="", metavar="URL", help="the warehouse system, http://host:port")
    result.add_argument("--token", default="", metavar="TOKEN", help="REST token of shop and courier")
    result.add_argument("--orders", type=Path, metavar="ORDERS.json", help="what the shop orders, and when")
    result.add_argument("--webhook-port", type=int, default=0, metavar="P", help="the courier listens here")
    result.add_argument("--webhook-secret", default="", metavar="whsec_…", help="signs the webhooks")
    result.add_argument("--state", type=Path, metavar="FILE", help="physical state, to carry on after a stop")
    result.add_argument("--control", type=Path, metavar="PATH", help="unix socket for requests")
    result.add_argument("--verbose", action="store_true", help="tell what happens")
    return result


def die_with_parent() -> None:
    """A floor without its demo would hold ports for ever."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


async def play(world: World, clock: SiteClock, options: Options) -> None:
    simulation = Simulation(world, clock, options)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, simulation.stopping.set)
    try:
        await simulation.start()
    except BaseException:
        await simulation.stop()
        raise
    print("ready", flush=True)  # noqa: T201 - the caller waits for this line
    await simulation.run()


def main() -> int:
    given = parser().parse_args()
    level = logging.INFO if given.verbose else logging.WARNING
    logging.basicConfig(level=level, format="firmware_sim %(levelname)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    die_with_parent()
    try:
        world = load(given.world)
        options = Options(
            hands=given.hands,
            seed=given.seed,
            faults=given.faults,
            api=given.api,
            token=given.token,
            orders=load_orders(given.orders) if given.orders else [],
            webhook_port=given.webhook_port,
            webhook_secret=given.webhook_secret,
            state_file=given.state,
            control_path=given.control,
        )
        asyncio.run(play(world, SiteClock.from_text(given.clock), options))
    except (WorldError, OrdersError, ClockError, StateError) as exc:
        sys.stderr.write(f"firmware_sim: {exc}\n")
        return EXIT_BAD_INPUT
    except (OSError, PortError) as exc:
        sys.stderr.write(f"firmware_sim: cannot start: {exc}\n")
        return EXIT_NO_START
    return 0


if __name__ == "__main__":
    sys.exit(main())
