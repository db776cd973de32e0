"""The room of the state machine: how an example begins and ends, what is seen, and what must agree after each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db import connection, transaction
from hypothesis.stateful import RuleBasedStateMachine

from mfc.core import clock, integrity
from mfc.core.errors import DomainError
from mfc.inventory.models import Balance, SkuPosition, ToteUse
from mfc.layout.models import SELLABLE_KINDS
from mfc.picking.models import PickTask
from tests.machine.books import OUTSIDE, Books, Key
from tests.walk import Said, Walk
from tests.world import STOCK, TODAY, World

# Refusals that the state of the room explains; anything else is a mistake and fails the machine.
EXPLAINED = frozenset(
    {
        *("stock_insufficient", "stock_on_hold", "place_invalid", "quantity_invalid", "hold_exists"),
        *("lot_expired", "no_waiting_order", "promise_too_tight", "order_too_large", "shipment_not_ready"),
    }
)


def every_invariant() -> str:
    """All invariants as one statement: a round trip after each step instead of twenty."""
    parts = [
        f"SELECT '{name}' AS name, count(*) AS offenders FROM ({integrity._registry[name].sql}) o"
        for name in integrity.names()
    ]
    return f"SELECT name, offenders FROM ({' UNION ALL '.join(parts)}) found WHERE offenders > 0"


class Room(RuleBasedStateMachine):
    """One example: the test room as it was built, then any deeds. ``deeds`` counts them over all examples."""

    world: World
    walk: Walk
    deeds: Counter[str]
    sql: str

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.savepoint()
        world = self.world
        self.started = clock.now()
        self.books = Books(
            sellable=frozenset(code for code, one in world.locations.items() if one.kind in SELLABLE_KINDS),
            last_day={(sku, lot): TODAY + timedelta(days=days or 0) for _, sku, lot, days, _ in STOCK if lot},
            today=TODAY,
        )
        for place, sku, lot, _, qty in STOCK:
            self.books.move(sku, lot, qty, OUTSIDE, place)
        self.number = 0
        self.busy: set[str] = set()

    def teardown(self) -> None:
        connection.check_constraints()
        transaction.savepoint_rollback(self.savepoint)
        self.world.clock.at = self.started

    # seeing and checking

    def does(self, name: str, deed: Callable[[], object]) -> bool:
        """Whether the deed was done; a refusal must be one that the room explains."""
        try:
            deed()
        except DomainError as refusal:
            if refusal.code not in EXPLAINED:
                raise AssertionError(f"{name}: {refusal.code} {refusal.message}") from refusal
            self.deeds[refusal.code] += 1
            return False
        self.deeds[name] += 1
        return True

    def says(self, name: str, said: Said, *explained: str) -> bool:
        """Whether a station accepted an input."""
        if said.verdict == "accepted":
            self.deeds[name] += 1
            return True
        assert said.code in explained, f"{name}: {said}"
        self.deeds[said.code] += 1
        return False

    def key(self, row: Balance) -> Key:
        place = row.location.code if row.location else row.container.label if row.container else ""
        return place, row.sku.code, row.lot.code if row.lot else ""

    def a_balance(self, which: int) -> Balance:
        """Some stock on a shelf or in quarantine."""
        rows = (
            Balance.objects.filter(location__kind__in=[*SELLABLE_KINDS, "quarantine"])
            .select_related("sku", "lot", "location", "container")
            .order_by("pk")
        )
        count = rows.count()
        return rows[which % count]

    def tote_is_in_use(self, label: str) -> bool:
        return ToteUse.objects.filter(container__label=label, closed_at=None).exists()

    def reserved(self) -> Counter[str]:
        """Reserved pickable units by SKU: what the open tasks want from pickable places."""
        found: Counter[str] = Counter()
        for key, qty in self.wanted().items():
            if self.books.is_pickable(key):
                found[key[1]] += qty
        return found

    def wanted(self) -> Counter[Key]:
        """What the open tasks will take from where."""
        found: Counter[Key] = Counter()
        rows = PickTask.objects.filter(state__in=["open", "verified"]).values_list(
            "location__code", "sku__code", "lot__code", "qty"
        )
        for place, sku, lot, qty in rows:
            found[place, sku, lot or ""] += qty
        return found

    def free(self, keys: Iterable[Key]) -> Counter[Key]:
        """Units at these places that no task wants."""
        wanted = self.wanted()
        return Counter({key: self.books.lies[key] - wanted[key] for key in keys})

    def actual(self) -> Counter[Key]:
        """What the balances say."""
        rows = Balance.objects.filter(on_hand__gt=0).values_list(
            "location__code", "container__label", "sku__code", "lot__code", "on_hand"
        )
        return Counter({(at or box, sku, lot or ""): qty for at, box, sku, lot, qty in rows})

    def check(self) -> None:
        """The database agrees with the books kept here and with itself."""
        assert self.books.difference(self.actual()) == {}
        reserved = self.reserved()
        positions = SkuPosition.objects.values_list("sku__code", "on_hand", "reserved", "promised")
        for sku, on_hand, hard, soft in positions:
            expected = (self.books.for_sale(sku), reserved[sku], self.books.promised(sku))
            assert (on_hand, hard, soft) == expected, sku
            self.books.check_totals([sku])
        with connection.cursor() as cursor:
            cursor.execute(self.sql)
            assert dict(cursor.fetchall()) == {}
