-- The trail: one append-only table, written only by definer functions and triggers of a role nobody signs in as.
SET ROLE recourse_audit;

CREATE TABLE audit.event (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('row', 'verb', 'read')),
  at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  actor text NOT NULL,
  actor_label text NOT NULL,
  request_id text NOT NULL,
  reason text NOT NULL,
  verb text NOT NULL,
  subject_table text NOT NULL,
  subject_id bigint,
  case_ids bigint[] NOT NULL DEFAULT '{}',
  patient_ids bigint[] NOT NULL DEFAULT '{}',
  data jsonb NOT NULL
);
CREATE INDEX event_subject ON audit.event (organization_id, subject_table, subject_id, id);
-- Lists of what is new begin here: what was given to somebody lately, however many cases there are.
CREATE INDEX event_assigned ON audit.event (organization_id, at, subject_id) WHERE verb = 'case_assigned';
CREATE INDEX event_cases ON audit.event USING gin (case_ids);
CREATE INDEX event_patients ON audit.event USING gin (patient_ids);
CREATE INDEX event_reads ON audit.event (organization_id, kind, id);

-- One row per statement and organization: the queue of what waits for its seal. A row goes when a seal holds its events, so
-- that no watermark over ids is needed and a restore brings queue and seals of one moment.
CREATE TABLE audit.batch (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  organization_id bigint NOT NULL,
  ids bigint[] NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX batch_organization ON audit.batch (organization_id, id);

-- What was sealed, in order (advocacy/audit/verifier.py says how). Nothing here is secret and nothing here can be made anew
-- without the signing key, which is not in the database. `organization` is the public id that was signed.
CREATE TABLE audit.seal (
  organization_id bigint NOT NULL,
  seq bigint NOT NULL CHECK (seq > 0),
  organization uuid NOT NULL,
  ids bigint[] NOT NULL,
  leaves bytea NOT NULL,
  leaf_check bytea NOT NULL,
  root bytea NOT NULL,
  previous bytea NOT NULL,
  head bytea NOT NULL,
  sealed_at timestamptz NOT NULL,
  key_id text NOT NULL,
  signature bytea NOT NULL,
  PRIMARY KEY (organization_id, seq)
);

-- Up to which seal the events of an organization were pruned, signed like a seal: without it a missing event is a deleted one.
CREATE TABLE audit.pruned (
  organization_id bigint NOT NULL,
  through bigint NOT NULL,
  events bigint NOT NULL,
  pruned_at timestamptz NOT NULL,
  key_id text NOT NULL,
  signature bytea NOT NULL,
  PRIMARY KEY (organization_id, through)
);

-- That heads were handed to a place outside: for the alarm when that stops. The statements themselves lie there, not here.
CREATE TABLE audit.anchor (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  place text NOT NULL CHECK (place IN ('folder', 'mail')),
  organizations integer NOT NULL
);
CREATE INDEX anchor_place ON audit.anchor (place, at);

CREATE FUNCTION audit.setting(name text) RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS
$$ SELECT coalesce(current_setting('app.' || name, true), '') $$;

CREATE FUNCTION audit.moment() RETURNS timestamptz LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS
$$ SELECT coalesce(nullif(current_setting('app.at', true), '')::timestamptz, clock_timestamp()) $$;

-- Arguments: the column that names the case, and the one that names the patient ('' where the table has none).
-- The texts are fixed, so that each trigger plans them once in a session. A row becomes JSON once (OFFSET 0 keeps it so), and
-- only when its bytes changed; who, when and why are the statement's. Nested loops over transition tables are quadratic and
-- the planner has no statistics for them: off.
CREATE FUNCTION audit.capture() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp SET enable_nestloop = off AS $$
DECLARE
  told_at timestamptz := audit.moment();
  told_actor text := audit.setting('actor');
  told_label text := audit.setting('actor_label');
  told_request text := audit.setting('request_id');
  told_reason text := audit.setting('reason');
BEGIN
  IF TG_OP = 'UPDATE' THEN
    WITH written AS (
      INSERT INTO audit.event (organization_id, kind, at, actor, actor_label, request_id, reason, verb,
                               subject_table, subject_id, case_ids, patient_ids, data)
      SELECT d.organization_id, 'row', told_at, told_actor, told_label, told_request, told_reason, 'update', TG_TABLE_NAME, d.id,
             array_remove(ARRAY[(d.n ->> TG_ARGV[0])::bigint], NULL), array_remove(ARRAY[(d.n ->> TG_ARGV[1])::bigint], NULL),
             d.changed
      FROM (SELECT j.organization_id, j.id, j.n,
                   (SELECT jsonb_object_agg(e.key, jsonb_build_array(j.o -> e.key, e.value)) FROM jsonb_each(j.n) e
                     WHERE (j.o -> e.key) IS DISTINCT FROM e.value) AS changed
              FROM (SELECT r.organization_id, r.id, to_jsonb(o) AS o, to_jsonb(r) AS n
                      FROM new_rows r JOIN old_rows o ON o.id = r.id WHERE r *<> o OFFSET 0) j
            OFFSET 0) d
      WHERE d.changed IS NOT NULL
      RETURNING id, organization_id)
    INSERT INTO audit.batch (organization_id, ids)
    SELECT w.organization_id, array_agg(w.id ORDER BY w.id) FROM written w GROUP BY w.organization_id;
  ELSIF TG_OP = 'INSERT' THEN
    WITH written AS (
      INSERT INTO audit.event (organization_id, kind, at, actor, actor_label, request_id, reason, verb,
                               subject_table, subject_id, case_ids, patient_ids, data)
      SELECT j.organization_id, 'row', told_at, told_actor, told_label, told_request, told_reason, 'insert', TG_TABLE_NAME, j.id,
             array_remove(ARRAY[(j.n ->> TG_ARGV[0])::bigint], NULL), array_remove(ARRAY[(j.n ->> TG_ARGV[1])::bigint], NULL), j.n
      FROM (SELECT r.organization_id, r.id, to_jsonb(r) AS n FROM new_rows r OFFSET 0) j
      RETURNING id, organization_id)
    INSERT INTO audit.batch (organization_id, ids)
    SELECT w.organization_id, array_agg(w.id ORDER BY w.id) FROM written w GROUP BY w.organization_id;
  ELSE
    WITH written AS (
      INSERT INTO audit.event (organization_id, kind, at, actor, actor_label, request_id, reason, verb,
                               subject_table, subject_id, case_ids, patient_ids, data)
      SELECT j.organization_id, 'row', told_at, told_actor, told_label, told_request, told_reason, 'delete', TG_TABLE_NAME, j.id,
             array_remove(ARRAY[(j.n ->> TG_ARGV[0])::bigint], NULL), array_remove(ARRAY[(j.n ->> TG_ARGV[1])::bigint], NULL), j.n
      FROM (SELECT r.organization_id, r.id, to_jsonb(r) AS n FROM old_rows r OFFSET 0) j
      RETURNING id, organization_id)
    INSERT INTO audit.batch (organization_id, ids)
    SELECT w.organization_id, array_agg(w.id ORDER BY w.id) FROM written w GROUP BY w.organization_id;
  END IF;
  RETURN NULL;
END $$;

-- The organization comes from the scope, never from an argument: nobody writes into another tenant's trail.
CREATE FUNCTION audit.record(p_kind text, p_verb text, p_table text, p_subject bigint, p_cases bigint[],
                             p_patients bigint[], p_data jsonb, p_reason text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  tenant bigint := nullif(audit.setting('organization'), '')::bigint;
BEGIN
  IF tenant IS NULL THEN
    RAISE EXCEPTION 'audit.record needs app.organization';
  END IF;
  IF p_kind NOT IN ('verb', 'read') THEN
    RAISE EXCEPTION 'row events are written by triggers only';
  END IF;
  WITH written AS (
    INSERT INTO audit.event (organization_id, kind, at, actor, actor_label, request_id, reason, verb,
                             subject_table, subject_id, case_ids, patient_ids, data)
    VALUES (tenant, p_kind, audit.moment(), audit.setting('actor'), audit.setting('actor_label'),
            audit.setting('request_id'), coalesce(nullif(p_reason, ''), audit.setting('reason')), p_verb,
            p_table, p_subject, p_cases, p_patients, p_data)
    RETURNING id)
  INSERT INTO audit.batch (organization_id, ids) SELECT tenant, array_agg(id) FROM written;
END $$;

-- The acts on one case, by the index on case ids, which row-level security would not let an array condition use. Only of the
-- scope's organization; whoever asks has made sure that the case may be seen.
CREATE FUNCTION audit.acts_of_case(p_case bigint)
  RETURNS TABLE (id bigint, at timestamptz, recorded_at timestamptz, actor_label text, verb text, data jsonb)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 50 AS $$
BEGIN
  RETURN QUERY SELECT e.id, e.at, e.recorded_at, e.actor_label, e.verb, e.data FROM audit.event e
    WHERE e.case_ids @> ARRAY[p_case] AND e.kind || '' = 'verb'
      AND e.organization_id + 0 = nullif(audit.setting('organization'), '')::bigint;  -- the array's index alone, see above
END $$;

-- The keys of every event about one of these cases or patients, by the indexes on the arrays (see above).
CREATE FUNCTION audit.keys_of(p_cases bigint[], p_patients bigint[]) RETURNS SETOF bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp ROWS 100 AS $$
BEGIN
  RETURN QUERY SELECT e.id FROM audit.event e WHERE (e.case_ids && p_cases OR e.patient_ids && p_patients)
    AND e.organization_id + 0 = nullif(audit.setting('organization'), '')::bigint;
END $$;

-- Add the next seal of the scope's organization and take its batches out of the queue. Whoever calls it has the signing key;
-- the database checks what it can: the place in the order, and that the seal holds exactly what its batches held.
CREATE FUNCTION audit.add_seal(p_batches bigint[], p_seq bigint, p_organization uuid, p_ids bigint[], p_leaves bytea,
                               p_leaf_check bytea, p_root bytea, p_previous bytea, p_head bytea, p_sealed_at timestamptz,
                               p_key_id text, p_signature bytea) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  tenant bigint := nullif(audit.setting('organization'), '')::bigint;
  last_seq bigint;
  last_head bytea;
  taken bigint[];
BEGIN
  SELECT s.seq, s.head INTO last_seq, last_head FROM audit.seal s WHERE s.organization_id = tenant ORDER BY s.seq DESC LIMIT 1;
  IF p_seq IS DISTINCT FROM coalesce(last_seq, 0) + 1 OR p_previous <> coalesce(last_head, decode(repeat('00', 32), 'hex')) THEN
    RAISE EXCEPTION 'this is not the next seal';
  END IF;
  WITH gone AS (DELETE FROM audit.batch b WHERE b.organization_id = tenant AND b.id = ANY (p_batches) RETURNING b.ids)
  SELECT array_agg(x ORDER BY x) INTO taken FROM gone CROSS JOIN LATERAL unnest(gone.ids) x;
  IF taken IS DISTINCT FROM p_ids OR length(p_leaves) <> 32 * cardinality(p_ids) THEN
    RAISE EXCEPTION 'a seal holds exactly the events of its batches, in order';
  END IF;
  INSERT INTO audit.seal VALUES (tenant, p_seq, p_organization, p_ids, p_leaves, p_leaf_check, p_root, p_previous, p_head,
                                 p_sealed_at, p_key_id, p_signature);
END $$;

-- Delete the events of the scope's organization up to a seal; the seals with the hashes stay. Nothing younger than six years
-- goes, whoever asks. Returns how many events went.
CREATE FUNCTION audit.prune(p_through bigint, p_at timestamptz, p_key_id text, p_signature bytea) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  tenant bigint := nullif(audit.setting('organization'), '')::bigint;
  gone bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM audit.seal s WHERE s.organization_id = tenant AND s.seq = p_through)
     OR EXISTS (SELECT FROM audit.seal s WHERE s.organization_id = tenant AND s.seq <= p_through
                 AND s.sealed_at > statement_timestamp() - interval '6 years') THEN
    RAISE EXCEPTION 'the trail is kept for six years';
  END IF;
  PERFORM set_config('app.pruning', 'on', true);
  DELETE FROM audit.event e USING audit.seal s
   WHERE s.organization_id = tenant AND s.seq <= p_through AND e.organization_id = tenant AND e.id = ANY (s.ids);
  GET DIAGNOSTICS gone = ROW_COUNT;
  PERFORM set_config('app.pruning', '', true);
  INSERT INTO audit.pruned VALUES (tenant, p_through, gone, p_at, p_key_id, p_signature);
  RETURN gone;
END $$;

-- What waits for its seal, over all organizations: counts and the oldest moment, nothing of what happened.
CREATE FUNCTION audit.organizations_waiting() RETURNS TABLE (organization_id bigint, events bigint, oldest timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- The event is looked up by its key, one an organization: as a join it was a scan of the whole trail after a busy hour.
  SELECT w.organization_id, w.events,
         (SELECT e.recorded_at FROM audit.event e WHERE e.id = (SELECT f.ids[1] FROM audit.batch f WHERE f.id = w.first))
    FROM (SELECT b.organization_id, sum(cardinality(b.ids))::bigint AS events, min(b.id) AS first
            FROM audit.batch b GROUP BY b.organization_id) w
$$;

-- The newest seal of each of these organizations, or the one at `p_seqs`: hashes and ids only.
CREATE FUNCTION audit.heads(p_organizations bigint[], p_seqs bigint[])
  RETURNS TABLE (organization_id bigint, seq bigint, head bytea, through bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.id, s.seq, s.head, s.ids[cardinality(s.ids)]
    FROM unnest(p_organizations, p_seqs) AS o (id, seq)
   CROSS JOIN LATERAL (SELECT * FROM audit.seal x WHERE x.organization_id = o.id AND (o.seq IS NULL OR x.seq = o.seq)
                        ORDER BY x.seq DESC LIMIT 1) s
$$;

-- The highest id the table of events has given out, to any organization: tells a restored database from one cut off.
CREATE FUNCTION audit.last_given() RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ SELECT last_value FROM audit.event_id_seq $$;

CREATE FUNCTION audit.note_anchor(p_place text, p_organizations integer) RETURNS void
  LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$ INSERT INTO audit.anchor (place, organizations) VALUES (p_place, p_organizations) $$;

CREATE FUNCTION audit.anchored() RETURNS TABLE (place text, at timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS
$$ SELECT a.place, max(a.at) FROM audit.anchor a GROUP BY a.place $$;

CREATE FUNCTION audit.deny() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
$$ BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'event' AND current_user = 'recourse_audit' AND audit.setting('pruning') = 'on' THEN
    RETURN NULL;  -- audit.prune
  END IF;
  RAISE EXCEPTION 'the trail is append-only';
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.event FOR EACH STATEMENT EXECUTE FUNCTION audit.deny();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.seal FOR EACH STATEMENT EXECUTE FUNCTION audit.deny();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.pruned FOR EACH STATEMENT EXECUTE FUNCTION audit.deny();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.anchor FOR EACH STATEMENT EXECUTE FUNCTION audit.deny();
CREATE TRIGGER queue BEFORE UPDATE OR TRUNCATE ON audit.batch FOR EACH STATEMENT EXECUTE FUNCTION audit.deny();

ALTER TABLE audit.event ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.batch ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.seal ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.pruned ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.anchor ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit.event FOR SELECT USING (organization_id = NULLIF(current_setting('app.organization', true), '')::bigint);
CREATE POLICY tenant ON audit.batch FOR SELECT USING (organization_id = NULLIF(current_setting('app.organization', true), '')::bigint);
CREATE POLICY tenant ON audit.pruned FOR SELECT USING (organization_id = NULLIF(current_setting('app.organization', true), '')::bigint);
CREATE POLICY tenant ON audit.seal FOR SELECT USING (organization_id = NULLIF(current_setting('app.organization', true), '')::bigint);

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
GRANT USAGE ON SCHEMA audit TO recourse_app, recourse_owner;
GRANT SELECT ON audit.event, audit.batch, audit.seal, audit.pruned TO recourse_app;
GRANT EXECUTE ON FUNCTION audit.record(text, text, text, bigint, bigint[], bigint[], jsonb, text) TO recourse_app;
GRANT EXECUTE ON FUNCTION audit.acts_of_case(bigint), audit.keys_of(bigint[], bigint[]) TO recourse_app;
GRANT EXECUTE ON FUNCTION
  audit.add_seal(bigint[], bigint, uuid, bigint[], bytea, bytea, bytea, bytea, bytea, timestamptz, text, bytea),
  audit.organizations_waiting(), audit.heads(bigint[], bigint[]), audit.last_given(), audit.note_anchor(text, integer),
  audit.anchored() TO recourse_app;
GRANT EXECUTE ON FUNCTION audit.capture() TO recourse_owner;

RESET ROLE;
