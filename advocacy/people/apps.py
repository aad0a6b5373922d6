from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "advocacy.people"
    label = "people"

    def ready(self) -> None:
        from advocacy import registries
        from advocacy.people import admin, holds, jobs, leaving, policies, sign_in_events  # noqa: F401  they register themselves

        registries.re_homing += leaving.KINDS
        registries.holds_on_deletion.append(holds.why_kept)
