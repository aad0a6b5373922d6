-- The payer of a case's coverage stands on the case too (payer_key), so that a list by payer is one stretch of an index in the
-- order of its dates. It is kept here, whoever writes the row.
CREATE FUNCTION public.cases_payer_of_coverage() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  NEW.payer_key := (SELECT v.payer_id FROM public.cases_coverage v
                     WHERE v.organization_id = NEW.organization_id AND v.id = NEW.coverage_id);
  RETURN NEW;
END $$;

CREATE FUNCTION public.cases_coverage_has_another_payer() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  UPDATE public.cases_case SET payer_key = NEW.payer_id WHERE organization_id = NEW.organization_id AND coverage_id = NEW.id;
  RETURN NULL;
END $$;

CREATE TRIGGER payer_key BEFORE INSERT OR UPDATE OF coverage_id, payer_key ON cases_case
  FOR EACH ROW EXECUTE FUNCTION public.cases_payer_of_coverage();
CREATE TRIGGER payer_key AFTER UPDATE OF payer_id ON cases_coverage
  FOR EACH ROW WHEN (OLD.payer_id IS DISTINCT FROM NEW.payer_id)
  EXECUTE FUNCTION public.cases_coverage_has_another_payer();

-- The document that shows that a representative may act is one of the same organization. The access stands in an app that knows
-- no documents, so its model has only the document's public id, and the key is made here.
ALTER TABLE cases_document ADD CONSTRAINT cases_document_org_public UNIQUE (organization_id, public_id);
ALTER TABLE people_portalaccess ADD CONSTRAINT people_portalaccess_proof_org
  FOREIGN KEY (organization_id, proof) REFERENCES cases_document (organization_id, public_id) DEFERRABLE INITIALLY IMMEDIATE;
