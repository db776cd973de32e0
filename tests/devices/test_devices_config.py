"""floor.toml: what is accepted, and what each refusal says."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from devices import profiles
from devices.config import load, parse
from devices.errors import ConfigError
from devices.settings import BY_DRIVER, ScannerSettings

BASE = Path("/srv/floor")


def body(**device: Any) -> dict[str, Any]:
    return {
        "gateway": {"name": "gw-1", "site": "DEMO", "spool": "var/gw.sqlite"},
        "bus": {"url": "unix:run/gw.sock"},
        "device": [{"key": "d-1", **device}] if device else [],
    }


def refusal(raw: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(raw, base=BASE)
    return str(caught.value)


def test_the_documented_example_is_read(tmp_path: Path) -> None:
    reference = Path(__file__).parents[2] / "docs/reference/floor-toml.md"
    text = reference.read_text(encoding="utf-8").split("```toml\n")[1].split("```")[0]
    (tmp_path / "floor.toml").write_text(text, encoding="utf-8")
    floor = load(tmp_path / "floor.toml")
    assert [device.driver for device in floor.devices] == ["scanner", "lights", "conveyor", "scale"]
    assert floor.gateway.spool == tmp_path / "var/spool/gw-1.sqlite"
    assert floor.bus.url == f"unix:{tmp_path}/run/gw-1.sock"
    assert (floor.gateway.max_events, floor.bus.root) == (100_000, "mfc")


@pytest.mark.parametrize("name", profiles.NAMES)
def test_a_profile_names_exactly_the_settings_of_its_driver(name: str) -> None:
    profile = profiles.load(name)
    fields = {item.name for item in dataclasses.fields(BY_DRIVER[profile.driver])}
    assert set(profile.defaults) == fields
    assert set(profile.limits) <= fields


def test_settings_of_a_device_override_its_profile() -> None:
    raw = body(
        profile="line-scanner", port="/dev/serial/by-id/usb-x", settings={"aim": False, "accepted": "06"}
    )
    settings = parse(raw, base=BASE).devices[0].settings
    assert isinstance(settings, ScannerSettings)
    assert (settings.aim, settings.accepted, settings.refused) == (False, b"\x06", b"\x1b8,")


@pytest.mark.parametrize("port", ["/dev/ttyUSB0", "/dev/ttyACM12", "/dev/pts/3", "/dev/rfcomm0"])
def test_port_names_that_change_owner_are_refused(port: str) -> None:
    text = refusal(body(profile="line-scanner", port=port))
    assert text == (
        f"device d-1.port: {port} goes to whatever is plugged in next; "
        "use its name under /dev/serial/by-id or /dev/serial/by-path"
    )


@pytest.mark.parametrize(
    ("port", "opened"),
    [
        ("/dev/serial/by-id/usb-x-if00", "/dev/serial/by-id/usb-x-if00"),
        ("dev/serial/by-id/usb-x", "/srv/floor/dev/serial/by-id/usb-x"),
        ("socket://10.0.0.5:4001", "socket://10.0.0.5:4001"),
        ("rfc2217://10.0.0.5:4001", "rfc2217://10.0.0.5:4001"),
        ("hwgrep://0C2E:0901", "hwgrep://0C2E:0901"),
        ("COM3", "COM3"),
    ],
)
def test_stable_port_names_are_accepted(port: str, opened: str) -> None:
    assert parse(body(profile="line-scanner", port=port), base=BASE).devices[0].port == opened


def test_a_name_is_judged_not_what_it_points_to(tmp_path: Path) -> None:
    link = tmp_path / "by-id" / "usb-x"
    link.parent.mkdir()
    link.symlink_to("/dev/ttyUSB0")
    assert parse(body(profile="line-scanner", port=str(link)), base=BASE).devices[0].port == str(link)


@pytest.mark.parametrize(
    ("device", "text"),
    [
        ({"profile": "mfc-l2"}, "device d-1.profile: unknown 'mfc-l2'; did you mean 'mfc-l1'?"),
        (
            {"profile": "mfc-l1", "host": "h", "port": 1, "settings": {"pol_ms": 5}},
            "device d-1.settings: unknown key 'pol_ms'; did you mean 'poll_ms'?",
        ),
        (
            {"profile": "mfc-l1", "hots": "h", "port": 1},
            "device d-1: unknown key 'hots'; did you mean 'host'?",
        ),
        (
            {"profile": "mfc-1", "host": "h", "settings": {"poll_ms": 51}},
            "device d-1.settings.poll_ms: expected 10..50, got 51",
        ),
        (
            {"profile": "mfc-1", "host": "h", "settings": {"points": "2"}},
            "device d-1.settings.points: expected int, got '2'",
        ),
        (
            {"profile": "line-scanner", "port": "socket://h:1", "settings": {"framing": "stx_etx"}},
            "device d-1.settings.framing: expected one of line, stx-etx; "
            "got 'stx_etx'; did you mean 'stx-etx'?",
        ),
        (
            {"profile": "line-scanner", "port": "socket://h:1", "settings": {"accepted": "1G"}},
            "device d-1.settings.accepted: expected hexadecimal bytes such as '1B 37 2C', got '1G'",
        ),
        (
            {"profile": "line-scanner", "port": "gopher://x"},
            "device d-1.port: unknown scheme 'gopher'; known: socket://, rfc2217://, hwgrep://",
        ),
        ({"profile": "line-scanner"}, "device d-1.port: is missing"),
        (
            {"profile": "scale", "link": "http://x:1"},
            "device d-1.link: expected mqtt://host:port, mqtts://host:port or tcp://host:port, "
            "got 'http://x:1'",
        ),
    ],
)
def test_a_wrong_device_is_refused_with_the_nearest_right_word(device: dict[str, Any], text: str) -> None:
    assert refusal(body(**device)) == text


def test_two_devices_may_share_neither_key_nor_line() -> None:
    raw = body(profile="mfc-l1", host="h", port=1502)
    raw["device"].append({"key": "d-2", "profile": "mfc-1", "host": "h", "port": 1502})
    assert refusal(raw) == "device d-2: h:1502 already belongs to d-1"
    raw["device"][1] = {"key": "d-1", "profile": "mfc-1", "host": "h", "port": 1503}
    assert refusal(raw) == "device d-1: this key is there twice"


def test_unknown_tables_and_missing_ones_are_refused() -> None:
    assert refusal(body() | {"devices": []}) == "floor.toml: unknown key 'devices'; did you mean 'device'?"
    raw = body()
    del raw["bus"]
    assert refusal(raw) == "[bus]: this table is missing"
    raw = body()
    raw["gateway"]["nmae"] = "x"
    assert refusal(raw) == "gateway: unknown key 'nmae'; did you mean 'name'?"


def test_a_gateway_name_cannot_break_an_event_id() -> None:
    raw = body()
    raw["gateway"]["name"] = "gw/1"
    assert refusal(raw).startswith("gateway.name: expected letters")


def test_a_file_that_is_not_toml_is_a_config_error(tmp_path: Path) -> None:
    path = tmp_path / "floor.toml"
    path.write_text("[gateway", encoding="utf-8")
    with pytest.raises(ConfigError, match="not TOML"):
        load(path)
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "other.toml")
