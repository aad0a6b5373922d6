-- Kept counts: what the figures over closed cases and decisions count, added up ahead of being asked for.
--
-- reporting_countedrow  one row for each case or decision that counts, as it was counted last
-- reporting_countedcell  how many: rows that are summed. A change appends, nothing is updated, so nobody waits for a cell
--
-- A statement that touches what a count is made of ends in search.recount() of its cases: it locks each case, looks at it as
-- it stands and writes what differs. Rows and cells are written in the same transaction, by these functions and nobody else.
SET ROLE recourse_search;

-- What counts, as it stands now. The same rows by the same rules as `advocacy.reporting.populations`, whose GROUP BY
-- `manage.py rebuild_figures --check` compares with the cells. Rows are joined by their keys alone: every reference is a composite
-- key of the organization and the row, so what is joined is of the same one. Asked for the organization too, a database without
-- statistics takes that for the narrower condition, walks through all of it for each row, and stays with that plan.
CREATE VIEW search.counting AS
SELECT c.organization_id, 'closed_cases'::text AS population, c.id AS source_id, c.id AS case_id, c.is_restricted,
       to_char(timezone(p.time_zone, c.closed_at)::date, 'YYYY-MM') AS month, v.payer_id,
       coalesce((SELECT (array_agg(a.regime ORDER BY a.id DESC))[1] FROM public.appeals_appeal a
                  WHERE a.organization_id = c.organization_id AND a.case_id = c.id),
                (SELECT (array_agg(d.regime ORDER BY d.id DESC))[1] FROM public.appeals_deadline d
                  WHERE d.organization_id = c.organization_id AND d.case_id = c.id AND d.clock = 'decision'
                    AND d.regime <> '' AND d.status <> 'superseded'), '')::text AS regime,
       c.treatment::text AS treatment, ''::text AS stage, ''::text AS reason, c.outcome::text AS code
  FROM public.cases_case c
  JOIN public.cases_coverage v ON v.id = c.coverage_id
  JOIN public.people_patient p ON p.id = c.patient_id
 WHERE c.outcome <> ''  -- as closed_at IS NOT NULL says (cases_case_closed_has_outcome), which would be looked up by all closed ones
UNION ALL
SELECT d.organization_id, 'decisions', d.id, d.case_id, c.is_restricted,
       to_char(coalesce(d.notice_on, timezone(p.time_zone, d.decided_at)::date), 'YYYY-MM'), v.payer_id,
       a.regime, c.treatment, a.level,
       coalesce((SELECT r.reason FROM public.appeals_denialreason r
                  WHERE r.organization_id = d.organization_id AND r.denial_id = a.denial_id AND r.is_primary), ''),
       CASE WHEN d.is_deemed THEN 'silence'
            WHEN o.won AND o.lost THEN 'partly'
            WHEN o.overturned THEN 'overturned'
            WHEN o.upheld THEN 'upheld'
            WHEN o.partly THEN 'partly'
            ELSE 'no_merits' END
  FROM public.appeals_decision d
  JOIN public.cases_case c ON c.id = d.case_id
  JOIN public.people_patient p ON p.id = c.patient_id
  JOIN public.appeals_appeal a ON a.id = d.appeal_id
  JOIN public.appeals_denial n ON n.id = a.denial_id
  JOIN public.appeals_authorizationrequest q ON q.id = n.request_id
  JOIN public.cases_coverage v ON v.id = q.coverage_id
 CROSS JOIN LATERAL (
       SELECT bool_or(i.outcome IN ('overturned', 'partly')) AS won, bool_or(i.outcome IN ('partly', 'upheld')) AS lost,
              bool_or(i.outcome = 'overturned') AS overturned, bool_or(i.outcome = 'upheld') AS upheld,
              bool_or(i.outcome = 'partly') AS partly
         FROM public.appeals_itemoutcome i
        WHERE i.organization_id = d.organization_id AND i.decision_id = d.id) o;

