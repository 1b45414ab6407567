"""A form as it arrives: every word is kept, and each photograph as far as it fits."""

from urllib.parse import parse_qsl

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser, MultipartPart
from starlette.requests import Request

from council import files

LARGEST_FORM = 12 * 1024 * 1024
"""Bytes of a form that are kept: of all its words, or of all its photographs."""
LARGEST_UPLOAD = 64 * 1024 * 1024
"""Bytes of a form with photographs that are read; those that do not fit are dropped on the way."""
MULTIPART, WORDS = "multipart/form-data", "application/x-www-form-urlencoded"
MAX_FILES = 12
MAX_FIELDS = 2_000
MAX_FIELD_BYTES = 2 * 1024 * 1024
"""Far more than any field takes, so that what is too long is counted, said and given back."""


class LeftOut(UploadFile):
    """A file of which nothing was kept, because it or all together are too large; `size` counts."""


async def read(request: Request) -> FormData:
    """The form of this request. Raises HTTPException: 400 cannot be read, 413 too many words."""
    kind = _kind(request.headers.get("Content-Type", ""))
    if kind != MULTIPART:
        return _words(await request.body()) if kind == WORDS else FormData()
    arriving = Arriving(
        request.headers, request.stream(),
        max_files=MAX_FIELDS, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES,
    )  # fmt: skip
    try:
        return await arriving.parse()
    except MultiPartException as error:
        raise HTTPException(400) from error


def is_multipart(kind: str) -> bool:
    """Whether a Content-Type is that of a form with files."""
    return _kind(kind) == MULTIPART


def _kind(header: str) -> str:
    return header.partition(";")[0].strip().lower()


def _words(body: bytes) -> FormData:
    """A form without files."""
    if len(body) > MAX_FIELD_BYTES and len(max(body.split(b"&"), key=len)) > MAX_FIELD_BYTES:
        raise HTTPException(400)
    sent = body.decode("latin-1")
    try:
        return FormData([*parse_qsl(sent, keep_blank_values=True, max_num_fields=MAX_FIELDS)])
    except ValueError as error:
        raise HTTPException(400) from error


def left_out(sent: FormData) -> bool:
    """Whether a file of this form did not fit."""
    return any(isinstance(one, LeftOut) for _, one in sent.multi_items())


class Arriving(MultiPartParser):
    """Starlette's parser, which keeps no byte of a file that does not fit.

    Words stay in memory and have MAX_FIELD_BYTES in all; files lie on disk, LARGEST_FORM in all.
    """

    spool_max_size = 64 * 1024
    words = held = size = 0

    def on_part_begin(self) -> None:
        """Count this part from nothing."""
        super().on_part_begin()
        self.size = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Keep these bytes, or only count them. More files than MAX_FILES stand there empty."""
        part, more = self._current_part, end - start
        self.size += more
        if part.file is None:
            self.words += more
            if self.words > MAX_FIELD_BYTES:
                raise HTTPException(413, headers={"Connection": "close"})
        elif isinstance(part.file, LeftOut):
            part.file.size = self.size
            return
        elif self._current_files > MAX_FILES:
            return
        elif self.size > files.LARGEST or self.held + more > LARGEST_FORM:
            self._leave_out(part, part.file, self.size - more)
            return
        else:
            self.held += more
        super().on_part_data(data, start, end)

    def _leave_out(self, part: MultipartPart, sent: UploadFile, kept: int) -> None:
        """Forget what was kept of a file, so that a smaller one after it may still fit."""
        self._file_parts_to_write = [one for one in self._file_parts_to_write if one[0] is not part]
        sent.file.seek(0)
        sent.file.truncate()
        self.held -= kept
        part.file = LeftOut(sent.file, size=self.size, filename=sent.filename)
