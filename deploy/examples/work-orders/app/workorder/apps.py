from django.apps import AppConfig
from django.conf import settings


class WorkOrderConfig(AppConfig):
    name = "workorder"

    def ready(self) -> None:
        if settings.FRESHET_BEFORE == "signals":
            from workorder import before

            before.connect_signals()
