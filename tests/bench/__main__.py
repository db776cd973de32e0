"""``python -m tests.bench NAME --json -``: run one benchmark; without a name, list them."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
from pathlib import Path

BENCHES = {
    "scan_to_lamp": "scan bytes leave the pty until the lamp's register is written at the controller",
    "direction": "a tote is read at the PLC until its direction is written there",
    "confirm_pick": "picks per second of 1, 4 and 16 client processes, beside the bare SQL of the same statements",
    "reserve_hot": "the same with every client promising and reserving one SKU",
    "order_intake": "orders of 5 lines per second by REST on one web process, beside a bare DRF create of the same rows",
    "ledger_queries": "stock as of a past moment, histories, and admin pages at any depth, with --moves rows",
}
# Benches of the planners: no database, no Django, options of their own (NAME --help).
PLANNERS = {
    "routing": ("tests.bench.routing", "exact routes against published optima, and routes per second"),
    "batching": ("tests.bench.batching", "joint batching and routing against the best published values"),
    "duedates": ("tests.bench.duedates", "batches for two pickers with hard due times against proven optima"),
    "batching_scale": (
        "tests.bench.batching_scale",
        "thousands of orders: walking, seconds, growth, re-plans",
    ),
    "release": (
        "tests.bench.release",
        "orders per hour at 99 % kept promises, against FIFO, fixed waves and the bound",
    ),
    "assortment": (
        "tests.bench.assortment",
        "orders filled whole in the weeks that follow, beside the frequency rule and the bound",
    ),
    "slotting": (
        "tests.bench.slotting",
        "metres per line on later orders, beside rules of the trade; re-slotting in few moves",
    ),
}


def main() -> int:
    if len(sys.argv) > 1 and sys.argv[1] in PLANNERS:
        module = importlib.import_module(PLANNERS[sys.argv[1]][0])
        return int(module.main(sys.argv[2:]))
    given = _parser().parse_args()
    if given.name is None:
        for name, text in (BENCHES | {name: text for name, (_, text) in PLANNERS.items()}).items():
            sys.stdout.write(f"{name:15} {text}\n")
        return 0
    return _measure(given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Measure the floor on real wires."
    )
    parser.add_argument(
        "name",
        nargs="?",
        choices=sorted(BENCHES | PLANNERS),
        help="; ".join(f"{k}: {v}" for k, v in BENCHES.items()),
    )
    parser.add_argument(
        "--json", default="-", metavar="FILE", help="where the result goes; - is standard output"
    )
    parser.add_argument("--hands", type=int, default=4, help="pickers (4)")
    parser.add_argument("--speed", type=float, default=10.0, help="site seconds per real second (10)")
    parser.add_argument("--samples", type=int, default=150, help="stop after so many samples (150)")
    parser.add_argument(
        "--seconds", type=float, default=150.0, help="stop after so many real seconds at the latest (150)"
    )
    parser.add_argument(
        "--moves",
        type=int,
        default=2_000_000,
        help="ledger_queries: moves, orders and journal rows (2000000)",
    )
    parser.add_argument("--bus", choices=("local", "mqtt"), default="local")
    return parser


def _measure(given: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="mfc-bench-") as folder:
        # A database of its own: a benchmark must not wipe a demo that somebody wants to carry on.
        Path(folder).chmod(0o755)  # the embedded server runs as a user of its own when started by root
        os.environ["MFC_VAR"] = folder
        os.environ.pop("DATABASE_URL", None)
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mfc.config.settings")
        os.environ.setdefault("MFC_LOG_LEVEL", "WARNING")
        import django

        django.setup()
        from tests.bench import floor, ledger, orders, stock

        modules = {"ledger_queries": ledger, "order_intake": orders}
        modules |= dict.fromkeys(stock.PLANS, stock)
        modules.get(given.name, floor).measure(given)
        return 0


if __name__ == "__main__":
    sys.exit(main())
