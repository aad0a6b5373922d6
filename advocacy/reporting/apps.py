from django.apps import AppConfig


class ReportingConfig(AppConfig):
    name = "advocacy.reporting"
    label = "reporting"

    def ready(self) -> None:
        from advocacy import registries
        from advocacy.management.commands import print_docs
        from advocacy.reporting import jobs, policies  # noqa: F401  declares nightly work and who reads figures
        from advocacy.reporting.precedent import figures_for
        from advocacy.reporting.printed import indicators

        print_docs.DOCUMENTS["indicators.md"] = indicators
        registries.figures.append(figures_for)
