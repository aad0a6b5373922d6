-- Patients by name or number, and member ids that differ in one place. Inside one organization; limits come last.
SET ROLE recourse_search;

-- p_all: the caller's role reaches every unrestricted patient. p_reached: restricted patients the caller reaches.
-- Each way to be found is a part of its own with its own index, newest first; patients are asked only until there are p_limit
-- that may be seen. Names that only resemble p_name are looked for when nobody who may be seen holds it or has p_number.
CREATE OR REPLACE FUNCTION search.patients(p_name text, p_number text, p_all boolean, p_reached bigint[], p_limit int)
  RETURNS SETOF bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  tenant bigint := NULLIF(current_setting('app.organization', true), '')::bigint;
  -- How well it fits, the condition, and the order.
  part text := '(SELECT p.id, f.fit FROM (SELECT s.patient_id AS key, %1$s::real AS fit FROM public.people_patientsearch s'
    || ' WHERE s.organization_id = $1 AND %2$s ORDER BY %3$s OFFSET 0) f'
    || ' JOIN public.people_patient p ON p.organization_id = $1 AND p.id = f.key'
    || ' WHERE ($5 AND NOT p.is_restricted) OR p.id = ANY ($6) ORDER BY %3$s LIMIT $7)';
  whole text := 'SELECT array_agg(id ORDER BY fit DESC, id DESC) FROM (SELECT id, max(fit) AS fit FROM (%s) f GROUP BY id'
    || ' ORDER BY fit DESC, id DESC LIMIT $7) r';
  parts text[] := ARRAY[]::text[];
  found bigint[];
BEGIN
  IF p_name <> '' THEN
    parts := parts || format(part, '1', 's.name LIKE $2', 'key DESC');
  END IF;
  IF p_number <> '' THEN
    parts := parts || format(part, '1', 's.numbers @> ARRAY[$4]', 'key DESC');
  END IF;
  IF cardinality(parts) = 0 THEN
    RETURN;
  END IF;
  EXECUTE format(whole, array_to_string(parts, ' UNION ALL ')) INTO found
    USING tenant, '%' || p_name || '%', p_name, p_number, p_all, p_reached, p_limit;
  IF found IS NULL AND p_name <> '' THEN
    EXECUTE format(whole, format(part, 'word_similarity($3, s.name)', '$3 <% s.name', 'fit DESC, key DESC')) INTO found
      USING tenant, '', p_name, p_number, p_all, p_reached, p_limit;
  END IF;
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
