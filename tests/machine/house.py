"""What the stock room and the exceptions add to the machine: counts, replenishment, damage, full totes, calling off."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from mfc.core.actors import Actor
from mfc.core.errors import DomainError
from mfc.inventory import holds
from mfc.inventory.models import Balance, HoldKind, Lot
from mfc.layout.models import Location
from mfc.orders import services
from mfc.orders.models import Order
from mfc.picking import held, putback
from mfc.picking.models import Batch
from mfc.upkeep import counting, replenish
from mfc.upkeep.models import CountKind
from tests.machine.books import OUTSIDE
from tests.machine.stock import CARTS, LINES, NUMBERS, StockMachine, is_loss
from tests.world import LEAD

FIRST, SECOND = Actor("person", "1", "first"), Actor("person", "2", "second")
# A slot for every SKU that comes in without lots: bin, minimum, maximum.
SLOTS = {"TEA": ("A01-01", 8, 14), "MUG": ("A01-02", 3, 9), "SOAP": ("A01-04", 4, 10)}
UNDER_WAY = ("released", "picking", "picked")


class HouseMachine(StockMachine):
    """``StockMachine`` with the rest of the house."""

    @rule(which=NUMBERS, more=st.integers(-3, 2), agree=st.booleans())
    def count(self, which: int, more: int, agree: bool) -> None:
        """A place is counted, twice when it differs; a manager books what is much. Reserved units stay on the book."""
        row = self.a_balance(which)
        assert row.location is not None
        place = row.location
        found = self._found(place, row, more)
        count = counting.draft(location=place, kind=CountKind.MANUAL, reason="machine")
        for actor in (FIRST, SECOND):
            if count.state in {"open", "recount"}:
                begun = counting.begin(count=count, actor=actor)
                count = counting.finish(count=begun, counted=found, actor=actor)
                self.check_count(count.state)
        if count.state == "review" and agree:
            count = counting.approve(count=count, actor=LEAD)
        elif count.state == "review":
            count = counting.reject(count=count, actor=LEAD, reason="no")
        self.deeds["count"] += 1
        if count.state == "closed":
            self._book_count(place, found)
        self.check()

    def check_count(self, state: str) -> None:
        """Only a closed count has booked something."""
        if state != "closed":
            self.check()

    def _found(self, place: Location, row: Balance, more: int) -> dict[tuple[int, int | None], int]:
        """What a counter who sees ``more`` of one article would say; everything else is as the book says."""
        rows = Balance.objects.filter(location=place, on_hand__gt=0)
        found = {(one.sku_id, one.lot_id): one.on_hand for one in rows}
        key = (row.sku_id, row.lot_id)
        found[key] = max(found.get(key, 0) + more, 0)
        return found

    def _book_count(self, place: Location, found: dict[tuple[int, int | None], int]) -> None:
        codes = {sku.pk: code for code, sku in self.world.skus.items()}
        lots = dict(Lot.objects.values_list("pk", "code"))
        wanted = self.wanted()
        for (sku_id, lot_id), qty in found.items():
            key = (place.code, codes[sku_id], lots[lot_id] if lot_id is not None else "")
            change = max(qty, wanted[key]) - self.books.lies[key]
            if change:
                ends = (OUTSIDE, key[0]) if change > 0 else (key[0], OUTSIDE)
                self.books.move(key[1], key[2], abs(change), *ends)

    @rule(which=NUMBERS, short=st.integers(0, 2))
    def replenish(self, which: int, short: int) -> None:
        """The planner asks, somebody brings what is there and free: never what a picker is on the way to."""
        for code, (place, low, high) in SLOTS.items():
            Location.objects.filter(code=place).update(
                slotted_sku=self.world.skus[code], slot_min=low, slot_max=high
            )
        replenish.plan(site=self.world.site)
        self.check()
        tasks = replenish.open_tasks(self.world.site)
        if not tasks:
            return
        task = tasks[which % len(tasks)]
        qty = max(task.qty - short, 0)
        key = (task.source.code, task.sku.code, task.lot.code if task.lot else "")
        if self.does("replenish", lambda: replenish.bring(task=task, qty=qty, actor=LEAD)) and qty:
            self.books.move(key[1], key[2], qty, key[0], task.target.code)
        self.check()

    @precondition(lambda self: self.books.waiting or self.busy)
    @rule(station=CARTS, which=NUMBERS, lines=LINES)
    def stop_under_pickers(self, station: str, which: int, lines: dict[str, int]) -> None:
        """Reserved stock is stopped; the job leads its pickers elsewhere: tasks change, nothing moves."""
        self.accept(lines, 60)
        self.pick(station, ["go on"], 0)
        rows = Balance.objects.filter(pickable=True, reserved__gt=0).select_related("location", "sku", "lot")
        reserved = list(rows.order_by("pk"))
        if not reserved:
            return
        row = reserved[which % len(reserved)]
        place = row.location
        assert place is not None
        held_at = (place.code, None, None)
        self._hold(
            "hold",
            held_at,
            lambda: holds.place(
                site_id=self.world.site.pk,
                kind=HoldKind.DAMAGE,
                actor=LEAD,
                reason="shelf broke",
                location=place,
            ),
        )
        ids = list(Balance.objects.filter(pickable=False, reserved__gt=0).values_list("pk", flat=True))
        self.deeds["reroute"] += held.reroute(balance_ids=ids)
        self.check()

    @precondition(lambda self: self.busy)
    @rule(which=NUMBERS, all_back=st.booleans())
    def call_off(self, which: int, all_back: bool) -> None:
        """An order is cancelled while it is picked; what lies in its totes is put back, now or later."""
        rows = list(Order.objects.filter(state__in=UNDER_WAY).order_by("number"))
        if not rows:
            return
        order = rows[which % len(rows)]
        if not self.may("call off", lambda: services.cancel(order=order, actor=LEAD, reason="machine")):
            return
        self.check()
        if all_back:
            self.put_back()

    def put_back(self) -> None:
        """Everything of cancelled orders that lies in totes goes back where it came from."""
        person = self.world.people["Sid"]
        for row in putback.due(site=self.world.site):
            key = (row.tote_use.container.label, row.sku.code, row.lot.code if row.lot else "")
            place = Location.objects.select_related("zone").get(pk=row.location_id)

            def back(row: Any = row, place: Location = place) -> None:
                putback.confirm(put_back=row, sku=row.sku, location=place, person=person)

            if self.does("put back", back):
                self.books.move(key[1], key[2], row.qty, key[0], place.code)
            self.check()

    def may(self, name: str, deed: Any) -> bool:
        """``does``, for what a sealed tote forbids."""
        try:
            deed()
        except DomainError as refusal:
            if refusal.code != "order_not_cancellable":
                raise
            self.deeds[refusal.code] += 1
            return False
        self.deeds[name] += 1
        return True

    @precondition(lambda self: self.books.waiting or self.busy)
    @rule(station=CARTS, lines=LINES, deed=st.sampled_from(["damaged", "full"]), qty=st.integers(1, 2))
    def trouble(self, station: str, lines: dict[str, int], deed: str, qty: int) -> None:
        """Something is damaged, or a tote is full and the order goes on in another."""
        self.accept(lines, 60)
        self.pick(station, ["go on"], 0)
        batch = Batch.objects.filter(station=self.world.stations[station], state="picking").first()
        if batch is None or batch.orders.filter(tote_use=None).exclude(order__state="cancelled").exists():
            return None
        if deed == "full":
            self.says(
                "full",
                self.walk.tell(station, "C-FULLA"),
                "nothing_expected",
                "unexpected_scan",
                "short_invalid",
                "tote_empty",
            )
            self.check()
            return self._load(station, batch)
        stop = self.walk.stop(station)
        keys = {(one.location.code, one.sku.code, one.lot.code if one.lot else "") for one in stop}
        free = self.free(keys) + self.wanted()
        qty = min(qty, sum(one.qty for one in stop))
        if not stop or not self.says("damaged", self.walk.tell(station, "C-DAMAGED", qty)):
            return None
        change = self.books.difference(self.actual())
        assert is_loss(change, keys, free), (change, free)
        self.books.apply(change)
        if change:
            self.books.actions.setdefault(station, []).append(change)
        return self.check()
