-- Patients by name or number, and member ids that differ in one place. Inside one organization; limits come last.
SET ROLE recourse_search;

-- Patients with these words in their name, the newest first; whom of them somebody may see is asked by whoever calls this.
CREATE OR REPLACE FUNCTION search.named(p_name text) RETURNS bigint[]
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  tenant bigint := NULLIF(current_setting('app.organization', true), '')::bigint;
  pattern text := '%' || p_name || '%';
BEGIN
  IF p_name = '' THEN
    RETURN '{}';
  END IF;
  RETURN coalesce((SELECT array_agg(s.patient_id ORDER BY s.patient_id DESC) FROM public.people_patientsearch s
                    WHERE s.organization_id = tenant AND s.name LIKE pattern), '{}');
END $$;
REVOKE ALL ON FUNCTION search.named(text) FROM PUBLIC;

-- p_named: what search.named(p_name) found, where that was asked already.
-- p_all: the caller's role reaches every unrestricted patient. p_reached: restricted patients the caller reaches.
-- Each way to be found is a part of its own with its own index, newest first; patients are asked only until there are p_limit
-- that may be seen. The plan is made once a connection, see search.cases. Names that only resemble p_name are looked for when
-- nobody who may be seen holds it or has p_number.
CREATE OR REPLACE FUNCTION search.patients(p_name text, p_number text, p_all boolean, p_reached bigint[], p_limit int,
                                           p_named bigint[] DEFAULT NULL)
  RETURNS SETOF bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  tenant bigint := NULLIF(current_setting('app.organization', true), '')::bigint;
  named bigint[] := coalesce(p_named, search.named(p_name));
  found bigint[];
BEGIN
  SELECT array_agg(r.id ORDER BY r.id DESC) INTO found FROM (
    SELECT f.id FROM (
      (SELECT p.id FROM (SELECT unnest(named) AS key ORDER BY 1 DESC OFFSET 0) k
       JOIN public.people_patient p ON p.organization_id = tenant AND p.id = k.key
       WHERE (p_all AND NOT p.is_restricted) OR p.id = ANY (p_reached) ORDER BY k.key DESC LIMIT p_limit)
      UNION
      (SELECT p.id FROM (SELECT s.patient_id AS key FROM public.people_patientsearch s
         WHERE p_number <> '' AND s.organization_id = tenant AND s.numbers @> ARRAY[p_number] ORDER BY s.patient_id DESC OFFSET 0) k
       JOIN public.people_patient p ON p.organization_id = tenant AND p.id = k.key
       WHERE (p_all AND NOT p.is_restricted) OR p.id = ANY (p_reached) ORDER BY k.key DESC LIMIT p_limit)
    ) f ORDER BY 1 DESC LIMIT p_limit) r;
  IF found IS NULL AND p_name <> '' THEN
    SELECT array_agg(r.id ORDER BY r.fit DESC, r.id DESC) INTO found FROM (
      SELECT p.id, k.fit FROM (SELECT s.patient_id AS key, word_similarity(p_name, s.name) AS fit FROM public.people_patientsearch s
         WHERE s.organization_id = tenant AND p_name <% s.name ORDER BY 2 DESC, 1 DESC OFFSET 0) k
       JOIN public.people_patient p ON p.organization_id = tenant AND p.id = k.key
       WHERE (p_all AND NOT p.is_restricted) OR p.id = ANY (p_reached) ORDER BY k.fit DESC, k.key DESC LIMIT p_limit) r;
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

GRANT EXECUTE ON FUNCTION search.patients(text, text, boolean, bigint[], int, bigint[]) TO recourse_app;
GRANT EXECUTE ON FUNCTION search.similar_numbers(text, int) TO recourse_app;
RESET ROLE;

CREATE INDEX IF NOT EXISTS people_search_numbers ON people_patientsearch USING gin (organization_id, numbers);
