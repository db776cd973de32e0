"""Hints reach every open page: elected listening, and a channel layer that several web processes share."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
from channels_redis.pubsub import RedisPubSubChannelLayer
from django.db import connection

from mfc.core import hints, txn
from mfc.core.locks import LockSpace


@txn.use_case
def touch(*topics: str) -> None:
    txn.hint(*topics)


def listen_twice() -> tuple[set[str], list[set[str]]]:
    """What the elected listener hears of one commit, and what a second one hears at all."""

    async def both() -> tuple[set[str], list[set[str]]]:
        first = hints.listen(elected_by=LockSpace.BRIDGE)
        assert await anext(first) == set()
        second = [topics async for topics in hints.listen(elected_by=LockSpace.BRIDGE)]
        await asyncio.to_thread(touch_and_close)
        heard = await asyncio.wait_for(anext(first), 5)
        await first.aclose()  # type: ignore[attr-defined]
        return heard, second

    return asyncio.run(both())


def touch_and_close() -> None:
    touch("station:7", "lights")
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_of_several_listeners_only_the_elected_one_hears_and_forwards() -> None:
    heard, second = listen_twice()
    assert heard == {"station:7", "lights"}
    assert second == []


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_use_case_sends_no_hint() -> None:
    async def hear() -> set[str]:
        listener = hints.listen()
        await anext(listener)
        await asyncio.to_thread(roll_back_then_touch)
        heard = await asyncio.wait_for(anext(listener), 5)
        await listener.aclose()  # type: ignore[attr-defined]
        return heard

    assert asyncio.run(hear()) == {"after"}


def roll_back_then_touch() -> None:
    with pytest.raises(ZeroDivisionError):
        fail()
    touch("after")
    connection.close()


@txn.use_case
def fail() -> None:
    txn.hint("never")
    raise ZeroDivisionError


@pytest.fixture
def redis_url() -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        text = "redis-server is not on PATH"
        if os.environ.get("MFC_CI") == "1":
            pytest.fail(text)
        pytest.skip(text)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


def test_pages_of_another_web_process_hear_through_redis_also_after_idling(redis_url: str) -> None:
    async def exchange() -> list[dict[str, str]]:
        here, there = (RedisPubSubChannelLayer(hosts=[redis_url]) for _ in range(2))
        channel = await there.new_channel()
        await there.group_add("hint.board", channel)
        await here.group_send("hint.board", {"type": "hint", "n": "1"})
        heard = [await asyncio.wait_for(there.receive(channel), 5)]
        await asyncio.sleep(6)  # the time-out at which some client versions drop an idle socket
        await here.group_send("hint.board", {"type": "hint", "n": "2"})
        heard.append(await asyncio.wait_for(there.receive(channel), 5))
        for layer in (here, there):
            await layer.flush()
        return heard

    assert [message["n"] for message in asyncio.run(exchange())] == ["1", "2"]
