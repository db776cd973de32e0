"""The simulator against the byte vectors that the driver passes too: a shared reading of the wire, not shared code."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.lights import see
from firmware_sim.plc import Plc, PlcEvent
from firmware_sim.scanner import Scanner
from firmware_sim.world import ScannerSpec, ServerSpec

VECTORS = Path(__file__).resolve().parents[1] / "vectors"


def vectors(name: str) -> dict[str, Any]:
    return dict(json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("lamp", vectors("mfc_l1")["lamps"], ids=lambda lamp: f"0x{lamp['word']:04X}")
def test_a_lamp_word_is_seen_as_the_vector_says(lamp: dict[str, Any]) -> None:
    shown = see(lamp["word"])
    assert (shown.colour, shown.mode, shown.qty, shown.lit) == (
        lamp["colour"],
        lamp["mode"],
        lamp["quantity"],
        True,
    )


@pytest.mark.parametrize("word", vectors("mfc_l1")["dark"])
def test_a_dark_word_is_seen_as_dark(word: int) -> None:
    assert not see(word).lit


@pytest.mark.parametrize(
    "event", [one for one in vectors("mfc_1")["events"] if one["kind"]], ids=lambda event: str(event["name"])
)
def test_an_event_fills_the_registers_of_the_vector(event: dict[str, Any]) -> None:
    posted = PlcEvent(
        event["kind"],
        event["tracking_id"],
        event["barcode"],
        event["quality"],
        event["lane"],
        event["reason"],
    )
    assert posted.words(event["sequence"]) == event["registers"][:18]


@pytest.mark.parametrize(
    "command", vectors("mfc_1")["commands"], ids=lambda command: str(command["sequence"])
)
def test_a_command_block_is_understood_as_the_vector_says(command: dict[str, Any]) -> None:
    plc = Plc(ServerSpec("plc-1", "127.0.0.1", 0, 1))
    heard: list[tuple[int, int, int]] = []
    plc.on_command = lambda point, tracking, lane: heard.append((point, tracking, lane))
    first_command_register = 16 + 19
    assert plc.write(first_command_register, command["registers"])
    assert plc.write(first_command_register, command["registers"]), (
        "the same sequence again is no second action"
    )
    assert heard == [(0, command["tracking_id"], command["lane"])]


@pytest.mark.parametrize(
    "frame",
    [
        one
        for one in vectors("scanner")["frames"]
        if one["framing"] == "line"
        and len(one["reads"]) == 1
        and one["reads"][0]
        and one["reads"][0][1]
        and one["bytes"].endswith("0d")
        and not one["garbage"]
    ],
    ids=lambda frame: str(frame["name"]),
)
def test_a_scan_puts_the_vectors_bytes_on_the_wire(frame: dict[str, Any], tmp_path: Path) -> None:
    sent: list[bytes] = []
    scanner = Scanner(ScannerSpec("scanner-1", tmp_path / "port"), random.Random(1))
    scanner.port.write = lambda data: sent.append(data) is None  # type: ignore[method-assign]
    data, symbology = frame["reads"][0]
    asyncio.run(scanner.scan(symbology, data))
    assert sent == [bytes.fromhex(frame["bytes"])]


def test_the_tones_of_the_vector_are_heard(tmp_path: Path) -> None:
    scanner = Scanner(ScannerSpec("scanner-1", tmp_path / "port"), random.Random(1))
    tones = vectors("scanner")["tones"]
    for byte in bytes.fromhex(tones["accepted"]):  # split at every byte
        scanner._hear(bytes([byte]))
    assert (scanner.tones, scanner.last_tone) == (1, True)
    scanner._hear(bytes.fromhex(tones["refused"]))
    assert (scanner.tones, scanner.last_tone) == (2, False)
