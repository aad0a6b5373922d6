-- Patients by name or number, and member ids that differ in one place. Inside one organization; limits come last.
SET ROLE recourse_search;

-- p_all: the caller's role reaches every unrestricted patient. p_reached: restricted patients the caller reaches.
CREATE OR REPLACE FUNCTION search.patients(p_name text, p_number text, p_all boolean, p_reached bigint[], p_limit int)
  RETURNS SETOF bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT p.id
  FROM public.people_patientsearch s
  JOIN public.people_patient p ON p.organization_id = s.organization_id AND p.id = s.patient_id
  WHERE s.organization_id = NULLIF(current_setting('app.organization', true), '')::bigint
    AND ((p_all AND NOT p.is_restricted) OR p.id = ANY (p_reached))
    AND ((p_name <> '' AND (s.name LIKE '%' || p_name || '%' OR p_name <% s.name))
         OR (p_number <> '' AND s.numbers @> ARRAY[p_number]))
  ORDER BY (p_name <> '' AND s.name LIKE '%' || p_name || '%') DESC, p.id DESC
  LIMIT p_limit
$$;

-- Numbers as long as p_number that differ from it in at most two places (one wrong digit, or two swapped). Judged in
-- Python; here only candidates. One slip leaves the first or the last third of the number as it was.
CREATE OR REPLACE FUNCTION search.similar_numbers(p_number text, p_limit int)
  RETURNS TABLE (patient_id bigint, number text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
  SELECT s.patient_id, n
  FROM public.people_patientsearch s CROSS JOIN LATERAL unnest(s.numbers) AS n
  WHERE s.organization_id = NULLIF(current_setting('app.organization', true), '')::bigint
    AND length(n) = length(p_number)
    AND (left(n, length(n) / 3) = left(p_number, length(n) / 3)
         OR right(n, length(n) / 3) = right(p_number, length(n) / 3))
    AND (SELECT count(*) FROM generate_series(1, length(n)) AS i
         WHERE substr(n, i, 1) <> substr(p_number, i, 1)) <= 2
  ORDER BY n = p_number DESC, s.patient_id
  LIMIT p_limit
$$;

GRANT EXECUTE ON FUNCTION search.patients(text, text, boolean, bigint[], int) TO recourse_app;
GRANT EXECUTE ON FUNCTION search.similar_numbers(text, int) TO recourse_app;
RESET ROLE;

CREATE INDEX IF NOT EXISTS people_search_numbers ON people_patientsearch USING gin (organization_id, numbers);
