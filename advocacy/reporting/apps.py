from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "advocacy.reporting"
    label = "reporting"

    def ready(self) -> None:
        from advocacy.reporting import policies  # noqa: F401  declares who reads figures
