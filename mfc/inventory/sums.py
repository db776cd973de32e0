"""Sums of stock by place, SKU and lot in SQL: from a snapshot, from the balances, from the moves of a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

PLACE = ("location_id", "container_id", "sku_id", "lot_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What is asked about; None is everything."""

    sku_id: int | None = None
    lot_id: int | None = None
    location_id: int | None = None
    container_id: int | None = None


EVERYTHING = Where()


@dataclass(slots=True)
class Sums:
    """A UNION ALL of (location_id, container_id, sku_id, lot_id, qty) that is being put together."""

    arms: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    @property
    def sql(self) -> str:
        """The text; its parameters are ``values``. Without arms it selects nothing."""
        nothing = f"SELECT {', '.join(PLACE)}, on_hand AS qty FROM inventory_balance WHERE false"  # noqa: S608
        return " UNION ALL ".join(self.arms or [nothing])

    def add_snapshot(self, month_id: int, where: Where = EVERYTHING) -> None:
        """What places held at the end of a closed month."""
        text, values = _narrow(where)
        self._add(
            f"SELECT {', '.join(PLACE)}, on_hand AS qty FROM inventory_balancesnapshot WHERE month_id = %s{text}",  # noqa: S608
            month_id,
            *values,
        )

    def add_balances(self, site_id: int, where: Where = EVERYTHING, *, sign: int = 1) -> None:
        """What places hold now."""
        text, values = _narrow(where)
        self._add(
            f"SELECT {', '.join(PLACE)}, {sign} * on_hand AS qty FROM inventory_balance WHERE site_id = %s{text}",  # noqa: S608
            site_id,
            *values,
        )

    def add_moves(
        self, site_id: int, when: str, *bounds: datetime, where: Where = EVERYTHING, sign: int = 1
    ) -> None:
        """What came to places and went from them by the moves that ``when`` (a condition on ``at``) selects."""
        for end, direction in (("to_", sign), ("from_", -sign)):
            text, values = _narrow(where, end)
            self._add(
                f"SELECT {end}location_id AS location_id, {end}container_id AS container_id, sku_id, lot_id,"  # noqa: S608
                f" {direction} * qty AS qty FROM inventory_stockmove WHERE {when} AND site_id = %s"
                f" AND ({end}location_id IS NOT NULL OR {end}container_id IS NOT NULL){text}",
                *bounds,
                site_id,
                *values,
            )

    def _add(self, sql: str, *values: Any) -> None:
        self.arms.append(sql)
        self.values.extend(values)


def _narrow(where: Where, prefix: str = "") -> tuple[str, list[Any]]:
    columns = {
        "sku_id": where.sku_id,
        "lot_id": where.lot_id,
        f"{prefix}location_id": where.location_id,
        f"{prefix}container_id": where.container_id,
    }
    given = {name: value for name, value in columns.items() if value is not None}
    return "".join(f" AND {name} = %s" for name in given), list(given.values())
