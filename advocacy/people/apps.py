from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "advocacy.people"
    label = "people"

    def ready(self) -> None:
        from advocacy.people import admin, policies  # noqa: F401  registers look-ups, declares policies
