"""``manage.py demo``: a small fulfillment center works through a day of real orders."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mfc.runtime.demo import options as demo_options
from mfc.runtime.demo import runner, show, stage
from mfc.runtime.demo.options import Options
from mfc.runtime.demo.processes import ProcessFailedError

MAX_ORDERS = 5_000
MAX_SPEED = 1_000.0


class Command(BaseCommand):
    help = (
        "Run a whole micro-fulfillment center: database, web, worker, gateway, simulated devices and people. "
        "A second start carries on where the first one stopped; --fresh begins anew."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        defaults = demo_options
        parser.add_argument(
            "--orders", type=int, metavar="N", help=f"orders of the day ({defaults.DEFAULT_ORDERS})"
        )
        parser.add_argument(
            "--hands", type=int, metavar="N", help=f"pickers, 1 to 6 ({defaults.DEFAULT_HANDS})"
        )
        parser.add_argument(
            "--speed",
            type=float,
            metavar="X",
            help=f"site seconds per real second ({defaults.DEFAULT_SPEED:g})",
        )
        parser.add_argument(
            "--seed", type=int, metavar="N", help=f"seed of all chance ({defaults.DEFAULT_SEED})"
        )
        parser.add_argument(
            "--faults",
            choices=("none", "mild", "wild"),
            default="mild",
            help="mistakes of people (mild), and of devices and processes too (wild)",
        )
        parser.add_argument("--headless", action="store_true", help="lines of text instead of a live picture")
        parser.add_argument("--until-done", action="store_true", help="end when every order is accounted for")
        parser.add_argument("--json", metavar="FILE", help="write the result as JSON; - is standard output")
        parser.add_argument("--fresh", action="store_true", help="forget an earlier demo")
        parser.add_argument(
            "--port", type=int, default=8000, help="web port (8000; another one when it is taken)"
        )
        parser.add_argument(
            "--bus",
            choices=("auto", "local", "mqtt"),
            default="auto",
            help="auto: MQTT when a broker is there",
        )

    def handle(self, *args: Any, **given: Any) -> None:
        names = frozenset(name for name in ("orders", "hands", "speed", "seed") if given[name] is not None)
        options = self._options(given)
        console = runner.make_console(options, json_on_stdout=given["json"] == "-")
        try:
            prepared = stage.set_up(options, fresh=given["fresh"], given=names)
            result = runner.run(prepared, console)
        except (stage.DemoError, ProcessFailedError) as error:
            raise CommandError(str(error)) from error
        show.ending(console, result)
        if given["json"]:
            runner.write_json(given["json"], json.dumps(result, indent=1, default=str), self.stdout.write)
        if result["integrity_violations"] or result["deliveries_wrong"]:
            sys.exit(1)

    def _options(self, given: dict[str, Any]) -> Options:
        orders = given["orders"] if given["orders"] is not None else demo_options.DEFAULT_ORDERS
        hands = given["hands"] if given["hands"] is not None else demo_options.DEFAULT_HANDS
        speed = given["speed"] if given["speed"] is not None else demo_options.DEFAULT_SPEED
        seed = given["seed"] if given["seed"] is not None else demo_options.DEFAULT_SEED
        if not 1 <= orders <= MAX_ORDERS:
            raise CommandError(f"--orders {orders}: use 1 to {MAX_ORDERS}.")
        if not 1 <= hands <= 6:
            raise CommandError(f"--hands {hands}: use 1 to 6.")
        if not 0 < speed <= MAX_SPEED:
            raise CommandError(f"--speed {speed:g}: use more than 0, at most {MAX_SPEED:g}.")
        return Options(
            orders=orders,
            hands=hands,
            speed=speed,
            seed=seed,
            faults=given["faults"],
            headless=given["headless"],
            until_done=given["until_done"],
            port=given["port"],
            bus=given["bus"],
        )
