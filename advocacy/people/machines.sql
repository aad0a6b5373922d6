-- Who a token of the API speaks for, found out before there is a scope: hash, end, client, organization, roles and scopes in
-- one statement. It writes the scope's settings too, and notes at most once an hour that the machine was used.
SET ROLE recourse_search;

CREATE FUNCTION search.machine_of(p_hash text, p_request text)
  RETURNS TABLE (machine_id bigint, actor text, label text, roles text[], scopes text[], organization_id bigint,
                 organization_public_id uuid, organization_slug text, organization_name text, organization_zone text)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  used timestamptz;
BEGIN
  SELECT m.id, 'machine:' || m.id, 'Machine: ' || m.purpose, m.roles::text[],
         ARRAY(SELECT s FROM unnest(m.scopes::text[]) s WHERE s = ANY (string_to_array(t.scopes, E'\n'))),
         o.id, o.public_id, o.slug::text, o.name::text, o.time_zone::text, m.last_used_at
    INTO machine_id, actor, label, roles, scopes, organization_id, organization_public_id, organization_slug,
         organization_name, organization_zone, used
    FROM public.allauth_idp_oidc_token t
    JOIN public.people_machineclient m ON m.client_id = t.client_id
    JOIN public.tenancy_organization o ON o.id = m.organization_id
   WHERE t.type = 'at' AND t.hash = p_hash AND t.expires_at > statement_timestamp()
     AND m.revoked_at IS NULL AND m.expires_at > statement_timestamp();
  IF NOT FOUND THEN
    RETURN;
  END IF;
  PERFORM set_config('app.organization', organization_id::text, true), set_config('app.actor', actor, true),
          set_config('app.actor_label', label, true), set_config('app.request_id', p_request, true),
          set_config('app.at', '', true), set_config('app.reason', '', true);
  IF used IS NULL OR used < statement_timestamp() - interval '1 hour' THEN
    -- Whoever notes it first does; nobody waits for a long upload of the same machine.
    UPDATE public.people_machineclient c SET last_used_at = statement_timestamp()
     WHERE c.id = (SELECT i.id FROM public.people_machineclient i WHERE i.id = machine_id FOR UPDATE SKIP LOCKED);
  END IF;
  RETURN NEXT;
END $$;

-- Whether the machine of a client may be given a token at all, asked by the address that gives them.
CREATE FUNCTION search.machine_stands(p_client text)
  RETURNS TABLE (machine_id bigint, organization_id bigint, actor text, label text)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT m.id, m.organization_id, 'machine:' || m.id, 'Machine: ' || m.purpose FROM public.people_machineclient m
   WHERE m.client_id = p_client AND m.revoked_at IS NULL AND m.expires_at > statement_timestamp()
$$;

GRANT EXECUTE ON FUNCTION search.machine_of(text, text), search.machine_stands(text) TO recourse_app;
RESET ROLE;

GRANT UPDATE (last_used_at) ON people_machineclient TO recourse_search;
