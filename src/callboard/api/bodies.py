"""Bodies of requests: bounded, of a known type, read strictly."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.http import HttpRequest
from django.http.request import RawPostDataException

from callboard.api.problems import Problem
from callboard.base import strict_json
from callboard.base.errors import Fault
from callboard.base.texts import kind_of

MAX_SETTINGS_BYTES = 1024 * 1024
"""Size of a body with one notification: some 40,000 values."""
MAX_DISCARDED_BYTES = 64 * 1024 * 1024
"""How much of a refused body is read to its end, so that the refusal is heard."""
_CHUNK_BYTES = 64 * 1024


def media_type(request: HttpRequest) -> str:
    """Return the body's type in lower case, without parameters; "" when the request does not say.

    Raises:
        Problem: the body is compressed, or in another character set than UTF-8 (4.3).
    """
    coding = request.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise Problem("unsupported-media-type", "send the body without Content-Encoding")
    charset = (request.content_params or {}).get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise Problem("unsupported-media-type", "send UTF-8")
    return (request.content_type or "").lower()


def read_bounded(request: HttpRequest, limit: int) -> bytes:
    """Return the body, holding at no time much more than `limit` bytes of it.

    Raises:
        Problem: `too-large`, by the declared length or by what really comes.
    """
    declared = request.META.get("CONTENT_LENGTH") or ""
    if declared.isdecimal() and int(declared) > limit:
        raise Problem("too-large", f"the body has {declared} bytes; at most {limit} are taken")
    stream = _stream(request)
    parts: list[bytes] = []
    size = 0
    while part := stream.read(_CHUNK_BYTES):
        size += len(part)
        if size > limit:
            raise Problem("too-large", f"the body has over {limit} bytes")
        parts.append(part)
    return b"".join(parts)


def discard_rest(request: HttpRequest) -> None:
    """Read what is left of a refused body and forget it, up to `MAX_DISCARDED_BYTES`.

    A client that is still sending when the connection closes sees a broken pipe, not the answer.
    """
    left = MAX_DISCARDED_BYTES
    declared = request.META.get("CONTENT_LENGTH") or ""
    if declared.isdecimal() and int(declared) > left:
        return
    try:
        stream = _stream(request)
        while left > 0 and (part := stream.read(_CHUNK_BYTES)):
            left -= len(part)
    except (OSError, RawPostDataException):
        return  # the client is gone, or Django has read the body as a form


def _stream(request: HttpRequest) -> Any:
    """Return what the body is read from.

    Django gives nothing of a body that comes in chunks, as it has no length; the server's own
    stream ends by itself.
    """
    chunked = "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    return request.META["wsgi.input"] if chunked and not request.META.get("CONTENT_LENGTH") else request


def read_object(request: HttpRequest, *, required: bool = True) -> dict[str, Any]:
    """Return the JSON object of the body; an absent one is empty when it is not `required`.

    Raises:
        Problem: the body is of another type, too large, malformed, or not an object.
    """
    body = read_bounded(request, MAX_SETTINGS_BYTES)
    if not body and not required:
        return {}
    if media_type(request) != "application/json":
        raise Problem("unsupported-media-type", "send application/json", headers={"Accept": "application/json"})
    try:
        found = strict_json.loads(body)
    except strict_json.StrictJSONError as exc:
        raise Problem("malformed", str(exc), [{"pointer": "", "detail": str(exc)}]) from exc
    if not isinstance(found, dict):
        said = f"must be an object, not {kind_of(found)}"
        raise Problem("invalid", f"the body {said}", [{"pointer": "", "detail": said}])
    return found


def unknown_keys(raw: Mapping[str, Any], known: Collection[str]) -> list[Fault]:
    """Return a fault for each key of a body that is not known."""
    return [_unknown(key, known) for key in raw if key not in known]


def _unknown(key: str, known: Collection[str]) -> Fault:
    pointer = "/" + key.replace("~", "~0").replace("/", "~1")[:200]
    if key in ("id", "user"):
        return Fault(pointer, "is not yours to set; leave it out")
    return Fault(pointer, f"is not known here; use {', '.join(known)}")
