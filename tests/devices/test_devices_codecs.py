"""Codecs against golden vectors, and against every way bytes can be split."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.codecs import mfc_1, mfc_l1, scale
from devices.codecs.code import Code, read_frame, split_aim
from devices.codecs.line import LineFramer
from devices.messages import Colour, Lamp, LampMode

CODES = st.text(alphabet=[chr(c) for c in range(0x20, 0x7F)] + ["\x1d"], min_size=1, max_size=40)
NOISE = st.binary(max_size=20).map(lambda data: bytes(b for b in data if b not in (0x02, 0x03)))


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[a:b] for a, b in pairwise(edges)]


def feed(framer: LineFramer, parts: list[bytes]) -> list[bytes]:
    return [frame for part in parts for frame in framer.feed(part)]


def test_scanner_vectors_give_their_reads_and_garbage(vectors: Any) -> None:
    body = vectors("scanner.json")
    for vector in body["frames"]:
        framer = LineFramer(vector["framing"])
        codes = [
            read_frame(f, aim=True, no_read="NOREAD") for f in framer.feed(bytes.fromhex(vector["bytes"]))
        ]
        reads = [code and [code.data, code.symbology] for code in codes]
        assert (reads, framer.garbage) == (vector["reads"], vector["garbage"]), vector["name"]


@given(st.lists(CODES, max_size=5), st.sampled_from([b"\r", b"\n", b"\r\n"]), st.lists(st.integers(0, 300)))
def test_lines_come_out_whole_at_any_split(codes: list[str], end: bytes, places: list[int]) -> None:
    data = b"".join(code.encode("latin-1") + end for code in codes)
    framer = LineFramer("line")
    assert feed(framer, cut(data, places)) == [code.encode("latin-1") for code in codes]
    assert (framer.garbage, framer.is_partial) == (0, False)


@given(st.lists(st.tuples(NOISE, CODES), max_size=5), st.lists(st.integers(0, 400)))
@example([(b"\r\n", "A"), (b"xx", "B")], [1, 2])
def test_stx_etx_frames_survive_noise_between_them_at_any_split(
    items: list[tuple[bytes, str]], places: list[int]
) -> None:
    data = b"".join(noise + b"\x02" + code.encode("latin-1") + b"\x03" for noise, code in items)
    assert feed(LineFramer("stx-etx"), cut(data, places)) == [code.encode("latin-1") for _, code in items]


@given(st.binary(max_size=300), st.lists(st.integers(0, 300)), st.sampled_from(["line", "stx-etx"]))
def test_any_bytes_give_the_same_frames_and_garbage_at_any_split(
    data: bytes, places: list[int], framing: str
) -> None:
    whole, parts = LineFramer(framing, 16), LineFramer(framing, 16)
    assert whole.feed(data) == feed(parts, cut(data, places))
    assert whole.garbage == parts.garbage


def test_a_frame_over_the_maximum_is_one_garbage_frame_and_the_next_is_good() -> None:
    framer = LineFramer("line", max_frame=16)
    assert framer.feed(b"x" * 10_000) == []
    assert framer.feed(b"\r]C0GOOD\r") == [b"]C0GOOD"]
    assert framer.garbage == 1


def test_a_frame_of_exactly_the_maximum_is_good() -> None:
    framer = LineFramer("line", max_frame=16)
    assert framer.feed(b"x" * 16 + b"\r") == [b"x" * 16]


def test_a_silence_ends_a_frame_without_terminator() -> None:
    framer = LineFramer("line")
    assert framer.feed(b"]C0ABC") == []
    assert framer.flush() == [b"]C0ABC"]
    assert framer.flush() == []


def test_a_lost_line_forgets_the_partial_frame() -> None:
    framer = LineFramer("line")
    framer.feed(b"]C0HALF")
    framer.reset()
    assert framer.feed(b"]C0WHOLE\r") == [b"]C0WHOLE"]
    assert framer.garbage == 1


def test_an_aim_identifier_is_split_only_when_it_is_one() -> None:
    assert split_aim("]C1ABC") == Code("ABC", "C1")
    assert split_aim("]d2" + "x\x1dy") == Code("x\x1dy", "d2")
    assert split_aim("]") == Code("]")
    assert split_aim("]1AABC") == Code("]1AABC")
    assert read_frame(b"]C1ABC", aim=False, no_read="") == Code("]C1ABC")
    assert read_frame(b"]X0NOREAD", aim=True, no_read="NOREAD") is None
    assert read_frame(b"]C1", aim=True, no_read="") is None


def test_lamp_words_of_the_vectors_go_both_ways(vectors: Any) -> None:
    body = vectors("mfc_l1.json")
    for vector in body["lamps"]:
        lamp = Lamp(Colour(vector["colour"]), LampMode(vector["mode"]), vector["quantity"])
        assert mfc_l1.lamp_word(lamp) == vector["word"]
        assert mfc_l1.lamp_of(vector["word"]) == lamp
    assert [mfc_l1.lamp_of(word) for word in body["dark"]] == [None] * len(body["dark"])
    assert mfc_l1.lamp_word(None) == 0


def test_press_words_of_the_vectors_give_their_presses(vectors: Any) -> None:
    for vector in vectors("mfc_l1.json")["presses"]:
        found = mfc_l1.presses_between(vector["before"], vector["after"])
        assert found == (vector["confirm"], vector["short"]), vector


@pytest.mark.parametrize(
    ("believed", "wanted", "span"),
    [
        ([0, 0, 0], [0, 0, 0], None),
        ([0, 0, 0, 0], [0, 1, 0, 1], (1, 4)),
        ([5], [0], (0, 1)),
        ([1, 2], [1, 3], (1, 2)),
    ],
)
def test_the_span_is_the_smallest_that_covers_all_changes(
    believed: list[int], wanted: list[int], span: tuple[int, int] | None
) -> None:
    assert mfc_l1.changed_span(believed, wanted) == span


def test_a_quantity_over_three_digits_has_no_word() -> None:
    with pytest.raises(ValueError, match=r"0\.\.999, got 1000"):
        mfc_l1.lamp_word(Lamp(Colour.RED, quantity=1000))


def test_plc_event_vectors_are_understood(vectors: Any) -> None:
    for vector in vectors("mfc_1.json")["events"]:
        block = mfc_1.parse_point(vector["registers"])
        expected = {key: value for key, value in vector.items() if key not in ("registers", "name")}
        found = {key: getattr(block, key) for key in expected}
        assert found == expected, vector["name"]
        assert block.is_barcode_bad is False


def test_plc_command_and_status_vectors_are_understood(vectors: Any) -> None:
    body = vectors("mfc_1.json")
    for vector in body["commands"]:
        block = mfc_1.command_block(vector["sequence"], vector["tracking_id"], vector["lane"])
        assert block == vector["registers"]
    for vector in body["status"]:
        status = dataclasses.asdict(mfc_1.parse_status(vector["registers"]))
        for key in set(vector) - {"registers", "name"}:
            value = list(status[key]) if isinstance(status[key], tuple) else status[key]
            assert value == vector[key], (vector["name"], key)
    assert [[before, mfc_1.next_sequence(before)] for before, _ in body["next"]] == body["next"]


@pytest.mark.parametrize(
    ("sequence", "tracking", "lane", "text"),
    [
        (0, 1, 1, "sequence"),
        (1, 0, 1, "tracking id 0"),
        (1, 0xFFFFFFFF, 1, "tracking id"),
        (1, 1, 65, "lane"),
    ],
)
def test_impossible_directions_have_no_registers(sequence: int, tracking: int, lane: int, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        mfc_1.command_block(sequence, tracking, lane)


def test_a_barcode_with_foreign_bytes_or_wrong_length_is_bad_and_empty() -> None:
    registers = [1, 1, 0, 5, 2, 0xFF41] + [0] * 18
    assert (mfc_1.parse_point(registers).barcode, mfc_1.parse_point(registers).is_barcode_bad) == ("", True)
    registers[4] = 21
    assert mfc_1.parse_point(registers).is_barcode_bad is True


@given(st.lists(st.integers(0, 0xFFFF), min_size=24, max_size=24))
def test_any_registers_of_a_point_can_be_parsed(registers: list[int]) -> None:
    block = mfc_1.parse_point(registers)
    assert len(block.barcode) <= 20
    assert block.barcode.isascii()


def test_scale_vectors_are_understood_or_refused(vectors: Any) -> None:
    body = vectors("scale.json")
    for vector in body["good"]:
        reading = scale.parse_payload(vector["topic"], vector["payload"].encode())
        assert dataclasses.asdict(reading) == vector["reading"]
    for vector in body["bad"]:
        with pytest.raises(scale.ScaleFormatError):
            scale.parse_payload(vector["topic"], vector["payload"].encode())
    line = body["line"]
    topic, reading, mid = scale.parse_line(line["text"].encode())
    assert (topic, dataclasses.asdict(reading), mid) == (line["topic"], line["reading"], line["mid"])
    assert scale.ack_line(line["mid"]) == line["answer"].encode()


@given(st.binary(max_size=200))
def test_a_scale_line_is_understood_or_refused_but_never_crashes(data: bytes) -> None:
    with pytest.raises(scale.ScaleFormatError):
        scale.parse_line(data)
    assert scale.line_mid(data) is None
