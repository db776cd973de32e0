"""``manage.py seed``: plant the demo site in an empty database, without starting anything."""

from __future__ import annotations

import json
import random
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from mfc.runtime import seed
from mfc.runtime.demo import ports
from mfc.runtime.demo.stage import webhook_secret
from mfc.runtime.demoplan import build_plan
from mfc.runtime.siteplan import SITE_CODE
from mfc.runtime.worldfile import build_wiring, write_floor_toml, write_orders, write_world

# Of a run of ports for the simulated devices.
FIRST_PORT = 15_020


class Command(BaseCommand):
    help = (
        "Plant the demo site in an empty, migrated database and write world.json, orders.json and floor.toml."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--orders", type=int, default=200, help="size of the day that stock is planned for"
        )
        parser.add_argument("--hands", type=int, default=3)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--folder", default=str(settings.ENV.var_dir / "site"), help="where the files go")

    def handle(self, *args: Any, **options: Any) -> None:
        if seed.is_planted(SITE_CODE):
            raise CommandError(f"Site {SITE_CODE} exists already: this command only fills an empty database.")
        folder = Path(options["folder"])
        folder.mkdir(parents=True, exist_ok=True)
        plan = build_plan(orders=options["orders"], hands=options["hands"], seed=options["seed"])
        bus_url = settings.ENV.mqtt_url or f"unix:{folder / 'run' / 'gw-1.sock'}"
        secret = webhook_secret(options["seed"])
        planted = seed.plant(
            plan,
            bus_url=bus_url,
            webhook_url=f"http://{ports.HOST}:8099/",
            webhook_secret=secret,
            rng=random.Random(options["seed"]),  # noqa: S311 - a demo's password
        )
        wiring = build_wiring(plan.site, plan.stations, ports=FIRST_PORT)
        mqtt_url = settings.ENV.mqtt_url
        world = write_world(plan, wiring, tokens=planted.station_tokens, mqtt_url=mqtt_url)
        (folder / "world.json").write_text(json.dumps(world), encoding="utf-8")
        (folder / "orders.json").write_text(json.dumps(write_orders(plan)), encoding="utf-8")
        floor = write_floor_toml(wiring, bus_url=bus_url, mqtt_url=mqtt_url)
        (folder / "floor.toml").write_text(floor, encoding="utf-8")
        self.stdout.write(f"Site {SITE_CODE} planted; files in {folder}")
        self.stdout.write(f"Manager login: {seed.MANAGER} / {planted.manager_password}")
        self.stdout.write(f"API token: {planted.api_token}")
        self.stdout.write(f"Webhook secret of the demo courier: {secret}")
