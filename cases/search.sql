-- Search inside one organization: the visibility predicate is joined first, the limit comes after.
SET ROLE recourse_search;

-- p_all: the caller's role reaches every unrestricted case. p_granted: cases the caller was given dated access to.
-- p_name and p_number are normalized by the caller and hold no wildcard. The end of a reference is enough to find it.
-- Each way to be found is a part of its own, so that each has its index; the text is planned with the values it is called
-- with, since organizations differ in size by thousands. Names that only resemble p_name come behind those that hold it, so
-- they are looked for when there is room left for them.
CREATE OR REPLACE FUNCTION search.cases(p_name text, p_number text, p_all boolean, p_membership bigint, p_granted bigint[], p_limit int)
  RETURNS SETOF bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  tenant bigint := NULLIF(current_setting('app.organization', true), '')::bigint;
  named text := 'SELECT c.id, p.name LIKE $2 AS holds FROM public.people_patientsearch p'
    || ' JOIN public.cases_case c ON c.organization_id = $1 AND c.patient_id = p.patient_id WHERE p.organization_id = $1 AND ';
  parts text[] := ARRAY[]::text[];
  whole text := 'SELECT h.id, h.holds FROM (SELECT id, bool_or(holds) AS holds FROM (%s) f (id, holds) GROUP BY id) h'
    || ' JOIN public.cases_case c ON c.organization_id = $1 AND c.id = h.id'
    || ' WHERE ($5 AND (NOT c.is_restricted OR c.owner_id = $6)) OR c.id = ANY ($7)'
    || ' ORDER BY h.holds DESC, h.id DESC LIMIT $8';
  found bigint[];
  holding int;
BEGIN
  IF p_name <> '' THEN
    parts := parts || (named || 'p.name LIKE $2');
  END IF;
  IF p_number <> '' THEN
    parts := parts || 'SELECT s.case_id, false FROM public.cases_casesearch s WHERE s.organization_id = $1 AND s.numbers @> ARRAY[$4]'::text;
  END IF;
  IF length(p_number) >= 3 THEN
    parts := parts || 'SELECT s.case_id, false FROM public.cases_casesearch s WHERE s.organization_id = $1 AND s.reference LIKE ''%'' || $4'::text;
  END IF;
  IF cardinality(parts) = 0 THEN
    RETURN;
  END IF;
  FOR attempt IN 1..2 LOOP
    EXECUTE format('SELECT coalesce(array_agg(id ORDER BY holds DESC, id DESC), ''{}''), count(*) FILTER (WHERE holds) FROM (%s) r',
                   format(whole, array_to_string(parts, ' UNION ALL ')))
      INTO found, holding
      USING tenant, '%' || p_name || '%', p_name, p_number, p_all, p_membership, p_granted, p_limit;
    EXIT WHEN p_name = '' OR holding >= p_limit;
    parts := parts || (named || '$3 <% p.name');
  END LOOP;
  RETURN QUERY SELECT unnest(found);
END $$;

-- Inquiries by the name of a registered patient or the name typed, or by the end of their reference; newest first, since the
-- list is paged by key. p_reached: restricted patients the caller reaches. p_owner: a membership, 0 for nobody, NULL for all.
CREATE OR REPLACE FUNCTION search.inquiries(p_name text, p_number text, p_status text, p_owner bigint, p_reached bigint[], p_limit int)
  RETURNS SETOF bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT i.id
  FROM public.cases_inquirysearch s
  JOIN public.cases_inquiry i ON i.organization_id = s.organization_id AND i.id = s.inquiry_id
  LEFT JOIN public.people_patient p ON p.organization_id = i.organization_id AND p.id = i.patient_id
  LEFT JOIN public.people_patientsearch n ON n.organization_id = i.organization_id AND n.patient_id = i.patient_id
  WHERE s.organization_id = NULLIF(current_setting('app.organization', true), '')::bigint
    AND i.status = p_status
    AND (p_owner IS NULL OR coalesce(i.owner_id, 0) = p_owner)
    AND (i.patient_id IS NULL OR NOT p.is_restricted OR p.id = ANY (p_reached))
    AND ((p_name <> '' AND (s.name LIKE '%' || p_name || '%' OR p_name <% s.name
                            OR n.name LIKE '%' || p_name || '%' OR p_name <% n.name))
         OR (length(p_number) >= 3 AND s.reference LIKE '%' || p_number))
  ORDER BY i.id DESC
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
GRANT EXECUTE ON FUNCTION search.inquiries(text, text, text, bigint, bigint[], int) TO recourse_app;
RESET ROLE;

CREATE INDEX IF NOT EXISTS cases_search_numbers ON cases_casesearch USING gin (organization_id, numbers);
CREATE INDEX IF NOT EXISTS cases_search_reference_end ON cases_casesearch USING gin (organization_id, reference gin_trgm_ops);
CREATE INDEX IF NOT EXISTS cases_search_inquiry_name ON cases_inquirysearch USING gin (organization_id, name gin_trgm_ops);
