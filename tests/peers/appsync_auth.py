"""Who a header object speaks for, decided with botocore's signer and PyJWT instead of with anything of ours."""

import base64
import datetime
import hmac
import json
import re
from urllib.parse import parse_qs, urlsplit

import jwt
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

CLOCK_SKEW = datetime.timedelta(minutes=5)
_SIGV4 = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, ?"
    r"SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


class Refused(Exception):
    def __init__(self, error_type, message, status=401):
        super().__init__(message)
        self.error_type = error_type
        self.status = status

    def error(self):
        return {"errorType": self.error_type, "message": str(self)}


class Guard:
    """The credentials that an API accepts."""

    def __init__(self, api_keys, credentials, jwt_secret, region):
        self.api_keys = api_keys
        self.credentials = credentials
        self.jwt_secret = jwt_secret
        self.region = region

    def admit(self, headers, *, url, body, now=None):
        """Says which mode let the caller in ("api-key", "iam", "jwt"), or raises `Refused`."""
        headers = {name.lower(): value for name, value in headers.items()}
        if not headers.get("host"):
            raise Refused("BadRequest", "The header object names no host.", 400)
        if headers["host"].split(":")[0] != urlsplit(url).hostname:
            raise Refused("BadRequest", f"The host {headers['host']} is not that of {url}.", 400)
        authorization = headers.get("authorization", "")
        if authorization.startswith("AWS4-HMAC-SHA256"):
            self._signature(authorization, headers, url, body, now or datetime.datetime.now(datetime.timezone.utc))
            return "iam"
        if "x-api-key" in headers:
            if headers["x-api-key"] not in self.api_keys:
                raise Refused("UnauthorizedException", "You are not authorized to make this call.")
            return "api-key"
        if authorization:
            self._token(authorization)
            return "jwt"
        raise Refused("UnauthorizedException", "Valid authorization header not provided.")

    def _signature(self, authorization, headers, url, body, now):
        parts = _SIGV4.fullmatch(authorization)
        if parts is None:
            raise Refused("IncompleteSignatureException", "The Authorization header is no Signature Version 4.", 400)
        secret = self.credentials.get(parts["id"])
        if secret is None:
            raise Refused("UnrecognizedClientException", "The security token included in the request is invalid.", 403)
        if (parts["service"], parts["region"]) != ("appsync", self.region):
            raise Refused("BadRequestException", f"Credential should be scoped to {self.region}/appsync.", 400)
        signed = parts["headers"].split(";")
        missing = [name for name in ("host", "x-amz-date", *signed) if name not in headers or name not in signed]
        if missing:
            raise Refused("BadRequestException", f"Not signed, or signed and not sent: {missing}.", 400)

        stamp = headers["x-amz-date"]
        sent_at = datetime.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if abs(now - sent_at) > CLOCK_SKEW or not stamp.startswith(parts["date"]):
            raise Refused("BadRequestException", f"Signature expired: {stamp} is not near {now:%Y%m%dT%H%M%SZ}.", 400)

        request = AWSRequest("POST", url, headers={name: headers[name] for name in signed}, data=body)
        request.context["timestamp"] = stamp
        signer = SigV4Auth(Credentials(parts["id"], secret), "appsync", self.region)
        canonical = signer.canonical_request(request)
        wanted = signer.signature(signer.string_to_sign(request, canonical), request)
        if not hmac.compare_digest(wanted, parts["signature"]):
            told = f"The request signature we calculated does not match the signature you provided.\n\n'{canonical}'"
            raise Refused("BadRequestException", told, 400)

    def _token(self, token):
        try:
            options = {"require": ["exp"], "verify_aud": False}
            jwt.decode(token, self.jwt_secret, algorithms=["HS256"], options=options)
        except jwt.ExpiredSignatureError:
            raise Refused("UnauthorizedException", "Token has expired.") from None
        except jwt.InvalidTokenError:
            raise Refused("UnauthorizedException", "Unable to parse JWT token.") from None


def connect_headers(request):
    """How a websocket handshake carries its header object, and the object: in the query, a subprotocol, or plainly."""
    query = parse_qs(urlsplit(request.path).query)
    if "header" in query:
        if query.get("payload") != ["e30="]:
            raise Refused("BadRequest", "The payload parameter must be the base64 of {}.", 400)
        return "query", _header_object(base64.b64decode, query["header"][0])
    offers = [
        offer.strip() for value in request.headers.get_all("Sec-WebSocket-Protocol") for offer in value.split(",")
    ]
    for offer in offers:
        if offer.startswith("header-"):
            if "=" in offer:
                raise Refused("BadRequest", "A subprotocol cannot hold base64 padding.", 400)
            text = offer.removeprefix("header-")
            return "subprotocol", _header_object(base64.urlsafe_b64decode, text + "=" * (-len(text) % 4))
    if "x-api-key" in request.headers or "authorization" in request.headers:
        return "headers", {name.lower(): value for name, value in request.headers.raw_items()}
    raise Refused(None, "Required headers are missing.", 400)


def _header_object(decode, text):
    try:
        found = json.loads(decode(text))
    except ValueError:
        raise Refused("BadRequest", "The header object is not base64 of JSON.", 400) from None
    if not isinstance(found, dict):
        raise Refused("BadRequest", "The header object is not an object.", 400)
    return found
