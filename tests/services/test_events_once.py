"""Every input happens once: events, receipts, screens; and what a worker does with poison."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from devices.messages import (
    Acknowledge,
    ButtonPressed,
    DirectionRequested,
    NoRead,
    Press,
    ReadKind,
    ScanRead,
    Verdict,
)
from mfc.core import events, journal, receipts, txn
from mfc.core.actors import SYSTEM
from mfc.core.errors import DomainError
from mfc.core.models import JournalEntry, Receipt
from mfc.floor import ingest
from mfc.floor.models import DirectionDecision
from mfc.runtime.worker import link
from mfc.workforce.models import Station
from tests.proof import unchanged
from tests.walk import AT, Walk
from tests.world import PACK_LANE, World


def scan_of(walk: Walk, data: str, event_id: str = "") -> ScanRead:
    return ScanRead(event_id=event_id or walk.event_id(), device="scan-cart-1", at=AT, data=data)


def test_a_repeated_event_has_one_effect_and_the_same_answer(world: World, walk: Walk) -> None:
    world.accept(TEA=2)
    walk.begin(0)
    walk.scan("cart-1", world.gtins["TEA"])
    event = scan_of(walk, world.totes[0])
    first = walk.send(event)
    version = Station.objects.get(key="cart-1").version
    with unchanged():
        assert walk.send(event) == first
    assert Station.objects.get(key="cart-1").version == version
    assert first == [
        Acknowledge(
            event_id=event.event_id,
            verdict=Verdict.ACCEPTED,
            text="That was the last one. Bring the cart to the belt.",
        )
    ]
    assert world.in_tote(world.totes[0]) == {"TEA": 2}


def test_a_repeat_may_carry_another_time_but_not_another_content(world: World, walk: Walk) -> None:
    event = scan_of(walk, world.people["Sam"].badge)
    first = walk.send(event)
    later = ScanRead(event_id=event.event_id, device=event.device, at="2026-11-10T10:00:00Z", data=event.data)
    assert walk.send(later) == first
    with unchanged(), pytest.raises(DomainError) as caught:
        walk.send(scan_of(walk, world.people["Kim"].badge, event.event_id))
    assert caught.value.code == "idempotency_key_reused"


def test_a_refused_event_is_refused_again_even_when_it_would_be_possible_now(
    world: World, walk: Walk
) -> None:
    event = scan_of(walk, world.carts[0])
    first = walk.send(event)
    assert first == [
        Acknowledge(event_id=event.event_id, verdict=Verdict.REFUSED, text="Nobody is logged in at cart-1.")
    ]
    walk.badge("cart-1", "Sam")
    with unchanged():
        assert walk.send(event) == first
    assert Receipt.objects.get(source=f"event/{event.event_id}").refused == "no_session"


def test_a_refusal_is_shown_on_the_screen_of_the_station(world: World, walk: Walk) -> None:
    before = Station.objects.get(key="cart-1").version
    walk.scan("cart-1", world.carts[0])
    station = Station.objects.get(key="cart-1")
    assert station.version == before + 1
    assert station.feedback == {
        "seq": station.version,
        "verdict": "refused",
        "text": "Nobody is logged in at cart-1.",
        "code": "no_session",
        "remedy": "Scan your badge first.",
    }


def test_a_repeated_question_of_the_conveyor_is_decided_once(world: World, walk: Walk) -> None:
    walk.picked_tote(TEA=1)
    event = DirectionRequested(
        event_id=walk.event_id(),
        device="plc",
        at=AT,
        point=0,
        tracking_id=5,
        read=ReadKind.READ,
        barcode=world.totes[0],
    )
    first = walk.send(event)
    assert (first[0].lane, first[0].tracking_id, first[0].ttl_ms) == (PACK_LANE, 5, 2000)  # type: ignore[union-attr]
    walk.badge("pack-1", "Pat")
    walk.scan("pack-1", world.totes[0])
    walk.weigh("pack-1", 9000)
    assert walk.send(event) == first  # even though the tote would go to the hospital now
    assert DirectionDecision.objects.count() == 1


def test_an_unbound_device_is_answered_and_leaves_nothing(world: World, walk: Walk) -> None:
    event = ScanRead(event_id=walk.event_id(), device="scan-9", at=AT, data=world.totes[0])
    with unchanged():
        (answer,) = walk.send(event)
    assert answer == Acknowledge(event_id=event.event_id, verdict=Verdict.REFUSED, text="scan-9 is not bound")


def test_an_unbound_light_is_refused(world: World, walk: Walk) -> None:
    event = ButtonPressed(
        event_id=walk.event_id(), device="lights-shelf", at=AT, channel=99, press=Press.CONFIRM
    )
    with unchanged():
        (answer,) = walk.send(event)
    assert answer == Acknowledge(
        event_id=event.event_id,
        verdict=Verdict.REFUSED,
        text="Light lights-shelf/99 is not bound to a place.",
    )


def test_a_fixed_reader_that_saw_nothing_is_a_refusal_and_never_a_code(world: World, walk: Walk) -> None:
    event = NoRead(event_id=walk.event_id(), device="scan-pack-1", at=AT)
    with unchanged():
        (answer,) = walk.send(event)
    assert answer == Acknowledge(
        event_id=event.event_id, verdict=Verdict.REFUSED, text="The reader at pack-1 saw no code."
    )


def test_a_poison_event_is_parked_with_a_journal_entry(
    world: World, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def broken(**arguments: object) -> None:
        calls.append(arguments)
        raise RuntimeError("our own mistake")

    monkeypatch.setattr(ingest, "handle", broken)
    gateway_link = link.GatewayLink(world.gateway, bus_root="mfc")
    event = scan_of(walk, "anything")
    with unchanged():
        (answer,) = gateway_link._answer(event)
    assert len(calls) == link.MAX_FAILURES
    assert answer == Acknowledge(
        event_id=event.event_id, verdict=Verdict.REFUSED, text="System error: call the lead"
    )
    entry = JournalEntry.objects.get(verb="event.failed")
    assert (entry.subject, entry.data["event_id"]) == ("device:scan-cart-1", event.event_id)


# receipts


def act_once(calls: list[int], source: str = "test/1", payload: object = "a") -> receipts.Answer:
    def act() -> dict[str, int]:
        calls.append(1)
        journal.write("test.done", actor=SYSTEM, subject="test")
        return {"call": len(calls)}

    return receipts.once(source=source, kind="test", payload={"body": payload}, act=act)


def test_a_receipt_repeats_the_first_answer(db: None) -> None:
    calls: list[int] = []
    first, again = act_once(calls), act_once(calls)
    assert (first.body, first.repeated) == ({"call": 1}, False)
    assert (again.body, again.repeated) == ({"call": 1}, True)
    assert JournalEntry.objects.filter(verb="test.done").count() == 1
    assert act_once(calls, source="test/2").body == {"call": 2}


def test_a_receipt_with_another_body_is_refused(db: None) -> None:
    calls: list[int] = []
    act_once(calls)
    with pytest.raises(DomainError) as caught:
        act_once(calls, payload="b")
    assert caught.value.code == "idempotency_key_reused"
    assert calls == [1]


def test_the_order_of_fields_is_not_another_body(db: None) -> None:
    assert receipts.fingerprint({"a": 1, "b": [2, 3]}) == receipts.fingerprint({"b": [2, 3], "a": 1})
    assert receipts.fingerprint({"a": 1}) != receipts.fingerprint({"a": "1"})


def test_a_refusal_keeps_its_receipt_and_drops_its_deeds(db: None) -> None:
    def act() -> dict[str, int]:
        journal.write("test.done", actor=SYSTEM, subject="test")
        raise DomainError("wrong_item", "No.", wanted="TEA")

    first = receipts.once(source="test/1", kind="test", payload={}, act=act)
    again = receipts.once(source="test/1", kind="test", payload={}, act=act)
    assert first.refusal is not None
    assert again.refusal is not None
    assert first.refusal.as_dict() == again.refusal.as_dict()
    assert first.refusal.details == {"wanted": "TEA"}
    assert (first.repeated, again.repeated) == (False, True)
    assert not JournalEntry.objects.exists()
    assert Receipt.objects.get().refused == "wrong_item"


def test_a_mistake_of_ours_leaves_no_receipt(db: None) -> None:
    def act() -> dict[str, int]:
        raise RuntimeError("our mistake")

    with pytest.raises(RuntimeError):
        receipts.once(source="test/1", kind="test", payload={}, act=act)
    assert not Receipt.objects.exists()


# transactions


def fail_after(deed: Callable[[], None]) -> None:
    """A use case that does something and then fails."""
    with txn.transaction_scope():
        deed()
        raise RuntimeError


def test_a_job_is_deferred_in_the_transaction_and_vanishes_with_it(db: None) -> None:
    with txn.transaction_scope():
        events.emit("test.kept", key="test/1", data={})
    with pytest.raises(RuntimeError):
        fail_after(lambda: events.emit("test.lost", key="test/1", data={}))
    (job,) = ProcrastinateJob.objects.all()
    assert (job.task_name, job.args["kind"], job.lock) == ("webhooks.fan_out", "test.kept", "webhook/test/1")


def test_a_job_waits_once_per_queueing_lock(db: None) -> None:
    from mfc.core import jobs

    with txn.transaction_scope():
        jobs.defer("test.job", queueing_lock="one", number=1)
        jobs.defer("test.job", queueing_lock="one", number=2)
        jobs.defer("test.job", queueing_lock="two", number=3)
    assert sorted(job.args["number"] for job in ProcrastinateJob.objects.all()) == [1, 3]


@pytest.mark.django_db(transaction=True)
def test_an_inner_service_outside_a_use_case_is_our_mistake() -> None:
    with pytest.raises(AssertionError, match="inside a use case"):
        txn.hint("board")


@pytest.mark.django_db(transaction=True)
def test_a_use_case_opens_the_outermost_transaction() -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic(), txn.transaction_scope():
        pass


@pytest.mark.django_db(transaction=True)
def test_hints_leave_with_the_commit_and_not_with_a_rollback() -> None:
    import psycopg
    from procrastinate.contrib.django.utils import connector_params

    params = connector_params()
    params.pop("autocommit", None)
    with psycopg.connect(**params, autocommit=True) as listener:
        listener.execute(f"LISTEN {txn.CHANNEL}")
        with pytest.raises(RuntimeError):
            fail_after(lambda: txn.hint("lost"))
        with txn.transaction_scope():
            txn.hint("lights", "board")
            txn.hint("lights")
        with txn.transaction_scope():
            txn.hint(*(f"station:{number}" for number in range(txn.MAX_TOPICS + 1)))
        heard = [note.payload for note in listener.notifies(timeout=2, stop_after=2)]
    assert heard == ["lights\nboard", "all"]
