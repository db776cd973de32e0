"""The runtime app: composition of everything below."""

from django.apps import AppConfig
from django.conf import settings

from mfc.core import clock


class RuntimeConfig(AppConfig):
    name = "mfc.runtime"
    label = "runtime"

    def ready(self) -> None:
        from mfc.runtime import checks  # noqa: F401 - registers the system checks

        clock.install(clock.from_spec(settings.ENV.clock))
