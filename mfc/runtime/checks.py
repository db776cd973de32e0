"""System checks: combinations of settings that cannot work are refused before anything starts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def combinations(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E001: several web processes need a channel layer they share."""
    env = settings.ENV
    found: list[CheckMessage] = []
    if env.redis_url and not env.redis_url.startswith(("redis://", "rediss://", "unix://")):
        found.append(
            Error(
                f"REDIS_URL={env.redis_url!r} is no Redis address.",
                hint="Use redis://host:port/0.",
                id="mfc.E002",
            )
        )
    if env.mqtt_url and not env.mqtt_url.startswith(("mqtt://", "mqtts://")):
        found.append(
            Error(
                f"MQTT_URL={env.mqtt_url!r} is no MQTT address.", hint="Use mqtt://host:1883.", id="mfc.E003"
            )
        )
    if env.web_processes > 1 and not env.redis_url:
        found.append(
            Error(
                f"MFC_WEB_PROCESSES={env.web_processes} without REDIS_URL: live pages of other processes would stay still.",
                hint="Set REDIS_URL, or run one web process.",
                id="mfc.E001",
            )
        )
    return found
