"""Tokens good and bad, made by PyJWT and cryptography; what PyJWT rightly refuses to make is put together by hand."""

import base64
import hashlib
import hmac
import json
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from harness import JWT_SECRET


def claims(expires_in=3600):
    now = int(time.time())
    return {
        "sub": "peer",
        "iss": "https://issuer.example.com",
        "aud": "peers",
        "iat": now - 7200,
        "exp": now + expires_in,
    }


def hs256(secret=JWT_SECRET, **changed):
    return jwt.encode({**claims(), **changed}, secret, algorithm="HS256")


def expired():
    return jwt.encode(claims(expires_in=-60), JWT_SECRET, algorithm="HS256")


def without_expiry():
    endless = claims()
    del endless["exp"]
    return jwt.encode(endless, JWT_SECRET, algorithm="HS256")


def unsigned():
    return jwt.encode(claims(), None, algorithm="none")


def hmac_under_another_name(key, header):
    """A token signed with HMAC-SHA256 over `key`, whatever its header says."""
    text = b".".join(_base64url(json.dumps(part).encode()) for part in (header, claims()))
    return (text + b"." + _base64url(hmac.digest(key, text, hashlib.sha256))).decode()


def altered(token):
    """The same token with another subject under the old signature."""
    header, _, signature = token.split(".")
    return ".".join([header, _base64url(json.dumps({**claims(), "sub": "root"}).encode()).decode(), signature])


class KeyPair:
    """A key with its place in a JWKS document."""

    def __init__(self, algorithm, id):
        self.algorithm, self.id = algorithm, id
        if algorithm == "RS256":
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())

    @property
    def jwk(self):
        convert = RSAAlgorithm.to_jwk if self.algorithm == "RS256" else ECAlgorithm.to_jwk
        public = convert(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.id, "alg": self.algorithm, "use": "sig"}

    @property
    def public_pem(self):
        return self.private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def token(self, id=None, **changed):
        headers = {"kid": id or self.id}
        return jwt.encode({**claims(), **changed}, self.private, algorithm=self.algorithm, headers=headers)


def _base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")
