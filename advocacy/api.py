"""The machine door's shared parts: who asks, what they may, what they ask for, and how the answer and every refusal look.

A request under /api/ passes this middleware and nothing behind it. It carries a token or nothing: a session's cookie is not
looked at, so no form's token is needed either.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import Resolver404, resolve
from django.utils import timezone
from rest_framework.views import APIView

from advocacy.access.disclosures import Door, Purpose, disclose, whoever_asks
from advocacy.access.scopes import Scope
from advocacy.errors import DomainError, NotAllowed, NotFound, Reason, Refused, WrongState
from advocacy.problems import API, Problem, problem
from advocacy.tenancy.middleware import TenancyMiddleware
from advocacy.web import ActorRequest, write_reads

SALT = "recourse.api"
SIZE, MOST = 50, 100
REALM = 'Bearer realm="Recourse"'


class MachineDoorMiddleware:
    """Answers every address under /api/ by itself, in its organization's scope and in the one transaction of a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.inside = TenancyMiddleware(self._answer)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(API):
            return self.get_response(request)
        request.get_host()  # raises for a name that is not ours
        request.request_id = uuid.uuid4().hex[:16]  # type: ignore[attr-defined]
        response = self.inside(request)
        response.headers["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return problem(request, 404, "not_found", "There is nothing at this address.")
        request.resolver_match = match
        request.at = timezone.now()  # type: ignore[attr-defined]
        try:
            # A command that refuses has undone itself to its savepoint; what explains the refusal is committed.
            response = match.func(request, *match.args, **match.kwargs)
        except (DomainError, Problem) as refusal:
            response = refused(request, refusal)
        write_reads(request, response)
        return response


def refused(request: HttpRequest, refusal: DomainError | Problem) -> HttpResponse:
    """The four kinds of refusal, and the door's own, as problem details."""
    if isinstance(refusal, Problem):
        return problem(
            request,
            refusal.status,
            refusal.code,
            refusal.detail,
            reasons=refusal.reasons,
            headers=refusal.headers,
        )
    if isinstance(refusal, NotFound):
        return problem(request, 404, "not_found", "There is nothing at this address.")
    if isinstance(refusal, NotAllowed):
        return problem(request, 403, "not_allowed", str(refusal))
    if isinstance(refusal, WrongState):
        return problem(request, 409, "wrong_state", str(refusal))
    assert isinstance(refusal, Refused)
    return problem(request, 422, "refused", str(refusal), reasons=refusal.reasons)


class MachineView(APIView):
    """One address. `needs` says which scope each method takes; `takes` which words may stand behind the question mark.

    REST framework's own dispatch is not used: the door has found out who asks, and hot answers come from the database as
    they go out.
    """

    authentication_classes = ()
    permission_classes = ()
    needs: ClassVar[Mapping[str, Scope]] = {}
    takes: ClassVar[Collection[str]] = ()

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        method = "GET" if request.method == "HEAD" else request.method or ""
        scope = self.needs.get(method)
        if scope is None:
            allowed = ", ".join(sorted(self.needs))
            raise Problem(
                405, "method_not_allowed", f"This address takes {allowed}.", headers={"Allow": allowed}
            )
        if request.actor is None:
            raise nobody(request)
        if scope.value not in (request.actor.scopes or ()):
            raise lacking(scope)
        disclose(actor=request.actor, door=Door.API, purpose=Purpose.SERVICE, to=whoever_asks(request.actor))
        if request.GET:
            known_words(request.GET, self.takes if method == "GET" else ())
        handler: Callable[..., HttpResponse] = getattr(self, method.lower())
        return handler(request, *args, **kwargs)


def nobody(request: HttpRequest) -> Problem:
    """401, and in the words of RFC 6750 whether a token was there at all."""
    if request.META.get("HTTP_AUTHORIZATION"):
        told, why = (
            f'{REALM}, error="invalid_token"',
            "The token is unknown, expired or revoked. Ask for a new one.",
        )
        return Problem(401, "token_invalid", why, headers={"WWW-Authenticate": told})
    why = "Send a token: Authorization: Bearer ..."
    return Problem(401, "token_missing", why, headers={"WWW-Authenticate": REALM})


def lacking(scope: Scope) -> Problem:
    """403: the token is good and does not reach this far."""
    told = f'{REALM}, error="insufficient_scope", scope="{scope.value}"'
    detail = f"This takes the scope {scope.value}."
    return Problem(403, "scope_missing", detail, headers={"WWW-Authenticate": told})


# -- what is asked for -----------------------------------------------------------------------------------------------
def unusable(reasons: Sequence[Reason]) -> Problem:
    return Problem(400, "query_invalid", " ".join(r.message for r in reasons), reasons)


def known_words(given: QueryDict, known: Collection[str]) -> None:
    """Raises a problem (400) where a word this address does not know stands in the query, or one stands there twice."""
    unknown = [word[:40] for word in given if word not in known]
    reasons = [Reason("filter_unknown", f"There is no filter {word}.", word) for word in unknown]
    if reasons:
        there = f"There is: {', '.join(sorted(known))}." if known else "This address takes none."
        reasons[-1] = replace(reasons[-1], message=f"{reasons[-1].message} {there}")
    reasons += [
        Reason("filter_twice", f"{word} stands there twice. Say it once.", word)
        for word in known
        if len(given.getlist(word)) > 1
    ]
    if reasons:
        raise unusable(reasons)


def all_read(**readers: Callable[[], Any]) -> dict[str, Any]:
    """What each reader of a value finds, by its name. Raises one problem (400) with what is wrong in every one of them."""
    found: dict[str, Any] = {}
    reasons: list[Reason] = []
    for name, reader in readers.items():
        try:
            found[name] = reader()
        except Problem as problem:
            reasons += problem.reasons
    if reasons:
        raise unusable(reasons)
    return found


_A_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def one_of(given: Mapping[str, str], word: str, codes: Collection[str]) -> str:
    """The value of a filter that takes codes; "" when it is not used."""
    value = given.get(word, "")
    if word in given and value not in codes:
        raise unusable([Reason("value_unknown", f"{word} is one of: {', '.join(codes)}.", word)])
    return value


def an_id(given: Mapping[str, str], word: str, other: Collection[str] = ()) -> uuid.UUID | str | None:
    """The value of a filter that takes an id, or one of `other` words; None when it is not used."""
    if word not in given:
        return None
    if given[word] in other:
        return given[word]
    try:
        return uuid.UUID(given[word])
    except ValueError:
        words = f" or one of: {', '.join(other)}" if other else ""
        raise unusable([Reason("value_unknown", f"{word} is an id{words}.", word)]) from None


def a_day(given: Mapping[str, str], word: str) -> date | None:
    """A calendar day as RFC 3339 writes it; other forms of ISO 8601 (20260331, 2026-W14-2) are not what the document says."""
    if word not in given:
        return None
    try:
        if not _A_DAY.fullmatch(given[word]):
            raise ValueError
        return date.fromisoformat(given[word])
    except ValueError:
        raise unusable([Reason("value_unknown", f"{word} is a day, such as 2026-03-31.", word)]) from None


def a_moment(given: Mapping[str, str], word: str) -> datetime | None:
    """A moment with its zone, in UTC. A plus sign that came as a blank is taken as one."""
    if word not in given:
        return None
    found: datetime | None = None
    try:
        said_moment = datetime.fromisoformat(given[word].strip().replace(" ", "+"))
        # As UTC: PostgreSQL takes no zone further off than sixteen hours, and there is no day before the first.
        found = said_moment.astimezone(UTC) if said_moment.tzinfo else None
    except (ValueError, OverflowError):
        pass
    if found is None:
        said = f"{word} is a moment with its zone, such as 2026-03-31T15:00:00Z."
        raise unusable([Reason("value_unknown", said, word)])
    return found


def size_of(given: Mapping[str, str]) -> int:
    """How many rows a page has: `limit`, 50 unless told."""
    text = given.get("limit", str(SIZE))
    if not text.isdecimal() or not 1 <= int(text[:6]) <= MOST or len(text) > 3:
        raise unusable([Reason("value_unknown", f"limit is a number from 1 to {MOST}.", "limit")])
    return int(text)


def place_of(given: Mapping[str, str], what: str) -> list[Any] | None:
    """The place that `after` names in the list `what`; None for its beginning."""
    if "after" not in given:
        return None
    try:
        found = signing.loads(given["after"], salt=f"{SALT}.{what}")
    except (signing.BadSignature, ValueError):
        said = "after is not a place of this list. Take it from the answer's next, as it is."
        raise unusable([Reason("place_unknown", said, "after")]) from None
    return list(found)


def next_address(request: HttpRequest, what: str, key: Sequence[Any] | None) -> str | None:
    """The address of the page behind the row with this key; None when there is none."""
    if key is None:
        return None
    words = {k: v for k, v in request.GET.items() if k != "after"}
    return f"{request.path}?{urlencode(words | {'after': signing.dumps(list(key), salt=f'{SALT}.{what}')})}"


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that was sent."""
    if (request.content_type or "") != "application/json":
        raise Problem(415, "media_type", "Send application/json.")
    try:
        found = json.loads(request.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Problem(400, "body_invalid", "The body is not a JSON object.")
    return found


# -- the answer ------------------------------------------------------------------------------------------------------
def told(request: HttpRequest, body: bytes, *, version: int | None = None, status: int = 200) -> HttpResponse:
    """JSON that is ready, with its entity tag; 304 without a body for whoever has it already (RFC 9110, 13.1.2)."""
    mark = hashlib.blake2b(body, digest_size=12).hexdigest()
    tag = f'"v{version}.{mark}"' if version is not None else f'"{mark}"'
    known = request.META.get("HTTP_IF_NONE_MATCH")
    if known and status == 200 and (known.strip() == "*" or tag in _tags(known)):
        return HttpResponse(status=304, headers={"ETag": tag})
    return HttpResponse(body, status=status, content_type="application/json", headers={"ETag": tag})


def _tags(given: str) -> list[str]:
    """The entity tags of If-None-Match, which compares weakly (RFC 9110, 13.1.2)."""
    return [tag.strip().removeprefix("W/") for tag in given.split(",")]


def page_told(
    request: ActorRequest, rows: bytes, *, what: str, key: Sequence[Any] | None, notice: bytes = b""
) -> HttpResponse:
    """A page of a list: `rows` is the inside of a JSON array, `key` that of the last row when there are more."""
    following = json.dumps(next_address(request, what, key)).encode()
    return told(request, b'{"data":[' + rows + b'],"next":' + following + notice + b"}")


def expected_version(request: HttpRequest) -> int | None:
    """The version of the case that If-Match names; None without it. Raises a problem (412) for a tag of another kind."""
    given = request.META.get("HTTP_IF_MATCH", "").strip()
    if not given or given == "*":
        return None
    number = given.strip('"').partition(".")[0].removeprefix("v")
    if not number.isdecimal():
        raise stale()
    return int(number)


def stale() -> Problem:
    return Problem(
        412, "changed_meanwhile", "The case has changed since you read it. Read it again, then decide."
    )
