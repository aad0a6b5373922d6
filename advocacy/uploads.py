"""Uploads at the door: refused by their declared length before the body is parsed, and kept in memory never, on disk unnamed.

A file on its way in is plain text of a patient's letter. It stands in an anonymous temporary file, which is gone with the
process, so that a killed server leaves nothing behind. The fields typed beside a file that is too large are kept.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import IO, Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest, HttpResponse

from advocacy.web import error_page

FORM_AROUND_BYTES = 256 * 1024
"""What the fields and the frame of a multipart form may add to the file itself."""

READ_AND_FORGET_BYTES = 1_000_000_000
PIECE = 256 * 1024


class Upload(UploadedFile):
    """A file somebody sent. `too_large` means it passed the limit: its bytes were dropped, its size is the true one."""

    too_large = False


class AnonymousFileHandler(FileUploadHandler):
    """Streams each file into an unnamed temporary file; above the limit the rest is read and dropped."""

    received: IO[bytes]
    size = 0
    too_large = False

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.received = tempfile.TemporaryFile()  # noqa: SIM115  handed on to the view, closed by the request
        self.size, self.too_large = 0, False

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.size += len(raw_data)
        if self.size > settings.UPLOAD_LIMIT_BYTES:
            if not self.too_large:
                self.received.truncate(0)
            self.too_large = True
            return
        self.received.write(raw_data)

    def file_complete(self, file_size: int) -> Upload:
        self.received.seek(0)
        upload = Upload(
            file=self.received,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )
        upload.too_large = self.too_large
        return upload

    def upload_interrupted(self) -> None:
        if hasattr(self, "received"):
            self.received.close()


class UploadLimitMiddleware:
    """413 for a form that says it is longer than any file we take. Stands outside the request's transaction.

    The body is read and forgotten, unparsed, up to a bound: a browser whose sending is cut off shows a connection error
    instead of the answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _declared(request) > settings.UPLOAD_LIMIT_BYTES + FORM_AROUND_BYTES:
            request.is_too_long = True  # type: ignore[attr-defined]
            if _declared(request) <= READ_AND_FORGET_BYTES:
                while request.read(PIECE):
                    pass
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        """Comes before the check of the form's token, which would parse the body."""
        if getattr(request, "is_too_long", False):
            limit = settings.UPLOAD_LIMIT_BYTES // 2**20
            return error_page(request, 413, limit=limit, back_url=request.path)
        return None


def _declared(request: HttpRequest) -> int:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return int(length) if length.isdecimal() else 0
