"""Giving out the bytes of a document: decrypted as they stream, in ranges where asked, never run by the browser."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from advocacy.access.disclosures import Door, Passage, Purpose, disclose, whoever_asks
from advocacy.access.policy import Actor
from cases.content import ContentType
from cases.vault import Blob

SHOWN_INLINE = {
    ContentType.PDF: "application/pdf",
    ContentType.PNG: "image/png",
    ContentType.JPEG: "image/jpeg",
    ContentType.TEXT: "text/plain; charset=utf-8",
}
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))", re.ASCII)

# A document is data: no script, no form, no frame of somebody else's, no request to anywhere, no origin of ours.
# Chromium's own PDF viewer works inside this sandbox.
POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; object-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox"
)


def file_leaves(actor: Actor, case: Any, special: Collection[str]) -> Passage:
    """A file of a case goes to whoever came into the portal. Raises Refused for what the law keeps from them."""
    return disclose(
        actor=actor,
        door=Door.PORTAL,
        purpose=Purpose.ACCESS,
        to=whoever_asks(actor),
        about=case,
        special=special,
    )


def file_response(
    request: HttpRequest, blob: Blob, *, content_type: str, filename: str, download: bool
) -> HttpResponse:
    """The bytes of `blob` as an answer to GET or HEAD: 200, 206 for one range, 416 for one outside the file (RFC 9110, 14).

    `filename` is neutral: no name of a patient, no word of a letter. What a browser cannot show is always a download.
    """
    inline = not download and content_type in SHOWN_INLINE
    span = _asked(request, blob)
    response: HttpResponse | StreamingHttpResponse
    if span is not None and span[0] >= span[1]:
        response = HttpResponse(status=416)
        response.headers["Content-Range"] = f"bytes */{blob.size}"
    else:
        start, end = span or (0, blob.size)
        response = StreamingHttpResponse(
            () if request.method == "HEAD" else blob.read_range(start, end), status=206 if span else 200
        )
        response.headers["Content-Length"] = str(end - start)
        if span:
            response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{blob.size}"
    response.headers["Content-Type"] = (
        SHOWN_INLINE[ContentType(content_type)] if inline else content_type or "application/octet-stream"
    )
    response.headers["Content-Disposition"] = f'{"inline" if inline else "attachment"}; filename="{filename}"'
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = _etag(blob)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = POLICY
    return response  # type: ignore[return-value]


def _etag(blob: Blob) -> str:
    return f'"{blob.sha256}"'


def _asked(request: HttpRequest, blob: Blob) -> tuple[int, int] | None:
    """The bytes asked for, the end excluded; empty when the file has none of them. None asks for all of it.

    Several ranges at once, another unit, and a range of bytes that have changed (If-Range) count as all.
    """
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or request.headers.get("If-Range", _etag(blob)) != _etag(blob):
        return None
    first, last, length = match.groups()
    if length is not None:
        return max(blob.size - int(length), 0), blob.size
    return int(first), min(int(last) + 1, blob.size) if last else blob.size
