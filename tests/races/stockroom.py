"""What the people of the stock room do while pickers pick: receive, put away, move, hold, count, replenish, expire."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from mfc.core.actors import Actor
from mfc.inbound import putaway, receipts
from mfc.inventory import expiry, holds, lots, transfers
from mfc.inventory.models import Balance, Hold, HoldKind, Lot, ReasonCode
from mfc.layout.models import SELLABLE_KINDS, Location
from mfc.upkeep import counting, replenish
from mfc.upkeep.models import CountKind
from mfc.upkeep.states import CountState
from tests.world import LEAD, TODAY, World

CHILLED_LIFE = timedelta(days=20)
# Holds that stand at once: more would leave nothing to sell.
MAX_HOLDS = 3


def some(rows: object, rng: random.Random) -> object | None:
    """One of the rows, by chance."""
    found = list(rows)  # type: ignore[call-overload]
    return rng.choice(found) if found else None


def receive(world: World, rng: random.Random) -> str:
    code = rng.choice(sorted(world.skus))
    sku = world.skus[code]
    receipt = receipts.open_blind(site=world.site, ref=f"R-{rng.random()}", actor=LEAD)
    receipts.receive(
        receipt=receipt,
        arrived=receipts.Arrived(
            sku=sku,
            qty=rng.randint(1, 6),
            location=world.locations["DOCK-IN"],
            expires_on=TODAY + CHILLED_LIFE if sku.temperature == "chilled" else None,
        ),
        actor=LEAD,
    )
    return "receive"


def put_away(world: World, rng: random.Random) -> str:
    row = some(putaway.waiting_stock(world.site), rng)
    if not isinstance(row, Balance):
        return "nothing to put away"
    waiting = putaway.waiting_order(site=world.site, sku_id=row.sku_id, lot_id=row.lot_id)
    if waiting is not None:
        putaway.cross_dock(balance=row, waiting=waiting, qty=min(waiting.qty, row.on_hand), actor=LEAD)
        return "cross-dock"
    proposals = putaway.propose(
        site=world.site, sku=row.sku, lot_id=row.lot_id, qty=row.on_hand, source=row.location
    )
    if not proposals:
        return "nothing to put away"
    target = Location.objects.select_related("zone").get(pk=proposals[0].spot.id)
    putaway.put_away(
        balance=row, qty=min(row.on_hand, proposals[0].qty), target=target, actor=LEAD, proposals=proposals
    )
    return "put away"


def move(world: World, rng: random.Random) -> str:
    rows = Balance.objects.filter(location__kind__in=SELLABLE_KINDS, on_hand__gt=0).select_related(
        "sku", "location"
    )
    row = some(rows, rng)
    assert isinstance(row, Balance)
    target = some(Location.objects.filter(kind__in=SELLABLE_KINDS).select_related("zone"), rng)
    assert isinstance(target, Location)
    transfers.relocate(
        balance=row, qty=rng.randint(1, 3), target=target, actor=LEAD, reason_code=ReasonCode.BETTER_PLACE
    )
    return "move"


def hold(world: World, rng: random.Random) -> str:
    standing = list(Hold.objects.filter(lifted_at=None))
    if len(standing) >= MAX_HOLDS or (standing and rng.random() < 0.5):
        holds.lift(hold=rng.choice(standing), actor=LEAD, reason="fine")
        return "lift"
    row = some(
        Balance.objects.filter(pickable=True, on_hand__gt=0).select_related("sku", "lot", "location"), rng
    )
    if not isinstance(row, Balance):
        return "nothing to hold"
    on = rng.choice(("sku", "location", "lot" if row.lot else "sku"))
    holds.place(
        site_id=world.site.pk, kind=HoldKind.QUALITY, actor=LEAD, reason="race", **{on: getattr(row, on)}
    )
    return "hold"


def expire(world: World, rng: random.Random) -> str:
    """A lot's last day is over; a little later the label turns out to have been read wrongly."""
    lot = some(Lot.objects.all(), rng)
    if not isinstance(lot, Lot):
        return "nothing to expire"
    if lot.expires_on is not None and lot.expires_on < TODAY:
        lots.correct_last_day(lot=lot, expires_on=TODAY + CHILLED_LIFE, actor=LEAD, reason="read wrongly")
        return "correct"
    Lot.objects.filter(pk=lot.pk).update(expires_on=TODAY - timedelta(days=1))
    expiry.retire_expired(site_id=world.site.pk)
    return "expire"


def count(world: World, rng: random.Random) -> str:
    """A place is counted, sometimes wrongly; a difference is counted again and then decided."""
    place = some(Location.objects.filter(kind__in=SELLABLE_KINDS), rng)
    assert isinstance(place, Location)
    task = counting.draft(location=place, kind=CountKind.CYCLE)
    wrong = rng.choice((0, 0, 1, -1))
    for who in ("1", "2"):
        actor = Actor("person", who, who)
        if task.state not in {CountState.OPEN, CountState.RECOUNT}:
            break
        task = counting.begin(count=task, actor=actor)
        found = {
            (row.sku_id, row.lot_id): max(row.on_hand + wrong, 0)
            for row in Balance.objects.filter(location=place, on_hand__gt=0)
        }
        task = counting.finish(count=task, counted=found, actor=actor)
    if task.state == CountState.REVIEW:
        counting.approve(count=task, actor=LEAD)
    return "count"


def bring(world: World, rng: random.Random) -> str:
    replenish.plan(site=world.site)
    task = some(replenish.open_tasks(world.site), rng)
    if task is None:
        return "nothing to bring"
    replenish.bring(task=task, qty=rng.randint(1, task.qty), actor=LEAD)  # type: ignore[attr-defined, arg-type]
    return "replenish"


DEEDS: tuple[Callable[[World, random.Random], str], ...] = (
    receive, receive, put_away, put_away, move, hold, expire, count, count, bring,
)  # fmt: skip
# Each of these has happened at least once after a busy day.
DONE = frozenset({"receive", "put away", "move", "hold", "lift", "expire", "correct", "count", "replenish"})
EXPLAINED = frozenset(
    {
        *("place_invalid", "stock_regraded", "hold_exists", "hold_lifted", "busy", "reason_missing"),
        *(
            "lot_differs",
            "count_disturbed",
            "count_taken",
            "illegal_transition",
            "no_waiting_order",
            "stock_on_hold",
        ),
    }
)
NOTHING = frozenset(
    {"nothing to put away", "nothing to hold", "nothing to expire", "nothing to bring", "cross-dock"}
)
