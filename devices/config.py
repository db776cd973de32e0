"""floor.toml as frozen data: every key checked, every refusal says where and what was expected."""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devices import profiles
from devices.errors import ConfigError
from devices.settings import BY_DRIVER, Settings

# A gateway serves one floor area; more devices than this is a mistake in a generator.
MAX_DEVICES = 500
# Bytes fields are written as hexadecimal text; a verdict is an escape sequence, not a program.
MAX_VERDICT_BYTES = 64

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
# These names go to whoever is plugged in next; the name is judged, not what it points to.
_UNSTABLE_PORT = re.compile(r"/dev/(tty(USB|ACM)\d*|pts/.*|rfcomm\d+)")
_PORT_SCHEMES = ("socket", "rfc2217", "hwgrep")
_HEX_FIELDS = ("accepted", "refused")


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    name: str
    site: str
    spool: Path
    max_events: int = 100_000


@dataclass(frozen=True, slots=True)
class BusConfig:
    url: str
    root: str = "mfc"


@dataclass(frozen=True, slots=True)
class DeviceConfig:
    """One thing on a wire. Only the wiring fields that its profile names are filled."""

    key: str
    profile: str
    driver: str
    settings: Settings
    port: str = ""  # serial port name or URL
    host: str = ""
    tcp_port: int = 0
    link: str = ""
    area: str = ""


@dataclass(frozen=True, slots=True)
class FloorConfig:
    gateway: GatewayConfig
    bus: BusConfig
    devices: tuple[DeviceConfig, ...]


def load(path: Path) -> FloorConfig:
    """Configuration of a floor.toml; raises ConfigError."""
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    return parse(body, base=path.parent)


def parse(body: dict[str, Any], *, base: Path) -> FloorConfig:
    """Configuration of parsed TOML; relative paths are relative to ``base``."""
    _only_known("floor.toml", body, ("gateway", "bus", "device"))
    gateway = _gateway(_table(body, "gateway"), base)
    bus = _bus(_table(body, "bus"), base)
    raw_devices = body.get("device", [])
    if not isinstance(raw_devices, list) or not all(isinstance(item, dict) for item in raw_devices):
        raise ConfigError("device: expected [[device]] tables")
    if len(raw_devices) > MAX_DEVICES:
        raise ConfigError(f"device: {len(raw_devices)} devices, at most {MAX_DEVICES}")
    devices = tuple(_device(item, number, base) for number, item in enumerate(raw_devices, start=1))
    _refuse_twins(devices)
    return FloorConfig(gateway, bus, devices)


def _gateway(table: dict[str, Any], base: Path) -> GatewayConfig:
    _only_known("gateway", table, ("name", "site", "spool", "max_events"))
    name = _name("gateway.name", _take(table, "gateway", "name", str))
    site = _name("gateway.site", _take(table, "gateway", "site", str))
    max_events = _take(table, "gateway", "max_events", int, 100_000)
    if not 10 <= max_events <= 10_000_000:
        raise ConfigError(f"gateway.max_events: expected 10..10000000, got {max_events}")
    return GatewayConfig(name, site, base / _take(table, "gateway", "spool", str), max_events)


def _bus(table: dict[str, Any], base: Path) -> BusConfig:
    _only_known("bus", table, ("url", "root"))
    url = _take(table, "bus", "url", str)
    scheme, _, rest = url.partition(":")
    if scheme == "unix" and rest:
        url = f"unix:{base / rest}"
    elif scheme not in ("mqtt", "mqtts") or not rest.startswith("//"):
        raise ConfigError(f"bus.url: expected unix:PATH, mqtt://host:port or mqtts://host:port, got {url!r}")
    return BusConfig(url, _topic("bus.root", _take(table, "bus", "root", str, "mfc")))


def _device(table: dict[str, Any], number: int, base: Path) -> DeviceConfig:
    where = f"device {number}"
    key = _name(f"{where}.key", _take(table, where, "key", str))
    where = f"device {key}"
    name = _take(table, where, "profile", str)
    if name not in profiles.NAMES:
        raise ConfigError(f"{where}.profile: unknown {name!r}{_hint(name, profiles.NAMES)}")
    profile = profiles.load(name)
    _only_known(where, table, ("key", "profile", "settings", *profile.wiring))
    raw = table.get("settings", {})
    if not isinstance(raw, dict):
        raise ConfigError(f"{where}.settings: expected a table")
    settings = _settings(where, profile, raw)
    if profile.driver == "scanner":
        port = stable_port(where, _take(table, where, "port", str), base)
        return DeviceConfig(key, name, profile.driver, settings, port=port)
    if profile.driver == "scale":
        link = _link(where, _take(table, where, "link", str))
        area = _topic(f"{where}.area", _take(table, where, "area", str, "floor"))
        return DeviceConfig(key, name, profile.driver, settings, link=link, area=area)
    host = _take(table, where, "host", str)
    tcp_port = _take(table, where, "port", int, 502)
    if not host or not 1 <= tcp_port <= 65535:
        raise ConfigError(f"{where}: expected a host and a port 1..65535, got {host!r} and {tcp_port}")
    return DeviceConfig(key, name, profile.driver, settings, host=host, tcp_port=tcp_port)


