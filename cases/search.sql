-- Search inside one organization: the visibility predicate is joined first, the limit comes after.
SET ROLE recourse_search;

-- p_all: the caller's role reaches every unrestricted case. p_granted: cases the caller was given dated access to.
-- p_named: what search.named(p_name) found.
-- p_name and p_number are normalized by the caller and hold no wildcard. The end of a reference is enough to find it.
-- Each way to be found is a part of its own, so that each has its index. A part takes what fits in its order, newest first, and
-- asks the cases only until there are p_limit that may be seen (OFFSET 0 keeps the planner from turning that round). The plan
-- is made once a connection: planning would cost as much as finding. So a prefix is a range, which needs no value to be planned.
-- Names that only resemble p_name are looked for when no case that may be seen holds it or has p_number: comparing a name with
-- every name like it costs ten times what finding it does.
CREATE OR REPLACE FUNCTION search.cases(p_name text, p_number text, p_all boolean, p_membership bigint, p_granted bigint[], p_limit int,
                                        p_named bigint[])
  RETURNS SETOF bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  tenant bigint := NULLIF(current_setting('app.organization', true), '')::bigint;
  ending text := reverse(p_number);
  found bigint[];
BEGIN
  SELECT array_agg(r.id ORDER BY r.fit DESC, r.id DESC) INTO found FROM (
    SELECT f.id, max(f.fit) AS fit FROM (
      (SELECT c.id, 1 AS fit FROM (SELECT unnest(p_named) AS key ORDER BY 1 DESC OFFSET 0) k
       JOIN public.cases_case c ON c.organization_id = tenant AND c.patient_id = k.key
       WHERE (p_all AND (NOT c.is_restricted OR c.owner_id = p_membership)) OR c.id = ANY (p_granted)
       ORDER BY k.key DESC LIMIT p_limit)
      UNION ALL
      (SELECT c.id, 1 FROM (SELECT s.case_id AS key FROM public.cases_casesearch s
         WHERE p_number <> '' AND s.organization_id = tenant AND s.numbers @> ARRAY[p_number] ORDER BY s.case_id DESC OFFSET 0) k
       JOIN public.cases_case c ON c.organization_id = tenant AND c.id = k.key
       WHERE (p_all AND (NOT c.is_restricted OR c.owner_id = p_membership)) OR c.id = ANY (p_granted)
       ORDER BY k.key DESC LIMIT p_limit)
      UNION ALL
      (SELECT c.id, 0 FROM (SELECT s.case_id AS key FROM public.cases_casesearch s
         WHERE length(p_number) >= 3 AND s.organization_id = tenant
           AND reverse(s.reference) ~>=~ ending AND reverse(s.reference) ~<~ (ending || U&'\+10FFFF')
         ORDER BY s.case_id DESC OFFSET 0) k
       JOIN public.cases_case c ON c.organization_id = tenant AND c.id = k.key
       WHERE (p_all AND (NOT c.is_restricted OR c.owner_id = p_membership)) OR c.id = ANY (p_granted)
       ORDER BY k.key DESC LIMIT p_limit)
    ) f GROUP BY f.id ORDER BY 2 DESC, 1 DESC LIMIT p_limit) r;
  IF found IS NULL AND p_name <> '' THEN
    SELECT array_agg(r.id ORDER BY r.fit DESC, r.id DESC) INTO found FROM (
      SELECT c.id, k.fit FROM (SELECT s.patient_id AS key, word_similarity(p_name, s.name) AS fit FROM public.people_patientsearch s
         WHERE s.organization_id = tenant AND p_name <% s.name ORDER BY 2 DESC, 1 DESC OFFSET 0) k
       JOIN public.cases_case c ON c.organization_id = tenant AND c.patient_id = k.key
       WHERE (p_all AND (NOT c.is_restricted OR c.owner_id = p_membership)) OR c.id = ANY (p_granted)
       ORDER BY k.fit DESC, k.key DESC LIMIT p_limit) r;
  END IF;
  RETURN QUERY SELECT unnest(found);
END $$;

