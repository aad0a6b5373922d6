-- Figures of jobs over all organizations: counts and moments only. A walk over the index of each organization, since most
-- jobs are done and stay.
SET ROLE recourse_search;

CREATE FUNCTION search.unfinished_jobs()
  RETURNS TABLE (job text, status text, total bigint, oldest timestamptz)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT j.name::text, j.status::text, count(*), min(j.queued_at)
  FROM public.tenancy_organization o
  CROSS JOIN (VALUES ('queued'), ('running'), ('failed')) AS s (status)
  JOIN public.background_job j ON j.organization_id = o.id AND j.status = s.status
  GROUP BY 1, 2
$$;

GRANT EXECUTE ON FUNCTION search.unfinished_jobs() TO recourse_app;
RESET ROLE;
