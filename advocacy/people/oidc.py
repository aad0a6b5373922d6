"""OpenID Connect, seen from who asks (the code flow with PKCE): where to send somebody, and who came back.

Nothing of an answer counts before its signature, issuer, audience, nonce and times were held against what was asked. What is
fetched goes through `advocacy.outgoing`. Which of our people somebody is, `providers.py` decides.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.utils.crypto import constant_time_compare

from advocacy.outgoing import Answer, CallFailed, CallRefused, call, place_of

SIGNED_WITH: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
)
"""Signatures by a key that only the provider has. `none`, and whatever a shared secret signs, is not among them."""
SECONDS: Final = 10.0
"""For all calls of one step together."""
LEEWAY: Final = 60
OLDEST: Final = 600
"""A token is made while somebody waits for it; one made earlier was made for something else."""
LONGEST_TOKEN: Final = 20_000


class SignInFailed(Exception):
    """Nobody was signed in. `code` says why, for the trail and for the words on the page; never what the other side said."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True)
class Client:
    """Whom to ask, and as whom."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True)
class Described:
    """What a provider says of itself, as far as it is used."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str
    posts_secret: bool
    names_itself: bool


@dataclass(frozen=True)
class Asked:
    """What was sent along, and has to come back."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Identity:
    """Who came back. `email` is "" unless the provider says that it is theirs."""

    subject: str
    email: str
    amr: tuple[str, ...]
    acr: str
    authenticated_at: float
    """When they proved there who they are; 0 where the provider does not say."""


def describe(issuer: str, *, by: float | None = None) -> Described:
    """Fetch the provider's own description (OpenID Connect Discovery 4). Raises SignInFailed."""
    try:
        told = _json(call("GET", issuer.rstrip("/") + "/.well-known/openid-configuration", by=by))
        if told.get("issuer") != issuer:
            raise SignInFailed("issuer_differs")
        named = {
            name: str(told.get(name) or "")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
        }
        for name, url in named.items():
            if url or name != "userinfo_endpoint":
                place_of(url)
    except (CallRefused, CallFailed) as problem:
        raise SignInFailed(problem.code) from problem
    methods = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    return Described(
        issuer=issuer,
        authorization=named["authorization_endpoint"],
        token=named["token_endpoint"],
        keys=named["jwks_uri"],
        userinfo=named["userinfo_endpoint"],
        posts_secret="client_secret_basic" not in methods and "client_secret_post" in methods,
        names_itself=told.get("authorization_response_iss_parameter_supported") is True,
    )


def begin(
    client: Client, *, email: str = "", acr: tuple[str, ...] = (), anew: bool = False
) -> tuple[str, Asked]:
    """The address to send somebody to, and what has to be kept until they come back. Raises SignInFailed.

    `anew` asks the provider to have them prove who they are now, however lately they did (3.1.2.1).
    """
    described = describe(client.issuer)
    asked = Asked(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))
    challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.verifier.encode()).digest()).rstrip(b"=")
    sent = {
        "response_type": "code",
        "scope": "openid email",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "state": asked.state,
        "nonce": asked.nonce,
        "code_challenge": challenge.decode(),
        "code_challenge_method": "S256",
    }
    sent |= {"login_hint": email} if email else {}
    sent |= {"acr_values": " ".join(acr)} if acr else {}
    sent |= {"prompt": "login", "max_age": "0"} if anew else {}
    joint = "&" if "?" in described.authorization else "?"
    return f"{described.authorization}{joint}{urlencode(sent)}", asked


