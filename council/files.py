"""Photographs: decoded and drawn anew, so that nothing hidden in a file travels on with it.

A paper can be a PDF as well, which is kept as it was sent and never shown inside a page.
"""

import hashlib
import io
import os
import re
import tempfile
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import pi_heif
from PIL import Image, ImageOps
from sqlalchemy import ForeignKey, or_, select, tuple_
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import gate, policy
from council.db import PLAIN, Base, Governed
from council.errors import Invalid, NotFound, Problem
from council.gate import Context
from council.people import Actor
from council.policy import Can
from council.settings import Settings

LARGEST = 10 * 1024 * 1024
PIXELS = 40_000_000
SIDE, THUMB_SIDE = 2048, 640
QUALITY = 85
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
ALT = 200
PDF = "application/pdf"
ACTIVE = (b"/JavaScript", b"/Launch", b"/EmbeddedFile")
"""What makes a PDF do something by itself, or carry other files."""

SHA256 = re.compile(r"[0-9a-f]{64}")

# An image bomb is refused when it is opened, before a pixel of it is unpacked.
Image.MAX_IMAGE_PIXELS = PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)
pi_heif.register_heif_opener()


class Role(StrEnum):
    """What a photograph shows."""

    BEFORE = "before"
    AFTER = "after"
    PLACE = "place"
    PROGRESS = "progress"
    MEETING = "meeting"
    SIGNATURE = "signature"
    PAPER = "paper"
    POSTED = "posted"


class StoredFile(Governed, Base):
    """A file as it is published, named by the SHA-256 of its bytes; the original is not kept."""

    __tablename__ = "stored_file"
    sha256: Mapped[str] = mapped_column(unique=True, info=PLAIN)
    kind: Mapped[str] = mapped_column(info=PLAIN)
    width: Mapped[int]
    height: Mapped[int]
    bytes: Mapped[int]
    thumb_sha256: Mapped[str] = mapped_column(index=True, info=PLAIN)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))


class Photo(Governed, Base):
    """A photograph of something: of a matter, a milestone, a meeting, a sheet of paper."""

    __tablename__ = "photo"
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_file.id"), index=True)
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"), index=True)
    subject_table: Mapped[str] = mapped_column(info=PLAIN)
    subject_id: Mapped[int] = mapped_column(index=True)
    role: Mapped[Role]
    alt: Mapped[str] = mapped_column(default="")
    public: Mapped[bool] = mapped_column(default=False)


# The pipeline


@dataclass(frozen=True)
class Picture:
    """A picture drawn anew, with a small one beside it: JPEG bytes without any metadata."""

    data: bytes
    thumb: bytes
    width: int
    height: int

    @property
    def sha256(self) -> str:
        """The picture's name."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def thumb_sha256(self) -> str:
        """The small picture's name."""
        return hashlib.sha256(self.thumb).hexdigest()

    @property
    def parts(self) -> tuple[tuple[str, bytes], ...]:
        """What lies on disk, by name."""
        return (self.sha256, self.data), (self.thumb_sha256, self.thumb)


@dataclass(frozen=True)
class Document:
    """A PDF as it was sent; what stands in it, its author too, stays."""

    data: bytes
    width: int = 0
    height: int = 0

    @property
    def sha256(self) -> str:
        """The document's name."""
        return hashlib.sha256(self.data).hexdigest()

    @property
    def thumb_sha256(self) -> str:
        """A document has no small one."""
        return self.sha256

    @property
    def parts(self) -> tuple[tuple[str, bytes], ...]:
        """What lies on disk, by name."""
        return ((self.sha256, self.data),)