-- By what each population is added up: the grain is the names of its dimensions. A year stands beside another dimension, a
-- month alone or in the cube of month, payer and treatment (ADR 8, ADR 11). `advocacy.reporting.kept` knows the same list.
CREATE VIEW search.figure_grains AS
SELECT population, grain, string_to_array(grain, ',') AS by
  FROM (VALUES ('closed_cases', ARRAY['month', 'year,payer', 'year,regime', 'year,treatment', 'payer,regime',
                                      'payer,treatment', 'regime,treatment', 'month,payer,treatment']),
               ('decisions', ARRAY['month', 'year,stage', 'year,payer', 'year,reason', 'year,regime', 'year,treatment',
                                   'stage,payer', 'stage,reason', 'stage,regime', 'stage,treatment', 'payer,reason',
                                   'payer,regime', 'payer,treatment', 'reason,regime', 'reason,treatment',
                                   'regime,treatment'])) AS known (population, grains), unnest(grains) AS grain;

-- The cells of counted rows, one time or minus one time each. `rows` is a table of them with a column `times`.
CREATE FUNCTION search.cells_sql(p_rows text) RETURNS text LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT format($q$
  SELECT r.organization_id, r.population, g.grain, r.is_restricted,
         CASE WHEN 'month' = ANY (g.by) THEN r.month WHEN 'year' = ANY (g.by) THEN left(r.month, 4) ELSE '' END AS month,
         CASE WHEN 'payer' = ANY (g.by) THEN r.payer_id END AS payer_id,
         CASE WHEN 'regime' = ANY (g.by) THEN r.regime ELSE '' END AS regime,
         CASE WHEN 'treatment' = ANY (g.by) THEN r.treatment ELSE '' END AS treatment,
         CASE WHEN 'stage' = ANY (g.by) THEN r.stage ELSE '' END AS stage,
         CASE WHEN 'reason' = ANY (g.by) THEN r.reason ELSE '' END AS reason,
         r.code, sum(r.times)::int AS n
    FROM %s r JOIN search.figure_grains g ON g.population = r.population
   GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 HAVING sum(r.times) <> 0 $q$, p_rows) $$;

DO $make$
DECLARE
  kind text;
  source text;
BEGIN
  FOR kind, source IN SELECT * FROM (VALUES
    ('insert', '(SELECT n.*, 1 AS times FROM new_rows n)'),
    ('delete', '(SELECT o.*, -1 AS times FROM old_rows o)'),
    ('update', '(SELECT n.*, 1 AS times FROM new_rows n UNION ALL SELECT o.*, -1 FROM old_rows o)')) AS known
  LOOP
    EXECUTE format($f$
      CREATE FUNCTION search.cells_after_%s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp AS $body$
      BEGIN
        INSERT INTO public.reporting_countedcell
          (organization_id, population, grain, is_restricted, month, payer_id, regime, treatment, stage, reason, code, n)
        %s;
        RETURN NULL;
      END $body$ $f$, kind, search.cells_sql(source));
  END LOOP;
END $make$;

