from django.apps import AppConfig


class BackgroundConfig(AppConfig):
    name = "advocacy.background"
    label = "background"

    def ready(self) -> None:
        from advocacy.background import sealing  # noqa: F401  registers its rounds
