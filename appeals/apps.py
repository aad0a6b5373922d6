from django.apps import AppConfig


class AppealsConfig(AppConfig):
    name = "appeals"

    def ready(self) -> None:
        from advocacy import registries
        from appeals import jobs, policies, reminders  # noqa: F401  declares them
        from appeals.closing import open_contest_of
        from cases.jobs import after_reading

        registries.obstacles_to_closing.append(open_contest_of)
        after_reading.append(jobs.propose_after_reading)