-- Count these cases of one organization again. Each is locked first, so that of two changes of one case the later sees the
-- earlier; in the order of their keys, so that two recounts never wait for each other.
CREATE FUNCTION search.recount(p_organization bigint, p_cases bigint[]) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  found search.counting[];
BEGIN
  PERFORM 1 FROM public.cases_case c WHERE c.organization_id = p_organization AND c.id = ANY (p_cases)
    ORDER BY c.id FOR NO KEY UPDATE;
  -- Most acts are on open cases of which nothing was decided: there is nothing to count, and nothing counted.
  IF NOT EXISTS (SELECT FROM public.cases_case c
                  WHERE c.organization_id = p_organization AND c.id = ANY (p_cases) AND c.outcome <> '')
     AND NOT EXISTS (SELECT FROM public.appeals_decision d
                      WHERE d.organization_id = p_organization AND d.case_id = ANY (p_cases))
     AND NOT EXISTS (SELECT FROM public.reporting_countedrow r
                      WHERE r.organization_id = p_organization AND r.case_id = ANY (p_cases)) THEN
    RETURN;
  END IF;
  found := ARRAY(SELECT s FROM search.counting s WHERE s.organization_id = p_organization AND s.case_id = ANY (p_cases));
  DELETE FROM public.reporting_countedrow r
   WHERE r.organization_id = p_organization AND r.case_id = ANY (p_cases)
     AND NOT EXISTS (
       SELECT FROM unnest(found) f WHERE f.population = r.population AND f.source_id = r.source_id AND f.case_id = r.case_id
          AND f.is_restricted = r.is_restricted AND f.month = r.month AND f.payer_id = r.payer_id AND f.regime = r.regime
          AND f.treatment = r.treatment AND f.stage = r.stage AND f.reason = r.reason AND f.code = r.code);
  INSERT INTO public.reporting_countedrow
    (organization_id, population, source_id, case_id, is_restricted, month, payer_id, regime, treatment, stage, reason, code)
  SELECT f.* FROM (
    SELECT organization_id, population, source_id, case_id, is_restricted, month, payer_id, regime, treatment, stage, reason,
           code FROM unnest(found)) f
   WHERE NOT EXISTS (SELECT FROM public.reporting_countedrow r WHERE r.organization_id = p_organization
                        AND r.population = f.population AND r.source_id = f.source_id);
END $$;

-- One trigger function for each table that a count is made of. EXCEPT finds what changed by hashing; a join of transition
-- tables would be planned as a nested loop.
DO $make$
DECLARE
  t record;
  q text := 'SELECT r.organization_id, array_agg(DISTINCT r.case_id) AS cases FROM (%s) r GROUP BY 1';
  body text;
BEGIN
  FOR t IN SELECT * FROM (VALUES
    ('cases_case', 'id', 'closed_at, outcome, treatment, coverage_id, patient_id, is_restricted', 'closed_at IS NOT NULL'),
    ('appeals_appeal', 'case_id', 'denial_id, regime, level', 'true'),
    ('appeals_denial', 'case_id', 'request_id', 'true'),
    ('appeals_denialreason', 'case_id', 'denial_id, reason, is_primary', 'is_primary'),
    ('appeals_authorizationrequest', 'case_id', 'coverage_id', 'true'),
    ('appeals_decision', 'case_id', 'appeal_id, notice_on, decided_at, is_deemed', 'true'),
    ('appeals_itemoutcome', 'case_id', 'decision_id, outcome', 'decision_id IS NOT NULL'),
    ('appeals_deadline', 'case_id', $c$regime, clock, status = 'superseded'$c$, $c$clock = 'decision'$c$),
    ('cases_coverage', '', 'payer_id', ''),
    ('people_patient', '', 'time_zone', '')) AS known (name, case_column, columns, counts)
  LOOP
    IF t.case_column = '' THEN
      body := format('SELECT organization_id, id FROM (SELECT organization_id, id, %1$s FROM new_rows'
                     ' EXCEPT SELECT organization_id, id, %1$s FROM old_rows) s', t.columns);
      body := CASE t.name
        WHEN 'people_patient' THEN
          'SELECT c.organization_id, c.id AS case_id FROM public.cases_case c JOIN (' || body || ') s'
          ' ON c.organization_id = s.organization_id AND c.patient_id = s.id'
        ELSE
          'SELECT c.organization_id, c.id AS case_id FROM public.cases_case c JOIN (' || body || ') s'
          ' ON c.organization_id = s.organization_id AND c.coverage_id = s.id'
          ' UNION SELECT c.organization_id, c.case_id FROM public.appeals_authorizationrequest c JOIN (' || body || ') s'
          ' ON c.organization_id = s.organization_id AND c.coverage_id = s.id'
        END;
      body := format('FOR one IN ' || q || ' LOOP PERFORM search.recount(one.organization_id, one.cases); END LOOP;', body);
    ELSE
      body := format(
        'IF TG_OP = ''UPDATE'' THEN FOR one IN %s LOOP PERFORM search.recount(one.organization_id, one.cases); END LOOP;'
        ' ELSIF TG_OP = ''INSERT'' THEN FOR one IN %s LOOP PERFORM search.recount(one.organization_id, one.cases); END LOOP;'
        ' ELSE FOR one IN %s LOOP PERFORM search.recount(one.organization_id, one.cases); END LOOP; END IF;',
        format(q, CASE t.name WHEN 'cases_case' THEN
            format('SELECT organization_id, id AS case_id, %1$s FROM new_rows'
                   ' EXCEPT SELECT organization_id, id, %1$s FROM old_rows', t.columns)
          ELSE -- a row may have left its case: both are counted again
            format('(SELECT organization_id, id, case_id, %1$s FROM new_rows WHERE %2$s'
                   ' EXCEPT SELECT organization_id, id, case_id, %1$s FROM old_rows)'
                   ' UNION ALL (SELECT organization_id, id, case_id, %1$s FROM old_rows WHERE %2$s'
                   ' EXCEPT SELECT organization_id, id, case_id, %1$s FROM new_rows)', t.columns, t.counts) END),
        format(q, format('SELECT organization_id, %s AS case_id FROM new_rows WHERE %s', t.case_column, t.counts)),
        format(q, format('SELECT organization_id, %s AS case_id FROM old_rows WHERE %s', t.case_column, t.counts)));
    END IF;
    EXECUTE format('CREATE FUNCTION search.counted_from_%s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER'
                   ' SET search_path = pg_catalog, pg_temp AS $body$ DECLARE one record; BEGIN %s RETURN NULL; END $body$',
                   t.name, body);
    EXECUTE format('GRANT EXECUTE ON FUNCTION search.counted_from_%s() TO recourse_owner', t.name);
  END LOOP;
