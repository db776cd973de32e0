"""The state machine: every deed that touches stock, in any order; after each one all books must agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from devices.messages import Press
from mfc.core import clock
from mfc.core.actors import Actor
from mfc.dispatch import shipments
from mfc.dispatch.models import Shipment
from mfc.inbound import putaway, receipts
from mfc.inbound.models import Receipt
from mfc.inventory import expiry, holds, tracing, transfers
from mfc.inventory.models import Hold, HoldKind, Lot, ReasonCode
from mfc.layout.models import Location
from mfc.orders import services
from mfc.orders.models import Order
from mfc.packing.models import PackJob, Parcel
from mfc.picking.models import Batch
from tests.machine.books import OUTSIDE, QUARANTINE, Held, is_loss, opposite
from tests.machine.room import Room
from tests.world import LEAD, SORTER, STAGE_1_LANE

NUMBERS = st.integers(0, 999)
QTY = st.integers(1, 4)
CODES = st.sampled_from(["TEA", "MUG", "SOAP", "MILK", "CHEESE"])
LINES = st.dictionaries(CODES, QTY, min_size=1, max_size=3)
CARTS = st.sampled_from(["cart-1", "cart-2"])
# How often a picker does what: most picks succeed.
CART_DEEDS = st.lists(st.sampled_from(["go on"] * 3 + ["short", "undo"]), min_size=2, max_size=8)


class StockMachine(Room):
    """One example: the test room as it was built, then any deeds."""

    @initialize(first=LINES, second=LINES)
    def open_the_shop(self, first: dict[str, int], second: dict[str, int]) -> None:
        """The night's orders wait."""
        self.accept(first, 60)
        self.accept(second, 80)

    # goods come in

    @rule(code=CODES, qty=QTY, more=st.integers(0, 2), days=st.integers(-1, 8), shelf=NUMBERS)
    def receive(self, code: str, qty: int, more: int, days: int, shelf: int) -> None:
        """A delivery, announced or blind, often in two parts; milk and cheese have a last day."""
        self.number += 1
        sku = self.world.skus[code]
        ref = f"ASN-{self.number}"
        if more:
            lines = [receipts.Announced(sku=sku, qty=qty + more)]
            receipt = receipts.announce(site=self.world.site, ref=ref, lines=lines, actor=LEAD)
        else:
            receipt = receipts.open_blind(site=self.world.site, ref=ref, actor=LEAD)
        facts: dict[str, Any] = {}
        lot = ""
        if sku.temperature == "chilled":
            last = self.books.today + timedelta(days=days)
            facts = {"expires_on": last}
            lot = f"D{last:%Y%m%d}"
            self.books.last_day[code, lot] = last
        self._arrive(receipt, code, lot, qty, facts)
        if more:
            self._arrive(receipt, code, lot, more, facts)
        if shelf % 3 and self.books.at("DOCK-IN"):
            self.put_away(shelf, qty, shelf)

    def _arrive(self, receipt: Receipt, code: str, lot: str, qty: int, facts: dict[str, Any]) -> None:
        arrived = receipts.Arrived(
            sku=self.world.skus[code], qty=qty, location=self.world.locations["DOCK-IN"], **facts
        )
        if self.does("receive", lambda: receipts.receive(receipt=receipt, arrived=arrived, actor=LEAD)):
            self.books.move(code, lot, qty, OUTSIDE, "DOCK-IN")
        self.check()

    @precondition(lambda self: self.books.at("DOCK-IN"))
    @rule(which=NUMBERS, qty=QTY, place=NUMBERS)
    def put_away(self, which: int, qty: int, place: int) -> None:
        """Goods at the dock go onto a shelf, or straight into an order's tote."""
        rows = putaway.waiting_stock(self.world.site)
        row = rows[which % len(rows)]
        qty = min(qty, row.on_hand)
        key = self.key(row)
        waiting = putaway.waiting_order(site=self.world.site, sku_id=row.sku_id, lot_id=row.lot_id)
        if waiting is not None and place % 2:
            qty = min(qty, waiting.qty)
            if self.does(
                "cross-dock",
                lambda: putaway.cross_dock(balance=row, waiting=waiting, qty=qty, actor=LEAD),
            ):
                self.books.move(key[1], key[2], qty, key[0], waiting.use.container.label)
            return self.check()
        proposals = putaway.propose(
            site=self.world.site, sku=row.sku, lot_id=row.lot_id, qty=qty, source=row.location
        )
        shelves = sorted(self.books.sellable)
        code = proposals[0].spot.code if proposals and place % 5 else shelves[place % len(shelves)]
        target = Location.objects.select_related("zone").get(code=code)
        if self.does(
            "put away",
            lambda: putaway.put_away(
                balance=row,
                qty=qty,
                target=target,
                actor=LEAD,
                proposals=proposals,
                override_code=ReasonCode.BETTER_PLACE,
            ),
        ):
            self.books.move(key[1], key[2], qty, key[0], code)
        return self.check()

    # the office

    @rule(which=NUMBERS, place=NUMBERS, qty=QTY)
    def relocate(self, which: int, place: int, qty: int) -> None:
        row = self.a_balance(which)
        places = sorted(self.books.sellable | {"QUARANTINE"})
        target = Location.objects.select_related("zone").get(code=places[place % len(places)])
        key = self.key(row)
        if self.does(
            "relocate",
            lambda: transfers.relocate(
                balance=row, qty=qty, target=target, actor=LEAD, reason_code=ReasonCode.BETTER_PLACE
            ),
        ):
            self.books.move(key[1], key[2], qty, key[0], target.code)
        self.check()

    @rule(which=NUMBERS, on_hand=st.integers(0, 12))
    def adjust(self, which: int, on_hand: int) -> None:
        row = self.a_balance(which)
        key = self.key(row)
        if self.does(
            "adjust",
            lambda: transfers.adjust(balance=row, actor=LEAD, on_hand=on_hand, reason="found so"),
        ):
            change = on_hand - self.books.lies[key]
            self.books.move(key[1], key[2], abs(change), *((OUTSIDE, key[0])[:: 1 if change > 0 else -1]))
        self.check()

    @rule(which=NUMBERS, on=st.sampled_from(["lot", "sku", "place"]))
    def hold(self, which: int, on: str) -> None:
        """A hold on a lot, a SKU or a place."""
        row = self.a_balance(which)
        place, sku, lot = self.key(row)
        what: dict[str, Any] = {"lot": row.lot} if on == "lot" else {"sku": row.sku}
        held: tuple[str | None, str | None, str | None] = (None, sku, lot if on == "lot" else None)
        if on == "place":
            what, held = {"location": row.location}, (place, None, None)
        if on == "lot" and row.lot is None:
            return
        self._hold(
            "hold",
            held,
            lambda: holds.place(
                site_id=self.world.site.pk, kind=HoldKind.QUALITY, actor=LEAD, reason="doubt", **what
            ),
        )

    @rule(which=NUMBERS)
    def recall(self, which: int) -> None:
        """Every unit of a lot is stopped and found."""
        rows = list(Lot.objects.order_by("pk"))
        lot = rows[which % len(rows)]
        self._hold("recall", (None, lot.sku.code, lot.code), lambda: self._recall(lot))

    def _hold(self, name: str, held: Held, place: Callable[[], Hold]) -> None:
        made: list[Hold] = []
        if self.does(name, lambda: made.append(place())):
            self.books.holds[made[0].pk] = held
        self.check()

    def _recall(self, lot: Lot) -> Hold:
        hold, found = tracing.recall(lot=lot, site_id=self.world.site.pk, actor=LEAD, reason="glass")
        here = sum(qty for key, qty in self.books.lies.items() if key[1:] == (lot.sku.code, lot.code) and qty)
        assert found.here_qty == here
        return hold

    @precondition(lambda self: self.books.holds)
    @rule(which=NUMBERS)
    def lift(self, which: int) -> None:
        pk = sorted(self.books.holds)[which % len(self.books.holds)]
        hold = Hold.objects.get(pk=pk)
        if self.does("lift", lambda: holds.lift(hold=hold, actor=LEAD, reason="fine")):
            del self.books.holds[pk]
        self.check()

    @rule(days=st.integers(1, 4))
    def days_pass(self, days: int) -> None:
        """Nights pass; the timed job takes out what has expired."""
        self.wait(days=days)
        self.deeds["expire"] += 1
        self.check()

    def wait(self, **duration: float) -> None:
        """Let time pass; at a new day the timed job runs."""
        self.world.clock.advance(**duration)
        today = timezone.localdate(clock.now())
        if today != self.books.today:
            self.books.today = today
            expiry.retire_expired(site_id=self.world.site.pk)

    # orders

    @rule(lines=LINES, minutes=st.integers(40, 120))
    def accept(self, lines: dict[str, int], minutes: int) -> None:
        """An order is accepted exactly when every SKU has as many free units as it wants."""
        reserved = self.reserved()
        enough = all(
            self.books.for_sale(sku) - reserved[sku] - self.books.promised(sku) >= qty
            for sku, qty in lines.items()
        )
        self.number += 1
        ref = f"M-{self.number}"
        accepted = self.does("accept", lambda: self.world.accept(ref, minutes=minutes, **lines))
        assert accepted == enough, (lines, enough)
        if accepted:
            self.books.waiting[ref] = Counter(lines)
        self.check()

    @precondition(lambda self: self.books.waiting)
    @rule(which=NUMBERS)
    def cancel(self, which: int) -> None:
        ref = sorted(self.books.waiting)[which % len(self.books.waiting)]
        order = Order.objects.get(ref=ref)
        if self.does("cancel", lambda: services.cancel(order=order, actor=LEAD, reason="changed mind")):
            del self.books.waiting[ref]
        self.check()

    @precondition(lambda self: self.books.waiting)
    @rule()
    def release(self) -> None:
        """The planner's round: promises become reservations, or shorts where nothing is left."""
        self.wait(minutes=10)
        self.walk.release()
        still = set(Order.objects.filter(state="accepted").values_list("ref", flat=True))
        assert still <= set(self.books.waiting)
        for ref in set(self.books.waiting) - still:
            del self.books.waiting[ref]
            self.deeds["release"] += 1
        self.check()

    # the floor

    @precondition(lambda self: self.books.waiting or self.busy)
    @rule(station=CARTS, deeds=CART_DEEDS, finish=st.sampled_from([0, 14, 14]))
    def pick(self, station: str, deeds: list[str], finish: int) -> None:
        """A picker does some work, as the state of the cart asks for; mostly the cart is finished."""
        self.release()
        for deed in [*deeds, *["go on"] * finish]:
            batch = Batch.objects.filter(
                station=self.world.stations[station], state__in=["loading", "picking", "picked"]
            ).first()
            if batch is None:
                self.busy.discard(station)
                return
            self.busy.add(station)
            self._load(station, batch)
            self._cart_step(station, batch, deed)
            self.check()

    def _load(self, station: str, batch: Batch) -> None:
        """Every position that waits gets an empty tote, as long as there are some."""
        waits = batch.orders.filter(tote_use=None).exclude(order__state="cancelled")
        while waits.exists():
            free = [tote for tote in self.world.totes if not self.tote_is_in_use(tote)]
            if not free:
                return
            self.says("load", self.walk.scan(station, free[0]))
            self.check()
        batch.refresh_from_db()

    def _cart_step(self, station: str, batch: Batch, deed: str) -> None:
        if deed == "undo":
            return self._undo(station)
        if batch.state == "loading":
            return None  # every tote is out
        if batch.state == "picked":
            if self.says("drop", self.walk.drop(station)):
                self.books.actions[station] = []
            return None
        if deed == "short":
            return self._short(station, batch)
        return self._pick_stop(station)

    def _pick_stop(self, station: str) -> None:
        stop = self.walk.stop(station)
        if not stop or self.walk.scan(station, self.world.gtins[stop[0].sku.code]).verdict != "accepted":
            return
        for task in stop:
            use = task.batch_order.tote_use
            assert use is not None
            label = use.container.label
            if self.says("pick", self.walk.scan(station, label), "stock_on_hold"):
                sku, lot = task.sku.code, task.lot.code if task.lot else ""
                change = self.books.move(sku, lot, task.qty, task.location.code, label)
                self.books.actions.setdefault(station, []).append(change)
            self.check()

    def _short(self, station: str, batch: Batch) -> None:
        """What is not found is lost at that place at most, never what others have reserved there."""
        stop = self.walk.stop(station)
        keys = {(one.location.code, one.sku.code, one.lot.code if one.lot else "") for one in stop}
        # its own reservation ends with it
        free = self.free(keys) + Counter({key: sum(one.qty for one in stop) for key in keys})
        if not self.says("short", self.walk.press_tote(station, 1, Press.SHORT)):
            return
        change = self.books.difference(self.actual())
        assert is_loss(change, keys, free), (change, free)
        self.books.apply(change)
        if change:
            self.books.actions.setdefault(station, []).append(change)

    def _undo(self, station: str) -> None:
        """Nothing moved, or exactly what the last action moved comes back."""
        done = self.books.actions.setdefault(station, [])
        if not self.says("undo", self.walk.scan(station, "C-UNDO"), "nothing_to_undo", "undo_too_late"):
            return
        change = self.books.difference(self.actual())
        if change:
            assert opposite(change) in done, (change, done)
            self.books.apply(change)
            done.remove(opposite(change))

    @precondition(lambda self: self.books.in_totes())
    @rule(times=st.integers(1, 4))
    def pack(self, times: int) -> None:
        """The bench weighs and seals what has come off the carts; the belt brings it to its lane."""
        for _ in range(times):
            job = PackJob.objects.filter(state="arriving").order_by("pk").first()
            if job is None:
                return
            label = job.tote_use.container.label
            tote = self.world.totes.index(label)
            self.says("take", self.walk.scan("pack-1", label))
            weight_g = self.walk.right_weight(tote)
            if not self.says("weigh", self.walk.weigh("pack-1", weight_g), "stock_on_hold"):
                self.mend(label)
                continue
            self.check()
            sscc = self.walk.job(tote).sscc
            if not self.says("seal", self.walk.scan("pack-1", f"00{sscc}", "C1"), "stock_on_hold"):
                self.mend(label)
                continue
            self.check()
            self.walk.moved(label, STAGE_1_LANE, point=SORTER)
            self.deeds["stage"] += 1
            self.check()

    @precondition(lambda self: self.books.in_totes())
    @rule(which=NUMBERS)
    def hand_over(self, which: int) -> None:
        rows = list(Shipment.objects.filter(state="ready").order_by("created_at", "pk"))
        if not rows:
            return
        shipment = rows[which % len(rows)]
        parcels = list(Parcel.objects.filter(order=shipment.order).select_related("tote_use__container"))
        labels = [one.tote_use.container.label for one in parcels]
        courier = Actor("client", "courier", "courier")
        if self.does(
            "hand over",
            lambda: shipments.hand_over(
                shipment_id=shipment.pk,
                client="courier",
                ssccs=[one.sscc for one in parcels],
                actor=courier,
            ),
        ):
            for key, qty in list(self.books.lies.items()):
                if key[0] in labels and qty:
                    self.books.move(key[1], key[2], qty, key[0], OUTSIDE)
        else:
            for label in labels:
                if self.books.must_come_out(label):
                    self.mend(label)
        self.check()

    def mend(self, label: str) -> None:
        """The hospital opens a tote with goods on hold, counts it and takes them out into quarantine."""
        self.check()
        out = self.books.must_come_out(label)
        assert out, f"nothing in {label} is on hold"
        self.says("admit", self.walk.scan("hosp-1", label))
        self.check()
        for _, sku, _ in [key for key, qty in self.books.lies.items() if key[0] == label for _ in range(qty)]:
            self.says("count a unit", self.walk.scan("hosp-1", self.world.gtins[sku]))
        self.says("count a tote", self.walk.scan("hosp-1", "C-DONE"))
        for sku in sorted({key[1] for key in out}):
            self.says("mend", self.walk.scan("hosp-1", "C-REMOVED"))
            for key in out:
                if key[1] == sku:
                    self.books.move(sku, key[2], out[key], label, QUARANTINE)
        self.check()

    @rule(lines=LINES, station=CARTS, deeds=CART_DEEDS)
    def serve(self, lines: dict[str, int], station: str, deeds: list[str]) -> None:
        """The whole way of an order, as far as it goes."""
        self.accept(lines, 60)
        self.pick(station, deeds, 14)
        self.pack(2)
        self.hand_over(0)
