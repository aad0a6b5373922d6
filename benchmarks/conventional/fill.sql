-- Copies the product's cases into the anchor's tables, as superuser. Two grants a case: the organization's group and, where
-- there is one, its owner; otherwise the supervisor. A user's token is the id in hexadecimal.
INSERT INTO conventional.conventional_organization (id, name) SELECT id, name FROM public.tenancy_organization;
INSERT INTO conventional.conventional_payer (id, name) SELECT id, name FROM public.cases_payer;
INSERT INTO conventional.auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
  SELECT id, '!', false, email, '', '', email, true, true, date_joined FROM public.people_user WHERE is_staff;
INSERT INTO conventional.auth_group (id, name) SELECT id, 'organization ' || id FROM public.tenancy_organization;
INSERT INTO conventional.auth_user_groups (user_id, group_id) SELECT user_id, organization_id FROM public.people_membership;
INSERT INTO conventional.conventional_patient (id, organization_id, reference, name) SELECT p.id, p.organization_id, p.reference, s.name
  FROM public.people_patient p JOIN public.people_patientsearch s ON s.patient_id = p.id;
INSERT INTO conventional.conventional_case (id, organization_id, public_id, reference, patient_id, payer_id, owner_id, treatment, status, stage, urgency,
                       opened_at, closed_at, outcome, last_touched_at, next_deadline_on)
  SELECT c.id, c.organization_id, c.public_id, c.reference, c.patient_id, v.payer_id, c.owner_id, c.treatment, c.status, c.stage,
         c.urgency, c.opened_at, c.closed_at, c.outcome, c.last_touched_at, c.next_deadline_on
  FROM public.cases_case c JOIN public.cases_coverage v ON v.id = c.coverage_id;
INSERT INTO conventional.conventional_document (id, case_id, kind, created_at) SELECT id, case_id, kind, created_at FROM public.cases_document;
INSERT INTO conventional.conventional_event (case_id, actor, verb, body, at)
  SELECT case_ids[1], actor_label, verb, '', at FROM audit.event WHERE kind = 'verb' AND cardinality(case_ids) = 1;
INSERT INTO conventional.guardian_groupobjectpermission (object_pk, content_type_id, group_id, permission_id)
  SELECT c.id::text, t.id, c.organization_id, p.id
  FROM conventional.conventional_case c
  JOIN conventional.django_content_type t ON t.app_label = 'conventional' AND t.model = 'case'
  JOIN conventional.auth_permission p ON p.content_type_id = t.id AND p.codename = 'view_case';
INSERT INTO conventional.guardian_userobjectpermission (object_pk, content_type_id, user_id, permission_id)
  SELECT c.id::text, t.id, coalesce(c.owner_id, c.organization_id * 1000), p.id
  FROM conventional.conventional_case c
  JOIN conventional.django_content_type t ON t.app_label = 'conventional' AND t.model = 'case'
  JOIN conventional.auth_permission p ON p.content_type_id = t.id AND p.codename = 'view_case';
INSERT INTO conventional.authtoken_token (key, created, user_id)
  SELECT lpad(to_hex(u.id), 40, '0'), now(), u.id FROM conventional.auth_user u;
SELECT setval(pg_get_serial_sequence('conventional.conventional_event', 'id'), (SELECT max(id) FROM conventional.conventional_event));
