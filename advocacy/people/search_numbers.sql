-- Patients by name or number, and member ids that differ in one place. Inside one organization; limits come last.
SET ROLE recourse_search;

-- p_all: the caller's role reaches every unrestricted patient. p_reached: restricted patients the caller reaches.
-- Each way to be found is a part of its own with its own index; names that only resemble p_name come last, where there is room.
CREATE OR REPLACE FUNCTION search.patients(p_name text, p_number text, p_all boolean, p_reached bigint[], p_limit int)
  RETURNS SETOF bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  tenant bigint := NULLIF(current_setting('app.organization', true), '')::bigint;
  named text := 'SELECT s.patient_id AS id, s.name LIKE $2 AS holds FROM public.people_patientsearch s WHERE s.organization_id = $1 AND ';
  parts text[] := ARRAY[]::text[];
  whole text := 'SELECT h.id, h.holds FROM (SELECT id, bool_or(holds) AS holds FROM (%s) f (id, holds) GROUP BY id) h'
    || ' JOIN public.people_patient p ON p.organization_id = $1 AND p.id = h.id'
    || ' WHERE ($5 AND NOT p.is_restricted) OR p.id = ANY ($6) ORDER BY h.holds DESC, h.id DESC LIMIT $7';
  found bigint[];
  holding int;
BEGIN
  IF p_name <> '' THEN
    parts := parts || (named || 's.name LIKE $2');
  END IF;
  IF p_number <> '' THEN
    parts := parts || 'SELECT s.patient_id, false FROM public.people_patientsearch s WHERE s.organization_id = $1 AND s.numbers @> ARRAY[$4]'::text;
  END IF;
  IF cardinality(parts) = 0 THEN
    RETURN;
  END IF;
  FOR attempt IN 1..2 LOOP
    EXECUTE format('SELECT coalesce(array_agg(id ORDER BY holds DESC, id DESC), ''{}''), count(*) FILTER (WHERE holds) FROM (%s) r',
                   format(whole, array_to_string(parts, ' UNION ALL ')))
      INTO found, holding
      USING tenant, '%' || p_name || '%', p_name, p_number, p_all, p_reached, p_limit;
    EXIT WHEN p_name = '' OR holding >= p_limit;
    parts := parts || (named || '$3 <% s.name');
  END LOOP;
  RETURN QUERY SELECT unnest(found);
END $$;

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
