"""The bus between gateway and WMS: ``wms_end`` and ``gateway_end`` make an end (docs/reference/bus.md)."""

from __future__ import annotations

from random import Random, SystemRandom

from devices.bus.base import BusEnd
from devices.bus.local import LocalGatewayEnd, LocalWmsEnd
from devices.bus.mqtt import MqttGatewayEnd, MqttWmsEnd
from devices.clock import Clock, SystemClock
from devices.errors import ConfigError

__all__ = ["BusEnd", "gateway_end", "wms_end"]


def wms_end(
    url: str,
    *,
    gateway: str,
    site: str,
    root: str = "mfc",
    rng: Random | None = None,
    clock: Clock | None = None,
) -> BusEnd:
    """The WMS's end of the bus to one gateway. A GatewayHello arrives after each (re)connection."""
    rng = rng or SystemRandom()
    if (path := _unix_path(url)) is not None:
        return LocalWmsEnd(path, rng)
    return MqttWmsEnd(url, gateway=gateway, site=site, root=root, rng=rng, clock=clock or SystemClock())


def gateway_end(url: str, *, gateway: str, site: str, root: str, boot: str, rng: Random) -> BusEnd:
    """The gateway's end."""
    if (path := _unix_path(url)) is not None:
        return LocalGatewayEnd(path)
    return MqttGatewayEnd(url, gateway=gateway, site=site, root=root, boot=boot, rng=rng)


def _unix_path(url: str) -> str | None:
    scheme, _, rest = url.partition(":")
    if scheme == "unix":
        if not rest:
            raise ConfigError("bus url: unix: needs a path")
        return rest
    if scheme not in ("mqtt", "mqtts"):
        raise ConfigError(f"bus url: expected unix:PATH, mqtt://host:port or mqtts://host:port, got {url!r}")
    return None
