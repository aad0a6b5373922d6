"""Signing in to the portal by an e-mailed code: asked for, sent, compared, used up.

Whoever asks gets the same answer after the same work, whether or not the address is known; the mail, the only difference,
leaves after the answer (see `AfterAnswer`). The code is kept as a keyed hash in the visitor's own session, for a quarter of
an hour and five tries.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from advocacy.access.disclosures import Party
from advocacy.languages import SESSION_KEY as LANGUAGE
from advocacy.mail import Notice, deliver
from advocacy.people.kept_forms import KEPT
from advocacy.people.models import User
from advocacy.people.portal_access import LiveAccess, portal_accesses_of
from advocacy.people.portal_numbers import number_for_codes
from advocacy.people.sessions import begin
from advocacy.portal import ACCESS, USER
from advocacy.texts import NotSent, are_sent, send_text

log = logging.getLogger("recourse.portal")
STATE = "portal_code"
NEXT = "portal_next"
LIVES_SECONDS = 15 * 60
TRIES = 5
ASK, TRY = "portal_code", "portal_try"
NOBODY = "nobody"


class AfterAnswer(HttpResponseRedirect):
    """A redirect that does one more thing when it has been sent: how long that takes, nobody outside can see."""

    def __init__(self, to: str, then: Callable[[], None]) -> None:
        super().__init__(to)
        self.then = then

    def close(self) -> None:
        super().close()
        then, self.then = self.then, lambda: None
        try:
            then()
        except Exception:
            log.exception("A sign-in code could not be sent.")


def ask_for_code(request: HttpRequest, email: str, way: str = "email") -> Callable[[], None] | None:
    """Begin a sign-in for the address; what is left to do (sending the code) is returned. None: asked too often.

    `way` is "text" for whoever wants it on their telephone; a number is looked for after the answer, as everything that
    differs between those who are known and those who are not.
    """
    address = email.strip().lower()
    if not ratelimit.consume(request, action=ASK, key=address):
        return None
    user = User.objects.filter(email=address, is_active=True).first()
    accesses = portal_accesses_of(user.pk if user else 0)
    code = get_adapter().generate_login_code()
    request.session[STATE] = {
        "user": user.pk if user and accesses else None,
        "hash": _hashed(code),
        "at": int(time.time()),
        "tries": 0,
    }
    if user is None or not accesses:
        return lambda: None
    language = request.session.get(LANGUAGE) or accesses[0].language
    return lambda: _send(address, code, language, accesses if way == "text" and are_sent() else ())


def is_waiting(request: HttpRequest) -> bool:
    """Whether a code was asked for in this session and may still be typed in."""
    state: dict[str, Any] = request.session.get(STATE) or {}
    return bool(state) and time.time() - state["at"] <= LIVES_SECONDS and state["tries"] < TRIES


def try_code(request: HttpRequest, typed: str) -> tuple[User, tuple[LiveAccess, ...]] | None:
    """Whoever the code signs in, with their accesses; None when it is wrong, used up, too old or tried too often.

    A right code starts a new session key, so that nothing prepared before it is worth anything.
    """
    state: dict[str, Any] = request.session.get(STATE) or {}
    if not is_waiting(request) or not ratelimit.consume(request, action=TRY):
        return None
    state["tries"] += 1
    request.session[STATE] = state
    right = constant_time_compare(state["hash"], _hashed(typed))
    user = User.objects.filter(pk=state["user"] or 0, is_active=True).first()
    accesses = portal_accesses_of(user.pk if user else 0)
    if not right or user is None or not accesses:
        return None
    _enter(request, user, accesses)
    return user, accesses


def _enter(request: HttpRequest, user: User, accesses: tuple[LiveAccess, ...]) -> None:
    session = request.session
    kept: dict[str, Any] = {key: session[key] for key in (LANGUAGE, NEXT, KEPT) if key in session}
    session.flush()
    session.update(kept)
    session.setdefault(LANGUAGE, accesses[0].language)
    session[USER] = user.pk
    begin(request)
    if len(accesses) == 1:
        session[ACCESS] = str(accesses[0].access_public_id)


def _hashed(code: str) -> str:
    """Digits only: people type the code with or without its dash."""
    plain = "".join(c for c in code if c.isalnum()).upper()
    return salted_hmac("recourse.portal.code", plain, algorithm="sha256").hexdigest()


def _send(address: str, code: str, language: str, texted: tuple[LiveAccess, ...] = ()) -> None:
    """To the telephone where one may be texted (`texted`: for whom to look), else to the address."""
    with translation.override(language):
        if texted and _text(code, texted):
            return
        deliver(
            Notice(
                to=address,
                subject=_("Your sign-in code"),
                template="notices/portal_code.txt",
                facts={"code": code, "minutes": LIVES_SECONDS // 60},
                reader=Party.PATIENT,
                language=language,
            )
        )


def _text(code: str, accesses: tuple[LiveAccess, ...]) -> bool:
    """Whether the code went to a telephone. A sender that fails is no reason to keep somebody out: the mail goes instead."""
    number = number_for_codes(accesses, timezone.now())
    if not number:
        return False
    minutes = LIVES_SECONDS // 60
    words = _("Your sign-in code: %(code)s. It works for %(minutes)s minutes.")
    try:
        send_text(number, words % {"code": code, "minutes": minutes})
    except NotSent as problem:
        log.warning("A sign-in code could not be texted: %s", problem)
        return False
    return True
