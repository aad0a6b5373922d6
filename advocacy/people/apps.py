from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "advocacy.people"
    label = "people"

    def ready(self) -> None:
        from advocacy import registries
        from advocacy.access import disclosures
        from advocacy.people import admin, holds, jobs, leaving, policies, sign_in_events  # noqa: F401  they register themselves
        from advocacy.people.queries import authorizations_of

        disclosures.authorizations.append(authorizations_of)
        registries.re_homing += leaving.KINDS
        registries.holds_on_deletion.append(holds.why_kept)
