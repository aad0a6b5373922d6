from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "advocacy.people"
    label = "people"

    def ready(self) -> None:
        from advocacy.people import policies  # noqa: F401  declares them
