"""Photographs of a form: drawn anew and kept on disk, before the transaction opens (slow)."""

from starlette.requests import Request

from council import files
from council.files import Picture
from council.web.handler import form_of
from council.web.reader import settings_of


def drawn(request: Request, name: str, most: int = 1) -> list[Picture]:
    """The photographs that were sent under this name. Raises Invalid for what is none.

    Whoever calls has asked before whether the reader may send any: nobody else fills the disk.
    """
    found = [files.decode(one.file.read(), name) for one in form_of(request).files(name)[:most]]
    for one in found:
        files.keep(settings_of(request), one)
    return found


def one(request: Request, name: str) -> Picture | None:
    """The photograph under this name, if one was sent. Raises as `drawn` does."""
    return next(iter(drawn(request, name)), None)