-- Both for one search: names are looked through once. Cases come first, each list the best first.
CREATE OR REPLACE FUNCTION search.found(p_name text, p_number text, p_cases boolean, p_membership bigint, p_granted bigint[],
                                        p_patients boolean, p_reached bigint[], p_limit int)
  RETURNS TABLE (is_case boolean, id bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
  named bigint[] := search.named(p_name);
BEGIN
  RETURN QUERY SELECT true, c FROM search.cases(p_name, p_number, p_cases, p_membership, p_granted, p_limit, named) c;
  RETURN QUERY SELECT false, p FROM search.patients(p_name, p_number, p_patients, p_reached, p_limit, named) p;
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

-- What other organizations offer to the scope's, as it can be read now: not revoked, not declined, not run out, on a release
-- that stands today where the patient lives, of a case that is open, by an organization that is still there. The one place where
-- rows of another organization are read; what is in `package` opens with the sender's keys only. p_offer: one of them by its
-- public id (NULL: all); p_before: those older than this one. Newest first.
CREATE FUNCTION search.offered(p_offer uuid, p_before uuid, p_limit int)
  RETURNS TABLE (offer_id bigint, offer uuid, organization_id bigint, organization uuid, organization_name text, case_id bigint,
                 patient_id bigint, package bytea, special text[], offered_by bigint, offered_at timestamptz,
                 expires_at timestamptz, answer text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT f.id, f.public_id, f.organization_id, o.public_id, o.name::text, f.case_id,
         c.patient_id, f.package, s.special::text[], f.offered_by_id, f.offered_at, f.expires_at, f.answer::text
  FROM public.cases_caseoffer f
  JOIN public.tenancy_organization o ON o.id = f.organization_id AND o.closed_at IS NULL
  JOIN public.cases_case c ON c.organization_id = f.organization_id AND c.id = f.case_id AND c.status = 'open'
  JOIN public.people_patient p ON p.organization_id = c.organization_id AND p.id = c.patient_id
  JOIN public.people_consent s ON s.organization_id = f.organization_id AND s.id = f.consent_id AND s.patient_id = c.patient_id
  WHERE f.to_organization_id = NULLIF(current_setting('app.organization', true), '')::bigint
    AND (p_offer IS NULL OR f.public_id = p_offer) AND (p_before IS NULL OR f.public_id < p_before)
    AND f.revoked_at IS NULL AND f.answer <> 'declined' AND f.expires_at > statement_timestamp()
    AND s.kind IN ('release', 'sharing') AND s.method <> 'oral' AND s.revoked_at IS NULL AND cardinality(s.lacks) = 0
    AND s.signed_on <= (statement_timestamp() AT TIME ZONE p.time_zone)::date
    AND (s.expires_on IS NULL OR s.expires_on >= (statement_timestamp() AT TIME ZONE p.time_zone)::date)
  ORDER BY f.public_id DESC LIMIT p_limit
$$;

-- Where the documents lie that such an offer shares, while it can be read; none that was tagged as specially protected since,
-- unless the release names that. With the tags it has now: whoever takes it over keeps them.
CREATE FUNCTION search.offered_papers(p_offer uuid)
  RETURNS TABLE (version uuid, location text, special text[])
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT v.public_id, b.location::text, t.special::text[]
  FROM search.offered(p_offer, NULL, 1) f
  JOIN public.cases_offereddocument d ON d.organization_id = f.organization_id AND d.offer_id = f.offer_id
  JOIN public.cases_documentversion v ON v.organization_id = d.organization_id AND v.id = d.version_id
  JOIN public.cases_document t ON t.organization_id = v.organization_id AND t.id = v.document_id
  JOIN public.cases_blob b ON b.organization_id = v.organization_id AND b.id = v.blob_id
  WHERE p_offer IS NOT NULL AND t.special::text[] <@ f.special
  ORDER BY d.id
$$;

GRANT EXECUTE ON FUNCTION search.offered(uuid, uuid, int), search.offered_papers(uuid) TO recourse_app;
GRANT EXECUTE ON FUNCTION search.clinic_link_of(bytea) TO recourse_app;
GRANT EXECUTE ON FUNCTION search.found(text, text, boolean, bigint, bigint[], boolean, bigint[], int) TO recourse_app;
GRANT EXECUTE ON FUNCTION search.inquiries(text, text, text, bigint, bigint[], int) TO recourse_app;
RESET ROLE;

CREATE INDEX IF NOT EXISTS cases_search_numbers ON cases_casesearch USING gin (organization_id, numbers);
-- The end of a reference is the beginning of its reverse: all references of an organization begin alike.
CREATE INDEX IF NOT EXISTS cases_search_reference_end ON cases_casesearch (organization_id, reverse(reference) text_pattern_ops);
CREATE INDEX IF NOT EXISTS cases_search_inquiry_name ON cases_inquirysearch USING gin (organization_id, name gin_trgm_ops);
