from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "advocacy.people"
    label = "people"

    def ready(self) -> None:
        from advocacy import registries
        from advocacy.people import admin, jobs, leaving, policies  # noqa: F401  registers look-ups, jobs, policies

        registries.re_homing += leaving.KINDS
