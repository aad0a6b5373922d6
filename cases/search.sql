-- Search inside one organization: the visibility predicate is joined first, the limit comes after.
SET ROLE recourse_search;

-- p_all: the caller's role reaches every unrestricted case. p_granted: cases the caller was given dated access to.
-- p_name and p_number are normalized by the caller and hold no wildcard. The end of a reference is enough to find it.
-- Each way to be found is a part of its own, so that each has its index; the text is planned with the values it is called
-- with, since organizations differ in size by thousands. A part takes what fits in its order, newest first, and asks the cases
-- only until there are p_limit that may be seen. Names that only resemble p_name are looked for when no case that may be seen
-- holds it or has p_number: comparing a name with every name like it costs ten times what finding it does.
CREATE OR REPLACE FUNCTION search.cases(p_name text, p_number text, p_all boolean, p_membership bigint, p_granted bigint[], p_limit int)
  RETURNS SETOF bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  tenant bigint := NULLIF(current_setting('app.organization', true), '')::bigint;
  -- Its table and key, how well it fits, the condition, and the order.
  part text := '(SELECT c.id, f.fit FROM (SELECT s.%2$s AS key, %3$s::real AS fit FROM public.%1$s s'
    || ' WHERE s.organization_id = $1 AND %4$s ORDER BY %5$s OFFSET 0) f'
    || ' JOIN public.cases_case c ON c.organization_id = $1 AND c.%6$s = f.key'
    || ' WHERE ($5 AND (NOT c.is_restricted OR c.owner_id = $6)) OR c.id = ANY ($7) ORDER BY %5$s LIMIT $8)';
  whole text := 'SELECT array_agg(id ORDER BY fit DESC, id DESC) FROM (SELECT id, max(fit) AS fit FROM (%s) f GROUP BY id'
    || ' ORDER BY fit DESC, id DESC LIMIT $8) r';
  parts text[] := ARRAY[]::text[];
  found bigint[];
BEGIN
  IF p_name <> '' THEN
    parts := parts || format(part, 'people_patientsearch', 'patient_id', '1', 's.name LIKE $2', 'key DESC', 'patient_id');
  END IF;
  IF p_number <> '' THEN
    parts := parts || format(part, 'cases_casesearch', 'case_id', '1', 's.numbers @> ARRAY[$4]', 'key DESC', 'id');
  END IF;
  IF length(p_number) >= 3 THEN
    parts := parts || format(part, 'cases_casesearch', 'case_id', '0', 'reverse(s.reference) LIKE reverse($4) || ''%''',
                             'key DESC', 'id');
  END IF;
  IF cardinality(parts) = 0 THEN
    RETURN;
  END IF;
  EXECUTE format(whole, array_to_string(parts, ' UNION ALL ')) INTO found
    USING tenant, '%' || p_name || '%', p_name, p_number, p_all, p_membership, p_granted, p_limit;
  IF found IS NULL AND p_name <> '' THEN
    EXECUTE format(whole, format(part, 'people_patientsearch', 'patient_id', 'word_similarity($3, s.name)', '$3 <% s.name',
                                 'fit DESC, key DESC', 'patient_id')) INTO found
      USING tenant, '', p_name, p_number, p_all, p_membership, p_granted, p_limit;
  END IF;
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
         OR (length(p_number) >= 3 AND reverse(s.reference) LIKE reverse(p_number) || '%'))
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
-- The end of a reference is the beginning of its reverse: all references of an organization begin alike.
CREATE INDEX IF NOT EXISTS cases_search_reference_end ON cases_casesearch (organization_id, reverse(reference) text_pattern_ops);
CREATE INDEX IF NOT EXISTS cases_search_inquiry_name ON cases_inquirysearch USING gin (organization_id, name gin_trgm_ops);
