"""Style, script and pictures: the address names their content, so browsers keep them for ever."""

import gzip
import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from council.db import home
from council.errors import NotFound

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "txt": "text/plain; charset=utf-8",
}
BUNDLES = {"site.js": ("htmx.min.js", "council.js")}
"""Files that travel as one, because each request costs a cheap phone half a second."""
HASHED = re.compile(r"^(?P<stem>.+)\.(?P<hash>[0-9a-f]{8})\.(?P<ending>[a-z]+)$")
FOREVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=300"
WORTH_PACKING = 512


@dataclass(frozen=True)
class Asset:
    """One file, read once: its bytes, the same packed, and the hash that its address carries."""

    body: bytes
    packed: bytes | None
    kind: str
    hash: str


@cache
def shelf() -> dict[str, Asset]:
    """Every file in `static/` by its path from there, and the bundles."""
    root = home("static")
    found = {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix[1:] in TYPES
    }
    for name, parts in BUNDLES.items():
        found[name] = b";\n".join(found[part] for part in parts)
    return {name: _read(body, name.rpartition(".")[2]) for name, body in found.items()}


def _read(body: bytes, ending: str) -> Asset:
    small = gzip.compress(body, 9, mtime=0) if len(body) >= WORTH_PACKING else body
    packed = small if len(small) < 0.9 * len(body) else None
    return Asset(body, packed, TYPES[ending], sha256(body).hexdigest()[:8])


@cache
def asset(name: str) -> str:
    """The address of a file with the hash of its content: /static/council.1a2b3c4d.css.

    Raises KeyError for a file that is not there, so that a page never names one.
    """
    stem, _, ending = name.rpartition(".")
    return f"/static/{stem}.{shelf()[name].hash}.{ending}"


@cache
def inline(name: str) -> str:
    """A small file as an address that holds it whole, which saves a request."""
    found = shelf()[name]
    body = quote(found.body.decode(), safe=" '()/:;=,+-.")
    return f"data:{found.kind},{body}"


def serve(request: Request) -> Response:
    """Answer `GET /static/{path}`: for ever when the hash is right, else with an ETag."""
    path = str(request.path_params["path"])
    hashed = HASHED.match(path)
    name = f"{hashed['stem']}.{hashed['ending']}" if hashed else path
    found = shelf().get(name)
    if found is None:
        raise NotFound("not_found")
    right = bool(hashed and hashed["hash"] == found.hash)
    etag = f'"{found.hash}"'
    headers = {
        "Cache-Control": FOREVER if right else BRIEFLY,
        "ETag": etag,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    body = found.body
    if found.packed is not None and accepts_gzip(request.headers):
        body, headers["Content-Encoding"] = found.packed, "gzip"
    return Response(body, media_type=found.kind, headers=headers)


def accepts_gzip(headers: Headers) -> bool:
    """Whether the reader unpacks gzip (RFC 9110, 12.5.3; a weight of 0 refuses it)."""
    offered = headers.get("Accept-Encoding", "").replace(" ", "").lower().split(",")
    return any(part.split(";")[0] == "gzip" and not part.endswith(";q=0") for part in offered)
