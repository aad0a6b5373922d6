-- Search inside one organization: the visibility predicate is joined first, the limit comes after.
SET ROLE recourse_search;

-- p_all: the caller's role reaches every unrestricted case. p_granted: cases the caller was given dated access to.
CREATE FUNCTION search.cases(p_name text, p_number text, p_all boolean, p_membership bigint, p_granted bigint[], p_limit int)
  RETURNS SETOF bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT c.id
  FROM public.cases_casesearch s
  JOIN public.cases_case c ON c.organization_id = s.organization_id AND c.id = s.case_id
  WHERE s.organization_id = NULLIF(current_setting('app.organization', true), '')::bigint
    AND ((p_all AND (NOT c.is_restricted OR c.owner_id = p_membership)) OR c.id = ANY (p_granted))
    AND ((p_name <> '' AND (s.name LIKE '%' || p_name || '%' OR p_name <% s.name))
         OR (p_number <> '' AND (s.numbers @> ARRAY[p_number] OR s.reference = p_number)))
  ORDER BY (s.name LIKE '%' || p_name || '%') DESC, c.id DESC
  LIMIT p_limit
$$;

GRANT EXECUTE ON FUNCTION search.cases(text, text, boolean, bigint, bigint[], int) TO recourse_app;
RESET ROLE;

CREATE INDEX cases_search_name ON cases_casesearch USING gin (organization_id, name gin_trgm_ops);
CREATE INDEX cases_search_numbers ON cases_casesearch USING gin (organization_id, numbers);
CREATE INDEX cases_search_reference ON cases_casesearch (organization_id, reference);