END $make$;

-- For the program that puts counts right, in the organization of the scope. The cases whose counted rows are not what they
-- should be, in one snapshot and without any lock:
CREATE FUNCTION search.miscounted_cases() RETURNS SETOF bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH o AS (SELECT nullif(current_setting('app.organization', true), '')::bigint AS id),
  now AS MATERIALIZED (SELECT s.* FROM search.counting s, o WHERE s.organization_id = o.id),
  kept AS MATERIALIZED (
    SELECT r.organization_id, r.population::text, r.source_id, r.case_id, r.is_restricted, r.month::text, r.payer_id,
           r.regime::text, r.treatment::text, r.stage::text, r.reason::text, r.code::text
      FROM public.reporting_countedrow r, o WHERE r.organization_id = o.id)
  SELECT case_id FROM (TABLE now EXCEPT TABLE kept) a UNION SELECT case_id FROM (TABLE kept EXCEPT TABLE now) b ORDER BY 1
$$;

CREATE FUNCTION search.recount_cases(p_cases bigint[]) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT search.recount(nullif(current_setting('app.organization', true), '')::bigint, p_cases)
$$;

-- Append what the cells lack of the counted rows, or have too much. Both are of one snapshot, so changes made meanwhile do not
-- matter; two of these at once would append it twice, so one waits for the other. Returns how many cells were wrong.
-- And the rows of a cell become one: what is deleted here is added up and written again, in one statement.
DO $make$
BEGIN
  EXECUTE format($f$
    CREATE FUNCTION search.mend_cells() RETURNS int
      LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
    DECLARE
      o bigint := nullif(current_setting('app.organization', true), '')::bigint;
      wrong int;
    BEGIN
      PERFORM pg_advisory_xact_lock(hashtext('reporting_countedcell'), o::int);
      INSERT INTO public.reporting_countedcell
        (organization_id, population, grain, is_restricted, month, payer_id, regime, treatment, stage, reason, code, n)
      SELECT organization_id, population, grain, is_restricted, month, payer_id, regime, treatment, stage, reason, code, sum(n)
        FROM (SELECT * FROM (%s) should
              UNION ALL
              SELECT organization_id, population, grain, is_restricted, month, payer_id, regime, treatment, stage, reason, code,
                     -n FROM public.reporting_countedcell WHERE organization_id = o) both_sides
       GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 HAVING sum(n) <> 0;
      GET DIAGNOSTICS wrong = ROW_COUNT;
      RETURN wrong;
    END $body$ $f$,
    search.cells_sql('(SELECT k.*, 1 AS times FROM public.reporting_countedrow k WHERE k.organization_id = o)'));
