"""Users' tokens as Supabase Auth makes them, and those that forgers make."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import subprocess
import threading
import time

SECRET = "acceptance-jwt-secret-of-at-least-32-bytes-0123456789"
KEY_ID = "acceptance-key-1"


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def packed(content):
    return base64url(json.dumps(content, separators=(",", ":")).encode())


def claims(user_id, issuer, **changes):
    """What Supabase says of a user who has signed in; a change to None leaves that claim out."""
    now = int(time.time())
    out = {"iss": issuer, "aud": "authenticated", "role": "authenticated", "sub": user_id, "iat": now, "exp": now + 3600,
           "email": "trader@example.com", "aal": "aal1", "is_anonymous": False, **changes}
    return {name: value for name, value in out.items() if value is not None}


def hs256(content, secret=SECRET, **header):
    signed = packed({"alg": "HS256", "typ": "JWT", **header}) + "." + packed(content)
    return signed + "." + base64url(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


def unsigned(content):
    return packed({"alg": "none", "typ": "JWT"}) + "." + packed(content) + "."


class SigningKey:
    """An ES256 key of the issuer's, made and used by openssl."""

    def __init__(self, folder, key_id=KEY_ID):
        self.path = os.path.join(folder, f"{key_id}.pem")
        self.key_id = key_id
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.path)
        point = openssl("ec", "-in", self.path, "-pubout", "-outform", "DER")[-64:]
        self.jwk = {"kty": "EC", "crv": "P-256", "x": base64url(point[:32]), "y": base64url(point[32:]), "kid": key_id,
                    "use": "sig", "alg": "ES256", "key_ops": ["verify"]}

    def token(self, content, **header):
        signed = packed({"alg": "ES256", "typ": "JWT", "kid": self.key_id, **header}) + "." + packed(content)
        der = openssl("dgst", "-sha256", "-sign", self.path, input=signed.encode())
        return signed + "." + base64url(raw_signature(der))

    def public_pem(self):
        return openssl("ec", "-in", self.path, "-pubout").decode()


def raw_signature(der):
    """A JWS holds r and s in 32 bytes each; openssl answers them as two DER integers."""
    out, at = b"", 2
    for _ in range(2):
        size = der[at + 1]
        out += der[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0")
        at += 2 + size
    return out


def openssl(*arguments, input=None):
    return subprocess.run(["openssl", *arguments], input=input, capture_output=True, check=True, timeout=30).stdout


class Issuer:
    """A Supabase project as far as its keys go: `url` is what SUPABASE_URL says."""

    def __init__(self, keys):
        self.keys = list(keys)
        self.asked = 0
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def do_GET(self):
                found = self.path == "/auth/v1/.well-known/jwks.json"
                issuer.asked += found
                body = json.dumps({"keys": [key.jwk for key in issuer.keys]} if found else {}).encode()
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    @property
    def name(self):
        """What the tokens' `iss` says."""
        return self.url + "/auth/v1"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
