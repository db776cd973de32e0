"""What can go wrong on a wire: every error of ``devices`` and whether trying again can help."""

from __future__ import annotations

from typing import ClassVar


class DeviceError(Exception):
    """Base of all. ``retryable`` is False when only a person can help."""

    retryable: ClassVar[bool] = True


class LinkDownError(DeviceError):
    """The line cannot be opened, or was lost."""


class LinkTimeoutError(DeviceError):
    """One request was not answered in time; the line may still be good."""


class RefusedError(DeviceError):
    """The device answered with a refusal (Modbus exception) or with an answer of the wrong shape."""


class WrongDeviceError(DeviceError):
    """Something else than the configured device answers: nothing is written to it."""

    retryable = False


class ConfigError(DeviceError):
    """floor.toml is wrong: the text says where, what was expected and the nearest right word."""

    retryable = False


class SpoolError(DeviceError):
    """The spool file cannot be used: damaged, of another version, or owned by another gateway."""

    retryable = False


class SpoolFullError(DeviceError):
    """The spool holds its maximum of unacknowledged events: the new one is refused."""
