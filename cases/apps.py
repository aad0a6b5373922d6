from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"

    def ready(self) -> None:
        from advocacy import registries
        from cases import jobs, policies  # noqa: F401  declares them
        from cases.commands.tasks import open_tasks_of

        registries.obstacles_to_closing.append(open_tasks_of)
