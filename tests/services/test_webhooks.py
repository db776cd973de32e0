"""Webhooks: fanned out once, signed, retried with doubling pauses, never sent into private networks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from standardwebhooks import Webhook

from mfc.core.clock import SystemClock
from mfc.core.errors import DomainError
from mfc.webhooks import addresses, delivery, tasks
from mfc.webhooks.models import Delivery, Endpoint
from tests import receiver as receivers
from tests.receiver import Receiver

EVENT = {
    "event_id": "evt_1",
    "kind": "shipment.ready",
    "key": "shipment/1",
    "at": "2026-11-10T09:00:00+00:00",
    "data": {"order_ref": "A-1"},
}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receivers.running() as running:
        yield running


@pytest.fixture
def endpoint(db: None, fixed_clock: object, receiver: Receiver) -> Endpoint:
    return Endpoint.objects.create(name="courier", url=receiver.url)


def fan_out(**changes: object) -> list[int]:
    return delivery.fan_out(**{**EVENT, **changes})  # type: ignore[arg-type]


def test_an_event_reaches_every_endpoint_that_wants_it(endpoint: Endpoint) -> None:
    wants = Endpoint.objects.create(name="b", url=endpoint.url, kinds=["shipment.ready"])
    Endpoint.objects.create(name="c", url=endpoint.url, kinds=["order.accepted"])
    Endpoint.objects.create(name="d", url=endpoint.url, active=False)
    fan_out()
    assert list(Delivery.objects.order_by("pk").values_list("endpoint__name", flat=True)) == ["courier", "b"]
    assert wants.deliveries.get().body == (
        '{"data":{"order_ref":"A-1"},"timestamp":"2026-11-10T09:00:00+00:00","type":"shipment.ready"}'
    )


def test_fanning_out_twice_makes_no_second_delivery(endpoint: Endpoint) -> None:
    assert len(fan_out()) == 1
    assert fan_out() == []
    assert Delivery.objects.count() == 1


def test_the_fan_out_job_defers_one_delivery_per_endpoint_in_order_per_key(endpoint: Endpoint) -> None:
    tasks.fan_out(**EVENT)
    tasks.fan_out(**EVENT)
    (job,) = ProcrastinateJob.objects.all()
    assert job.task_name == "webhooks.deliver"
    assert job.lock == f"webhook/{endpoint.pk}/shipment/1"
    assert job.args == {"delivery_id": Delivery.objects.get().pk}


def test_a_delivery_is_signed_so_that_the_standard_library_accepts_it(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    (delivery_id,) = fan_out()
    tasks.deliver(delivery_id)
    (request,) = receiver.received
    body = Webhook(endpoint.secret).verify(request.body, request.headers)
    assert body == {"type": "shipment.ready", "timestamp": EVENT["at"], "data": {"order_ref": "A-1"}}
    assert request.headers["webhook-id"] == "evt_1"
    assert request.headers["content-type"] == "application/json"
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.last_status, row.last_error) == ("delivered", 1, 200, "")


def test_a_changed_body_or_another_secret_fails_the_signature(endpoint: Endpoint, receiver: Receiver) -> None:
    from standardwebhooks.webhooks import WebhookVerificationError

    (delivery_id,) = fan_out()
    tasks.deliver(delivery_id)
    (request,) = receiver.received
    with pytest.raises(WebhookVerificationError):
        Webhook(endpoint.secret).verify(request.body.replace(b"A-1", b"A-2"), request.headers)
    other = Endpoint.objects.create(name="other", url=endpoint.url)
    with pytest.raises(WebhookVerificationError):
        Webhook(other.secret).verify(request.body, request.headers)


def test_pauses_between_attempts_double_up_to_a_limit_and_end(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.status, receiver.answer = 503, b"come later"
    (delivery_id,) = fan_out()
    pauses = [delivery.send(delivery_id=delivery_id).retry_after_s for _ in range(delivery.MAX_ATTEMPTS)]
    assert pauses[:6] == [2, 4, 8, 16, 32, 64]
    assert pauses[-3:] == [10_800, 10_800, None]
    row = Delivery.objects.get()
    assert (row.state, row.attempts, row.last_status, row.last_error) == ("failed", 16, 503, "come later")
    assert len(receiver.received) == 16
    assert {json.loads(request.body)["type"] for request in receiver.received} == {"shipment.ready"}


def test_the_job_comes_again_after_the_pause(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.status = 500
    (delivery_id,) = fan_out()
    with pytest.raises(tasks.NotDeliveredError) as caught:
        tasks.deliver(delivery_id)
    assert caught.value.pause_s == 2
    strategy = tasks.deliver.retry_strategy  # type: ignore[attr-defined]
    decision = strategy.get_retry_decision(exception=caught.value, job=None)
    due_in = decision.retry_at - SystemClock().now()
    assert timedelta(seconds=1) < due_in <= timedelta(seconds=2)
    assert strategy.get_retry_decision(exception=RuntimeError(), job=None) is None


def test_a_redirect_is_not_followed(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.status, receiver.location = 302, receiver.url.replace("/hook", "/elsewhere")
    (delivery_id,) = fan_out()
    assert delivery.send(delivery_id=delivery_id).retry_after_s == 2
    assert [request.path for request in receiver.received] == ["/hook"]
    assert Delivery.objects.get().last_status == 302


def test_gone_ends_the_delivery_at_once(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.status = 410
    (delivery_id,) = fan_out()
    tasks.deliver(delivery_id)
    row = Delivery.objects.get()
    assert (row.state, row.attempts) == ("failed", 1)


def test_a_delivered_one_is_not_sent_again(endpoint: Endpoint, receiver: Receiver) -> None:
    (delivery_id,) = fan_out()
    tasks.deliver(delivery_id)
    tasks.deliver(delivery_id)
    assert len(receiver.received) == 1


def test_a_replay_sends_the_same_id_and_body_again(endpoint: Endpoint, receiver: Receiver) -> None:
    (delivery_id,) = fan_out()
    tasks.deliver(delivery_id)
    delivery.replay(delivery=Delivery.objects.get())
    (job,) = ProcrastinateJob.objects.all()
    assert job.args == {"delivery_id": delivery_id}
    tasks.deliver(delivery_id)
    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body


def test_a_receiver_that_is_not_there_is_an_attempt_with_a_reason(endpoint: Endpoint) -> None:
    Endpoint.objects.update(url="http://127.0.0.1:1/hook")
    (delivery_id,) = fan_out()
    assert delivery.send(delivery_id=delivery_id).retry_after_s == 2
    row = Delivery.objects.get()
    assert (row.state, row.last_status) == ("pending", None)
    assert row.last_error.startswith("ConnectError: ")


@pytest.mark.parametrize("answer", [b"\x00\xff binary", b"x" * 1_000_000])
def test_a_senseless_complaint_is_kept_as_a_short_text(
    endpoint: Endpoint, receiver: Receiver, answer: bytes
) -> None:
    receiver.status, receiver.answer = 500, answer
    (delivery_id,) = fan_out()
    assert delivery.send(delivery_id=delivery_id).retry_after_s == 2
    error = Delivery.objects.get().last_error
    assert 0 < len(error) <= 200
    assert "\x00" not in error


def test_an_address_that_became_private_is_not_called(endpoint: Endpoint, receiver: Receiver) -> None:
    Endpoint.objects.update(url="https://10.0.0.1/hook")
    (delivery_id,) = fan_out()
    assert delivery.send(delivery_id=delivery_id).retry_after_s == 2
    assert Delivery.objects.get().last_error == "https://10.0.0.1/hook leads into a private network."
    assert receiver.received == []


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/",
        "https://192.168.1.4/hook",
        "https://172.16.0.9/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.1]/",
        "http://93.184.216.34/",
        "ftp://93.184.216.34/",
        "file:///etc/passwd",
        "https://user:secret@93.184.216.34/",
        "https:///nothing",
        "https://127.0.0.1:99999/",
        "https://[::1/",
        f"https://{'a' * 64}.example/",
        "gibberish",
        "",
    ],
)
def test_an_address_that_may_not_be_called_is_refused(url: str) -> None:
    with pytest.raises(DomainError) as caught:
        addresses.check(url)
    assert caught.value.code == "webhook_url_refused"


@pytest.mark.parametrize(
    "url", ["https://93.184.216.34/hook", "http://127.0.0.1:8080/", "http://[::1]:8080/"]
)
def test_a_public_https_address_and_the_own_machine_may_be_called(url: str) -> None:
    assert addresses.check(url) is None  # type: ignore[func-returns-value]
