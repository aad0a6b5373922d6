from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"

    def ready(self) -> None:
        from advocacy import registries
        from cases import jobs, policies  # noqa: F401  declares them
        from cases.commands.cases import promises_open_of, re_home_work
        from cases.commands.tasks import open_tasks_of

        registries.obstacles_to_closing += [open_tasks_of, promises_open_of]
        registries.re_homing.append(re_home_work)
