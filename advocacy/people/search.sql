-- Reads that row-level security cannot serve: memberships before an organization is chosen, and similar names.
SET ROLE recourse_search;

CREATE FUNCTION search.memberships_of(p_user bigint)
  RETURNS TABLE (membership_id bigint, organization_id bigint, organization_public_id uuid, organization_name text,
                 roles text[], team_id bigint, glass_until timestamptz, provider uuid, only_by_provider boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.id, m.organization_id, o.public_id, o.name::text,
         CASE WHEN EXISTS (SELECT FROM public.people_roleterm t WHERE t.organization_id = m.organization_id
                            AND t.member_id = m.id AND t.ended_at IS NULL AND t.until <= statement_timestamp())
              THEN ARRAY(SELECT r.role FROM unnest(m.roles::text[]) WITH ORDINALITY r (role, place)
                          WHERE NOT EXISTS (SELECT FROM public.people_roleterm t
                            WHERE t.organization_id = m.organization_id AND t.member_id = m.id AND t.role = r.role
                              AND t.ended_at IS NULL AND t.until <= statement_timestamp()) ORDER BY r.place)
              ELSE m.roles::text[] END, m.team_id,
         (SELECT max(g.expires_at) FROM public.people_breakglass g
           WHERE g.organization_id = m.organization_id AND g.user_id = m.user_id AND g.ended_at IS NULL
             AND g.opened_at <= statement_timestamp() AND g.expires_at > statement_timestamp()),
         s.public_id, coalesce(s.is_only_way, false)
  FROM public.people_membership m JOIN public.tenancy_organization o ON o.id = m.organization_id
  LEFT JOIN public.people_signinprovider s ON s.organization_id = m.organization_id AND s.retired_at IS NULL
  WHERE m.user_id = p_user AND m.starts_at <= statement_timestamp() AND m.ended_at IS NULL
    AND (m.until IS NULL OR m.until > statement_timestamp())
  ORDER BY o.name, m.id
$$;

-- Where whoever runs the installation opened a record in an emergency that still runs: no membership is asked, nobody else is.
CREATE FUNCTION search.broken_glass_of(p_user bigint)
  RETURNS TABLE (organization_id bigint, glass_until timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT g.organization_id, max(g.expires_at) FROM public.people_breakglass g JOIN public.people_user u ON u.id = g.user_id
  WHERE g.user_id = p_user AND u.is_superuser AND u.is_active AND g.ended_at IS NULL
    AND g.opened_at <= statement_timestamp() AND g.expires_at > statement_timestamp()
  GROUP BY g.organization_id ORDER BY max(g.expires_at) DESC
$$;

-- Whether one emergency access, by its public id, is an operator's and still runs: asked before a shell is opened.
CREATE FUNCTION search.operators_glass_runs(p_glass uuid) RETURNS boolean
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (SELECT FROM public.people_breakglass g JOIN public.people_user u ON u.id = g.user_id
    WHERE g.public_id = p_glass AND u.is_superuser AND u.is_active AND g.ended_at IS NULL
      AND g.opened_at <= statement_timestamp() AND g.expires_at > statement_timestamp())
$$;

-- Sign-in providers in use: of an e-mail domain, and one by its public id. Whoever signs in has no scope yet.
CREATE FUNCTION search.providers_of(p_domain text)
  RETURNS TABLE (provider_id bigint, provider_public_id uuid, organization_id bigint, organization_name text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.id, s.public_id, s.organization_id, o.name::text
  FROM public.people_signinprovider s JOIN public.tenancy_organization o ON o.id = s.organization_id
  WHERE p_domain = ANY (s.domains::text[]) AND s.retired_at IS NULL ORDER BY o.name, s.id
$$;

CREATE FUNCTION search.provider_in_use(p_provider uuid)
  RETURNS TABLE (provider_id bigint, provider_public_id uuid, organization_id bigint, organization_name text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT s.id, s.public_id, s.organization_id, o.name::text
  FROM public.people_signinprovider s JOIN public.tenancy_organization o ON o.id = s.organization_id
  WHERE s.public_id = p_provider AND s.retired_at IS NULL
$$;

-- Before a row of a patient's record is deleted, by whoever and whatever way: a legal hold on the patient or the whole
-- organization refuses it. appeals/migrations/0002_holds.py puts it on every table with a patient or a case.
CREATE FUNCTION search.refuse_held() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  gone jsonb := to_jsonb(OLD);
  tenant bigint := (gone->>'organization_id')::bigint;
  of_patient bigint := coalesce((gone->>'patient_id')::bigint,
    CASE WHEN TG_TABLE_NAME = 'people_patient' THEN (gone->>'id')::bigint
         ELSE (SELECT c.patient_id FROM public.cases_case c
                WHERE c.organization_id = tenant AND c.id = (gone->>'case_id')::bigint) END);
BEGIN
  IF EXISTS (SELECT FROM public.people_legalhold h JOIN public.tenancy_organization o ON o.id = h.organization_id
              WHERE h.organization_id = tenant AND h.lifted_at IS NULL
                AND (h.until IS NULL OR h.until >= (statement_timestamp() AT TIME ZONE o.time_zone)::date)
                AND (h.patient_id IS NULL OR h.patient_id = of_patient)) THEN
    RAISE EXCEPTION 'A legal hold keeps this row of %.', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END $$;

-- An invitation that is neither accepted nor revoked, by the SHA-256 of its token: whoever opens the link has no scope yet.
CREATE FUNCTION search.invitation_of(p_hash bytea)
  RETURNS TABLE (invitation_id bigint, organization_id bigint, organization_public_id uuid, organization_name text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT i.id, i.organization_id, o.public_id, o.name::text
  FROM public.people_invitation i JOIN public.tenancy_organization o ON o.id = i.organization_id
  WHERE i.token_hash = p_hash AND i.accepted_at IS NULL AND i.revoked_at IS NULL
$$;

-- A calendar's secret address that is not revoked and has not run out, by the SHA-256 of its token: whoever reads it has no scope
-- yet. Whether the membership still stands is asked of search.memberships_of.
CREATE FUNCTION search.calendar_feed_of(p_hash bytea)
  RETURNS TABLE (feed_id bigint, organization_id bigint, member_id bigint, user_id bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT f.id, f.organization_id, m.id, m.user_id
  FROM public.people_calendarfeed f
  JOIN public.people_membership m ON m.organization_id = f.organization_id AND m.id = f.member_id
  JOIN public.tenancy_organization o ON o.id = f.organization_id AND o.closed_at IS NULL
  WHERE f.token_hash = p_hash AND f.revoked_at IS NULL AND f.expires_at > statement_timestamp()
$$;

-- Whom somebody may enter the portal for: live now, and resting on a signed consent that stands today where the patient lives.
CREATE FUNCTION search.portal_accesses_of(p_user bigint)
  RETURNS TABLE (access_id bigint, access_public_id uuid, organization_id bigint, organization_public_id uuid,
                 organization_name text, kind text, scope text[], language text, patient_id bigint,
                 patient_reference text, patient_language text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT a.id, a.public_id, a.organization_id, o.public_id, o.name::text, a.kind::text, a.scope::text[], a.language::text,
         a.patient_id, p.reference::text, p.language::text
  FROM public.people_portalaccess a
  JOIN public.tenancy_organization o ON o.id = a.organization_id
  JOIN public.people_patient p ON p.organization_id = a.organization_id AND p.id = a.patient_id
  LEFT JOIN public.people_consent c ON c.organization_id = a.organization_id AND c.id = a.consent_id
  WHERE a.user_id = p_user AND a.starts_at <= statement_timestamp() AND a.ended_at IS NULL
    AND (a.expires_at IS NULL OR a.expires_at > statement_timestamp())
    AND (a.consent_id IS NULL OR (c.revoked_at IS NULL
          AND c.signed_on <= (statement_timestamp() AT TIME ZONE p.time_zone)::date
          AND cardinality(c.lacks) = 0 AND NOT (c.kind IN ('release', 'sharing', 'representation') AND c.method = 'oral') AND (
          c.expires_on IS NULL OR c.expires_on >= (statement_timestamp() AT TIME ZONE p.time_zone)::date)))
  ORDER BY o.name, a.id
$$;

-- Patients of the scope's organization that might be the same person: a similar name (also with its words in another
-- order), the same birth date or one digit away from it, the same phone. Judged in Python; here only candidates.
CREATE FUNCTION search.similar_patients(p_name text, p_sorted text, p_birth_date text, p_phones text[], p_limit int)
  RETURNS TABLE (patient_id bigint, name text, sorted_name text, birth_date text, phones text[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.patient_id, s.name, s.sorted_name, s.birth_date::text, s.phones::text[]
  FROM public.people_patientsearch s
  WHERE s.organization_id = NULLIF(current_setting('app.organization', true), '')::bigint
    AND (s.name % p_name OR s.sorted_name % p_sorted OR s.birth_date = p_birth_date OR s.phones::text[] && p_phones)
  ORDER BY greatest(similarity(s.name, p_name), similarity(s.sorted_name, p_sorted)) DESC, s.patient_id
  LIMIT p_limit
$$;

GRANT EXECUTE ON FUNCTION search.memberships_of(bigint), search.invitation_of(bytea) TO recourse_app;
GRANT EXECUTE ON FUNCTION search.calendar_feed_of(bytea) TO recourse_app;
GRANT EXECUTE ON FUNCTION search.providers_of(text), search.provider_in_use(uuid) TO recourse_app;
GRANT EXECUTE ON FUNCTION search.portal_accesses_of(bigint) TO recourse_app;
GRANT EXECUTE ON FUNCTION search.broken_glass_of(bigint), search.operators_glass_runs(uuid) TO recourse_app;
GRANT EXECUTE ON FUNCTION search.similar_patients(text, text, text, text[], int) TO recourse_app;
RESET ROLE;

CREATE INDEX people_search_name ON people_patientsearch USING gin (organization_id, name gin_trgm_ops);
CREATE INDEX people_search_sorted ON people_patientsearch USING gin (organization_id, sorted_name gin_trgm_ops);
CREATE INDEX people_search_phones ON people_patientsearch USING gin (organization_id, phones);

-- Whoever looks into the database by hand sees which organizations there are and which migrations ran, and no row of any.
GRANT USAGE ON SCHEMA public TO recourse_operator;
GRANT SELECT ON tenancy_organization, django_migrations TO recourse_operator;