END $make$;

CREATE FUNCTION search.compact_cells() RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  WITH gone AS (
    DELETE FROM public.reporting_countedcell
     WHERE organization_id = nullif(current_setting('app.organization', true), '')::bigint RETURNING *)
  INSERT INTO public.reporting_countedcell
    (organization_id, population, grain, is_restricted, month, payer_id, regime, treatment, stage, reason, code, n)
  SELECT organization_id, population, grain, is_restricted, month, payer_id, regime, treatment, stage, reason, code, sum(n)
    FROM gone GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 HAVING sum(n) <> 0 ORDER BY 1, 2, 3, 5, 6
$$;

GRANT EXECUTE ON FUNCTION search.cells_after_insert(), search.cells_after_delete(), search.cells_after_update()
  TO recourse_owner;
GRANT EXECUTE ON FUNCTION search.miscounted_cases(), search.recount_cases(bigint[]), search.mend_cells(),
  search.compact_cells() TO recourse_app;
GRANT SELECT ON search.figure_grains TO recourse_app;
RESET ROLE;

GRANT INSERT, DELETE ON reporting_countedrow, reporting_countedcell TO recourse_search;
GRANT USAGE ON SEQUENCE reporting_countedrow_id_seq, reporting_countedcell_id_seq TO recourse_search;
GRANT UPDATE (version) ON cases_case TO recourse_search;  -- to lock a case; no function of this role changes one
REVOKE INSERT, UPDATE, DELETE ON reporting_countedrow, reporting_countedcell FROM recourse_app;

CREATE TRIGGER counted_insert AFTER INSERT ON reporting_countedrow REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION search.cells_after_insert();
CREATE TRIGGER counted_delete AFTER DELETE ON reporting_countedrow REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION search.cells_after_delete();
CREATE TRIGGER counted_update AFTER UPDATE ON reporting_countedrow REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION search.cells_after_update();

DO $make$
DECLARE
  name text;
  event text;
  tables text;
BEGIN
  FOR name, event, tables IN
    SELECT t.name, e.event, e.tables FROM
      (VALUES ('cases_case', 'INSERT UPDATE'), ('appeals_appeal', 'INSERT UPDATE DELETE'), ('appeals_denial', 'UPDATE'),
              ('appeals_denialreason', 'INSERT UPDATE DELETE'), ('appeals_authorizationrequest', 'UPDATE'),
              ('appeals_decision', 'INSERT UPDATE DELETE'), ('appeals_itemoutcome', 'INSERT UPDATE DELETE'),
              ('appeals_deadline', 'INSERT UPDATE DELETE'), ('cases_coverage', 'UPDATE'), ('people_patient', 'UPDATE'))
        AS t (name, events)
      JOIN (VALUES ('INSERT', 'NEW TABLE AS new_rows'), ('UPDATE', 'OLD TABLE AS old_rows NEW TABLE AS new_rows'),
                   ('DELETE', 'OLD TABLE AS old_rows')) AS e (event, tables)
        ON e.event = ANY (string_to_array(t.events, ' '))
  LOOP
    EXECUTE format('CREATE TRIGGER counted_%s AFTER %s ON %I REFERENCING %s FOR EACH STATEMENT'
                   ' EXECUTE FUNCTION search.counted_from_%s()', lower(event), event, name, tables, name);
  END LOOP;
END $make$;
