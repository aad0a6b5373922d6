from django.apps import AppConfig


class AppealsConfig(AppConfig):
    name = "appeals"

    def ready(self) -> None:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured

        from advocacy import registries
        from appeals import digests, jobs, policies, reminders  # noqa: F401  declares them
        from appeals.closing import open_contest_of
        from appeals.commands.answers import coverage_changed
        from appeals.commands.approval_reminders import letter_is_over, remind_of_letters
        from appeals.commands.deadlines import dates_of_ended, dates_without_task
        from appeals.queries.doubtful import letters_of_others
        from appeals.queries.drafts import packets_with
        from appeals.queries.export import contest_of
        from appeals.queries.lookup import reference_numbers_of
        from appeals.queries.ways import ways_of_confirmed
        from appeals.regimes.packs import BadPack, install_signed
        from cases.commands import cases, tasks
        from cases.commands.patient_notices import is_over
        from cases.commands.patient_reminders import also
        from cases.commands.registration import after_coverage
        from cases.commands.search_text import numbers
        from cases.commands.tags import taken_in
        from cases.jobs import after_reading
        from cases.queries.export import withheld
        from cases.queries.ways import letter_ways

        try:
            install_signed(settings.RULE_PACK, settings.RULE_KEYS)
        except BadPack as problem:
            raise ImproperlyConfigured(f"RECOURSE_RULE_PACK: {problem}") from None
        registries.obstacles_to_closing.append(open_contest_of)
        registries.export.append(contest_of)
        after_reading.append(jobs.propose_after_reading)
        also.append(remind_of_letters)
        is_over["letter"] = letter_is_over
        after_coverage.append(coverage_changed)
        cases.after_ending.append(dates_of_ended)
        tasks.after_ending.append(dates_without_task)
        numbers.append(reference_numbers_of)
        withheld.append(letters_of_others)
        taken_in.append(packets_with)
        letter_ways.append(ways_of_confirmed)
