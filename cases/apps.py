from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "cases"

    def ready(self) -> None:
        from advocacy import desk, registries
        from advocacy.people import portal_invitations
        from cases import admin, jobs, policies  # noqa: F401  registers look-ups, declares jobs and policies
        from cases.commands import leaving, patient_reminders
        from cases.commands.cases import promises_open_of
        from cases.commands.messages import message_is_over
        from cases.commands.patient_notices import document_is_over, is_over, log_invitation
        from cases.commands.portal_record import matter_of_patient
        from cases.commands.tasks import open_tasks_of
        from cases.queries.kept_forms import cases_of_forms
        from cases.queries.registration import has_dated_access

        desk.dated_access.append(has_dated_access)
        registries.obstacles_to_closing += [open_tasks_of, promises_open_of]
        registries.re_homing += leaving.KINDS
        portal_invitations.after_inviting.append(log_invitation)
        is_over["document"] = document_is_over
        is_over["message"] = message_is_over
        is_over["task"] = patient_reminders.task_is_over
        is_over["pages"] = patient_reminders.pages_are_over
        is_over["consent"] = patient_reminders.consent_is_over
        registries.cases_of_forms.append(cases_of_forms)
        registries.export.append(matter_of_patient)