def decode(data: bytes, field: str = "photo") -> Picture:
    """Draw an uploaded picture anew (slow; JPEG, PNG, WebP, HEIC; at most 10 MB and 40 megapixels).

    Turned upright, at most 2048 pixels a side, without EXIF, place, comment or anything appended.
    Raises Invalid about `field`: file_too_large, image_too_large, not_an_image.
    """
    if len(data) > LARGEST:
        raise Invalid(Problem("file_too_large", field, {"limit": LARGEST // 1024 // 1024}))
    try:
        drawn = _drawn(data)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Invalid(Problem("image_too_large", field, {"limit": PIXELS // 1_000_000})) from error
    except Exception as error:  # decoders raise whatever they like
        raise Invalid(Problem("not_an_image", field)) from error
    small = drawn.copy()
    small.thumbnail((THUMB_SIDE, THUMB_SIDE), Image.Resampling.LANCZOS)
    return Picture(_jpeg(drawn), _jpeg(small), drawn.width, drawn.height)


def paper(data: bytes, field: str = "paper") -> Picture | Document:
    """An uploaded paper: a PDF as it is, or a picture drawn anew (slow; at most 10 MB).

    Raises Invalid about `field`: file_too_large, image_too_large, not_a_paper, broken_pdf,
    active_pdf.
    """
    if len(data) > LARGEST:
        raise Invalid(Problem("file_too_large", field, {"limit": LARGEST // 1024 // 1024}))
    if data.startswith(b"%PDF-"):
        if b"%%EOF" not in data[-1024:] or b"/Encrypt" in data:
            raise Invalid(Problem("broken_pdf", field))
        if any(mark in data for mark in ACTIVE):
            raise Invalid(Problem("active_pdf", field))
        return Document(data)
    try:
        return decode(data, field)
    except Invalid as wrong:
        if wrong.key == "not_an_image":
            raise Invalid(Problem("not_a_paper", field)) from wrong
        raise


def _drawn(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
        if opened.width * opened.height > PIXELS:
            raise Image.DecompressionBombError
        opened.draft("RGB", (SIDE, SIDE))  # JPEG only: unpacks no more than is needed
        upright = ImageOps.exif_transpose(opened)
        upright.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
        if upright.mode in {"P", "LA", "PA"} or "transparency" in upright.info:
            upright = upright.convert("RGBA")
        fresh = Image.new("RGB", upright.size, "white")
        mask = upright if upright.mode == "RGBA" else None
        fresh.paste(upright.convert("RGB"), mask=mask)
        return fresh


def _jpeg(picture: Image.Image) -> bytes:
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return written.getvalue()


def keep(settings: Settings, file: Picture | Document) -> None:
    """Put the file's bytes on disk, for good, before the row that names them is committed."""
    for name, data in file.parts:
        target = path_of(settings, name)
        if not target.exists():
            _write(target, data)


def _write(target: Path, data: bytes) -> None:
    """Write so that a crash leaves the whole file or none: temporary name, fsync, rename, fsync."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as new:
        new.write(data)
        new.flush()
        os.fsync(new.fileno())
    Path(new.name).replace(target)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def path_of(settings: Settings, sha256: str) -> Path:
    """Where the file of this name lies. Raises NotFound for what is no such name."""
    if not SHA256.fullmatch(sha256):
        raise NotFound("not_found")
    return settings.files_dir / sha256[:2] / sha256


# Rows, added inside the caller's act


class Photographed(Protocol):
    """A row of a community that photographs can belong to."""

    __tablename__: str

    @property
    def id(self) -> int:
        """The row's number."""

    @property
    def community_id(self) -> int:
        """Whose it is."""


def attach(
    ctx: Context,
    row: Photographed,
    picture: Picture,
    *,
    role: Role,
    alt: str = "",
    public: bool = False,
) -> Photo:
    """Say, inside an act, that the picture belongs to the row. `keep` it first."""
    session = ctx.session
    session.flush()
    photo = Photo(
        file_id=stored(ctx, row.community_id, picture).id, community_id=row.community_id,
        proposal_id=gate.matter_of(row), subject_table=row.__tablename__, subject_id=row.id,
        role=role, alt=alt.strip()[:ALT], public=public,
    )  # fmt: skip
    session.add(photo)
    return photo


def stored(ctx: Context, community_id: int, file: Picture | Document) -> StoredFile:
    """The row of these bytes, inside the caller's act; the same file twice is one row."""
    known = ctx.session.scalars(
        select(StoredFile).where(StoredFile.sha256 == file.sha256)
    ).one_or_none()
    if known:
        return known
    made = StoredFile(
        sha256=file.sha256, kind="image/jpeg" if isinstance(file, Picture) else PDF,
        width=file.width, height=file.height, bytes=len(file.data),
        thumb_sha256=file.thumb_sha256, community_id=community_id,
        uploaded_by_id=ctx.actor.person_id if ctx.actor else None,
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    return made


# Questions


@dataclass(frozen=True)
class PhotoView:
    """A photograph as a page shows it: /files/<sha256>.jpg, and the small one beside it."""

    id: int
    role: Role
    alt: str
    public: bool
    sha256: str
    thumb_sha256: str
    width: int
    height: int

    @property
    def src(self) -> str:
        """The picture's address."""
        return f"/files/{self.sha256}.jpg"

    @property
    def thumb(self) -> str:
        """The small picture's address."""
        return f"/files/{self.thumb_sha256}.jpg"


def photos(
    session: Session, pairs: Iterable[tuple[str, int]], *, private: bool = False
) -> dict[tuple[str, int], list[PhotoView]]:
    """The photographs of many rows (table, id) in one statement, in the order they were taken up.

    Only public ones, unless `private` asks for those that offices may see.
    """
    found: dict[tuple[str, int], list[PhotoView]] = {}
    wanted = sorted(set(pairs))
    if not wanted:
        return found
    query = (
        select(Photo, StoredFile)
        .join(StoredFile, StoredFile.id == Photo.file_id)
        .where(tuple_(Photo.subject_table, Photo.subject_id).in_(wanted))
        .order_by(Photo.id)
    )
    if not private:
        query = query.where(Photo.public.is_(True))
    for photo, file in session.execute(query):
        found.setdefault((photo.subject_table, photo.subject_id), []).append(
            PhotoView(
                photo.id, photo.role, photo.alt, photo.public,
                file.sha256, file.thumb_sha256, file.width, file.height,
            )
        )  # fmt: skip
    return found


def visible_to(session: Session, actor: Actor | None, sha256: str) -> bool | None:
    """Whether anybody (True) or only this reader (False) may see the file; None: not even they.

    A photograph that is not public is seen by whoever sent it in, and by the offices that work
    with the community's papers.
    """
    named = or_(StoredFile.sha256 == sha256, StoredFile.thumb_sha256 == sha256)
    query = select(Photo, StoredFile).join(StoredFile, StoredFile.id == Photo.file_id).where(named)
    rows = session.execute(query).all()
    if any(photo.public for photo, _ in rows):
        return True
    if actor is None or actor.person_id is None:
        return None
    for photo, file in rows:
        mine = file.uploaded_by_id == actor.person_id
        offices = (Can.SCREEN, Can.ADMIT, Can.RECORD, Can.INSPECT)
        if mine or any(policy.allows(session, actor, can, photo.community_id) for can in offices):
            return False
    return None
