-- Search inside one organization: the visibility predicate is joined first, the limit comes after.
SET ROLE recourse_search;

-- p_all: the caller's role reaches every unrestricted case. p_granted: cases the caller was given dated access to.
-- p_name and p_number are normalized by the caller and hold no wildcard. The end of a reference is enough to find it.
CREATE OR REPLACE FUNCTION search.cases(p_name text, p_number text, p_all boolean, p_membership bigint, p_granted bigint[], p_limit int)
  RETURNS SETOF bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT c.id
  FROM public.cases_casesearch s
  JOIN public.cases_case c ON c.organization_id = s.organization_id AND c.id = s.case_id
  JOIN public.people_patientsearch p ON p.organization_id = c.organization_id AND p.patient_id = c.patient_id
  WHERE s.organization_id = NULLIF(current_setting('app.organization', true), '')::bigint
    AND ((p_all AND (NOT c.is_restricted OR c.owner_id = p_membership)) OR c.id = ANY (p_granted))
    AND ((p_name <> '' AND (p.name LIKE '%' || p_name || '%' OR p_name <% p.name))
         OR (p_number <> '' AND s.numbers @> ARRAY[p_number])
         OR (length(p_number) >= 3 AND s.reference LIKE '%' || p_number))
  ORDER BY (p_name <> '' AND p.name LIKE '%' || p_name || '%') DESC, c.id DESC
  LIMIT p_limit
$$;

-- A clinic's link that is not revoked and has not run out, by the SHA-256 of its token: whoever opens it has no scope yet.
CREATE FUNCTION search.clinic_link_of(p_hash bytea)
  RETURNS TABLE (link_id bigint, organization_id bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT l.id, l.organization_id FROM public.cases_cliniclink l
  WHERE l.token_hash = p_hash AND l.revoked_at IS NULL AND l.expires_at > statement_timestamp()
$$;

GRANT EXECUTE ON FUNCTION search.clinic_link_of(bytea) TO recourse_app;
GRANT EXECUTE ON FUNCTION search.cases(text, text, boolean, bigint, bigint[], int) TO recourse_app;
RESET ROLE;

CREATE INDEX IF NOT EXISTS cases_search_numbers ON cases_casesearch USING gin (organization_id, numbers);
CREATE INDEX IF NOT EXISTS cases_search_reference_end ON cases_casesearch USING gin (organization_id, reference gin_trgm_ops);