def finish(client: Client, asked: Asked, *, code: str, said_issuer: str | None) -> Identity:
    """Who came back with `code`. `said_issuer` is the `iss` of the answer (RFC 9207), None when it had none.

    Raises SignInFailed for whatever does not hold.
    """
    by = time.monotonic() + SECONDS
    described = describe(client.issuer, by=by)
    if said_issuer not in ({client.issuer} if described.names_itself else {client.issuer, None}):
        raise SignInFailed("issuer_differs")
    try:
        tokens = _exchange(client, described, asked, code, by)
        claims = _checked(client, described, asked, str(tokens.get("id_token") or ""), by)
        email = _proven_email(claims)
        if not email and described.userinfo and tokens.get("access_token"):
            headers = {"Authorization": f"Bearer {tokens['access_token']}"}
            more = _json(call("GET", described.userinfo, headers=headers, by=by))
            if more.get("sub") != claims["sub"]:
                raise SignInFailed("subject_differs")
            email = _proven_email(more)
    except (CallRefused, CallFailed) as problem:
        raise SignInFailed(problem.code) from problem
    amr, proven = claims.get("amr"), claims.get("auth_time")
    return Identity(
        subject=claims["sub"],
        email=email,
        amr=tuple(str(m) for m in amr) if isinstance(amr, list) else (),
        acr=str(claims.get("acr") or ""),
        authenticated_at=float(proven) if isinstance(proven, int | float) else 0.0,
    )


def _exchange(client: Client, described: Described, asked: Asked, code: str, by: float) -> dict[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "code_verifier": asked.verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if described.posts_secret:
        form |= {"client_id": client.client_id, "client_secret": client.client_secret}
    else:
        pair = f"{quote(client.client_id, safe='')}:{quote(client.client_secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return _json(call("POST", described.token, body=urlencode(form).encode(), headers=headers, by=by))


def _checked(client: Client, described: Described, asked: Asked, token: str, by: float) -> dict[str, Any]:
    """The claims of an ID token that holds (OpenID Connect Core 3.1.3.7)."""
    if not token or len(token) > LONGEST_TOKEN:
        raise SignInFailed("no_token")
    try:
        header = jwt.get_unverified_header(token)
        algorithm = str(header.get("alg"))
        if algorithm not in SIGNED_WITH:
            raise SignInFailed("unsigned")
        key = _key(_json(call("GET", described.keys, by=by)), header.get("kid"), algorithm)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=client.client_id,
            issuer=client.issuer,
            leeway=LEEWAY,
            options={"require": ["iss", "sub", "aud", "exp", "iat", "nonce"]},
        )
    except jwt.ExpiredSignatureError:
        raise SignInFailed("expired") from None
    except jwt.InvalidAudienceError:
        raise SignInFailed("audience_differs") from None
    except jwt.InvalidIssuerError:
        raise SignInFailed("issuer_differs") from None
    except jwt.InvalidSignatureError:
        raise SignInFailed("signature") from None
    except (jwt.PyJWTError, ValueError, TypeError):
        raise SignInFailed("token") from None
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client.client_id) != client.client_id:
        raise SignInFailed("audience_differs")
    if not constant_time_compare(str(claims["nonce"]), asked.nonce):
        raise SignInFailed("nonce_differs")
    if time.time() - float(claims["iat"]) > OLDEST:
        raise SignInFailed("expired")
    if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
        raise SignInFailed("token")
    return claims


def _key(told: dict[str, Any], kid: Any, algorithm: str) -> Any:
    """The public key that made a signature: by its id, or the only one there is."""
    listed = told.get("keys")
    keys = [k for k in listed if isinstance(k, dict)] if isinstance(listed, list) else []
    fitting = [
        k
        for k in keys
        if k.get("use", "sig") == "sig"
        and k.get("kty") != "oct"
        and k.get("alg", algorithm) == algorithm
        and (kid is None or k.get("kid") == kid)
    ]
    if len(fitting) != 1:
        raise SignInFailed("unknown_key")
    key = jwt.PyJWK.from_dict(fitting[0], algorithm=algorithm).key
    if isinstance(key, RSAPublicKey) and key.key_size < 2048:
        raise SignInFailed("weak_key")
    return key


def _proven_email(claims: dict[str, Any]) -> str:
    """The address, when the provider says that it is proven. Some write that as a word."""
    email = claims.get("email")
    proven = claims.get("email_verified") in (True, "true")
    return email.strip().lower() if proven and isinstance(email, str) else ""


def _json(answer: Answer) -> dict[str, Any]:
    if answer.status != 200:
        raise SignInFailed("refused_by_provider")
    return answer.json()