def stable_port(where: str, port: str, base: Path) -> str:
    """Port name as it will be opened; refuses names that change owner at the next plug."""
    scheme, separator, _ = port.partition("://")
    if separator:
        if scheme not in _PORT_SCHEMES:
            known = ", ".join(f"{item}://" for item in _PORT_SCHEMES)
            raise ConfigError(f"{where}.port: unknown scheme {scheme!r}; known: {known}")
        return port
    if re.fullmatch(r"COM\d+", port):
        return port
    if not port:
        raise ConfigError(f"{where}.port: is empty")
    name = str(base / port)
    if _UNSTABLE_PORT.fullmatch(name):
        raise ConfigError(
            f"{where}.port: {port} goes to whatever is plugged in next; "
            "use its name under /dev/serial/by-id or /dev/serial/by-path"
        )
    return name


def _settings(where: str, profile: profiles.Profile, raw: dict[str, Any]) -> Settings:
    _only_known(f"{where}.settings", raw, tuple(profile.defaults))
    merged = {
        name: _setting(where, profile, name, raw.get(name, value)) for name, value in profile.defaults.items()
    }
    cls = BY_DRIVER[profile.driver]
    assert set(merged) == {item.name for item in dataclasses.fields(cls)}, profile.name
    return cls(**merged)


def _setting(where: str, profile: profiles.Profile, name: str, value: Any) -> Any:
    where = f"{where}.settings.{name}"
    expected = type(profile.defaults[name])
    if type(value) is not expected:
        raise ConfigError(f"{where}: expected {expected.__name__}, got {value!r}")
    limit = profile.limits.get(name)
    if limit is not None and expected is int and not limit[0] <= value <= limit[1]:
        raise ConfigError(f"{where}: expected {limit[0]}..{limit[1]}, got {value}")
    if limit is not None and expected is str and value not in limit:
        raise ConfigError(f"{where}: expected one of {', '.join(limit)}; got {value!r}{_hint(value, limit)}")
    return _hex(where, value) if name in _HEX_FIELDS else value


def _hex(where: str, text: str) -> bytes:
    try:
        value = bytes.fromhex(text)
    except ValueError as error:
        raise ConfigError(f"{where}: expected hexadecimal bytes such as '1B 37 2C', got {text!r}") from error
    if len(value) > MAX_VERDICT_BYTES:
        raise ConfigError(f"{where}: {len(value)} bytes, at most {MAX_VERDICT_BYTES}")
    return value


def _link(where: str, link: str) -> str:
    if not re.fullmatch(r"(tcp|mqtt|mqtts)://[^/\s]+/?", link):
        raise ConfigError(
            f"{where}.link: expected mqtt://host:port, mqtts://host:port or tcp://host:port, got {link!r}"
        )
    return link


def _refuse_twins(devices: tuple[DeviceConfig, ...]) -> None:
    keys: set[str] = set()
    lines: dict[str, str] = {}
    for device in devices:
        if device.key in keys:
            raise ConfigError(f"device {device.key}: this key is there twice")
        keys.add(device.key)
        line = device.port or (f"{device.host}:{device.tcp_port}" if device.host else "")
        if line in lines:
            raise ConfigError(f"device {device.key}: {line} already belongs to {lines[line]}")
        if line:
            lines[line] = device.key


def _table(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise ConfigError(f"[{name}]: this table is missing")
    return value


def _take(table: dict[str, Any], where: str, name: str, expected: type, default: Any = None) -> Any:
    if name not in table:
        if default is None:
            raise ConfigError(f"{where}.{name}: is missing")
        return default
    value = table[name]
    if type(value) is not expected:
        raise ConfigError(f"{where}.{name}: expected {expected.__name__}, got {value!r}")
    return value


def _name(where: str, text: str) -> str:
    """Names become parts of event ids (``gateway/boot/sequence``) and of topics."""
    if not _NAME.fullmatch(text):
        raise ConfigError(f"{where}: expected letters, digits, '.', '_' or '-', at most 63; got {text!r}")
    return text


def _topic(where: str, text: str) -> str:
    if not all(_NAME.fullmatch(part) for part in text.split("/")):
        raise ConfigError(f"{where}: expected a topic name without wildcards, got {text!r}")
    return text


def _only_known(where: str, table: dict[str, Any], known: tuple[str, ...]) -> None:
    for name in table:
        if name not in known:
            raise ConfigError(f"{where}: unknown key {name!r}{_hint(name, known)}")


def _hint(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}"
