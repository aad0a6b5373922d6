"""An OpenID provider that does as it is told: `python -m tests.oidc.hostile`. Prints its address and answers until it is ended.

What the next token says is posted to /next as JSON: `claims` laid over the right ones (null takes one away), `alg` ("none" and
"HS256" too), `key` ("other": signed by a key that is not published), and `discovery` laid over the description.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY, OTHER = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
STATE: dict[str, Any] = {"next": {}, "codes": {}, "token": {}}


class Provider(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = urlsplit(self.path)
        here = f"http://127.0.0.1:{self.server.server_address[1]}"
        asked = {k: v[0] for k, v in parse_qs(path.query).items()}
        told = STATE["next"]
        if path.path == "/.well-known/openid-configuration":
            described = {
                "issuer": here,
                "authorization_endpoint": f"{here}/authorize",
                "token_endpoint": f"{here}/token",
                "jwks_uri": f"{here}/keys",
                "userinfo_endpoint": f"{here}/userinfo",
            }
            self.say(200, described | told.get("discovery", {}))
        elif path.path == "/authorize":
            code = hashlib.sha256(self.path.encode()).hexdigest()
            STATE["codes"][code] = asked
            back = {"code": code, "state": asked["state"]} | told.get("back", {})
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(back)}")
            self.end_headers()
        elif path.path == "/keys":
            key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
            self.say(200, {"keys": [key | {"kid": "one", "use": "sig"}]})
        elif path.path == "/userinfo":
            self.say(200, told.get("userinfo", {"sub": "subject-1"}))
        elif path.path == "/texts":
            self.say(200, STATE["texts"])
        elif path.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", f"{here}/userinfo")
            self.end_headers()
        elif path.path == "/long":
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b" " * 1_100_000)
        elif path.path == "/slow":
            for part in (b"HTTP/1.1 200 OK\r\n", *([b"X-Drip: 1\r\n"] * 40)):
                self.wfile.write(part)
                self.wfile.flush()
                time.sleep(0.1)
        else:
            self.say(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/texts":
            STATE["texts"] = {"body": json.loads(body), "bearer": self.headers["Authorization"]}
            self.say(STATE["next"].get("texts", 202), {})
            return
        if self.path == "/next":
            STATE["next"] = json.loads(body)
            self.say(200, {})
            return
        sent = {k: v[0] for k, v in parse_qs(body.decode()).items()}
        asked = STATE["codes"].pop(sent.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest())
        if asked is None or challenge.rstrip(b"=").decode() != asked["code_challenge"]:
            self.say(400, {"error": "invalid_grant"})
            return
        self.say(200, {"access_token": "x", "token_type": "Bearer", "id_token": self.token(asked)})

    def token(self, asked: dict[str, str]) -> str:
        told, now = STATE["next"], int(time.time())
        claims = {
            "iss": f"http://127.0.0.1:{self.server.server_address[1]}",
            "aud": asked["client_id"],
            "sub": "subject-1",
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "email": asked.get("login_hint", ""),
            "email_verified": True,
        } | told.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        alg = told.get("alg", "RS256")
        if alg == "none":
            return jwt.encode(claims, None, algorithm="none")
        if alg == "HS256":  # signed with what everybody can read: the public key
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))["n"]
            return jwt.encode(claims, public, algorithm="HS256", headers={"kid": "one"})
        key = OTHER if told.get("key") == "other" else KEY
        return jwt.encode(claims, key, algorithm=alg, headers={"kid": told.get("kid", "one")})

    def say(self, status: int, told: dict[str, Any]) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()
