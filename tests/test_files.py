"""Photographs: drawn anew, named by their bytes, and who may see them."""

import io
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from council import files, gate
from council.errors import Invalid, NotFound
from council.files import Photo, Picture, Role, StoredFile
from council.gate import Act
from council.people import Constituency, Post
from council.policy import Can
from council.settings import Settings
from tests.world import World

ORIENTATION, GPS, MAKE = 0x0112, 0x8825, 0x010F


def drawn(kind: str = "JPEG", size: tuple[int, int] = (80, 40), mode: str = "RGB", **more) -> bytes:
    picture = Image.new(mode, size, "red" if mode != "1" else 1)
    written = io.BytesIO()
    picture.save(written, kind, **more)
    return written.getvalue()


def with_place() -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # turned by a quarter: the camera stood upright
    exif[MAKE] = "CameraMaker"
    exif.get_ifd(GPS).update({1: "N", 2: (36.0, 39.0, 1.0), 3: "E", 4: (117.0, 0.0, 1.0)})
    return drawn(exif=exif, comment=b"secret comment")


def refused(data: bytes) -> str:
    with pytest.raises(Invalid) as refusal:
        files.decode(data, "picture")
    assert refusal.value.problems[0].field == "picture"
    return refusal.value.key


# The pipeline


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_usual_pictures_become_jpeg(kind: str, mode: str) -> None:
    picture = files.decode(drawn(kind, mode=mode))
    with Image.open(io.BytesIO(picture.data)) as opened:
        assert (opened.format, opened.mode, opened.size) == ("JPEG", "RGB", (80, 40))
    assert (picture.width, picture.height) == (80, 40)


def test_a_heic_photograph_of_a_telephone_is_read(heic: bytes) -> None:
    picture = files.decode(heic)
    assert b"CameraMaker" in heic
    assert b"CameraMaker" not in picture.data
    with Image.open(io.BytesIO(picture.data)) as opened:
        assert (opened.format, opened.size) == ("JPEG", (64, 48))


@pytest.fixture
def heic() -> bytes:
    """A picture of 64 × 48 in HEIC with EXIF, drawn for this test; pi-heif itself only reads."""
    return (Path(__file__).parent / "data" / "photo.heic").read_bytes()


def test_what_is_transparent_becomes_white() -> None:
    clear = Image.new("RGBA", (10, 10), (255, 0, 0, 0))
    written = io.BytesIO()
    clear.save(written, "PNG")
    with Image.open(io.BytesIO(files.decode(written.getvalue()).data)) as opened:
        assert opened.getpixel((5, 5)) == (255, 255, 255)


def test_where_it_was_taken_is_gone_and_the_picture_stands_upright() -> None:
    data = with_place()
    assert b"CameraMaker" in data
    picture = files.decode(data)
    for published in (picture.data, picture.thumb):
        assert b"Exif" not in published
        assert b"CameraMaker" not in published
        assert b"secret comment" not in published
    with Image.open(io.BytesIO(picture.data)) as opened:
        assert opened.size == (40, 80)
        assert not opened.getexif()


def test_what_hides_behind_the_picture_is_gone() -> None:
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as archive:
        archive.writestr("evil.html", "<script>alert(1)</script>")
    picture = files.decode(drawn() + hidden.getvalue())
    assert b"evil.html" not in picture.data
    assert b"PK\x03\x04" not in picture.data


def test_a_large_picture_is_made_smaller_and_gets_a_small_one() -> None:
    picture = files.decode(drawn("PNG", (3000, 1000)))
    assert (picture.width, picture.height) == (2048, 683)
    with Image.open(io.BytesIO(picture.thumb)) as small:
        assert small.size == (640, 213)


def test_an_image_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = drawn("PNG", (20_000, 20_000), mode="1")
    assert len(bomb) < 100_000
    assert refused(bomb) == "image_too_large"
    assert refused(drawn("PNG", (8000, 5001), mode="1")) == "image_too_large"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0" * 100, b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7", b"PK\x03\x04" + b"\0" * 60, drawn()[:200], drawn("PNG")[:60],
        drawn("GIF"), drawn("BMP"), drawn("TIFF"),
    ],
    ids=[
        "empty", "zeros", "text", "svg", "pdf", "zip", "half a JPEG", "half a PNG",
        "GIF", "BMP", "TIFF",
    ],
)  # fmt: skip
def test_what_is_no_photograph_is_refused(data: bytes) -> None:
    assert refused(data) == "not_an_image"


def test_a_file_of_more_than_ten_megabytes_is_refused() -> None:
    assert refused(drawn() + b"\0" * files.LARGEST) == "file_too_large"


# On disk


def test_a_picture_is_kept_once_under_the_name_of_its_bytes(tmp_path: Path) -> None:
    settings, picture = Settings(data_dir=tmp_path), files.decode(drawn())
    files.keep(settings, picture)
    files.keep(settings, picture)
    path = tmp_path / "files" / picture.sha256[:2] / picture.sha256
    assert path.read_bytes() == picture.data
    assert files.path_of(settings, picture.thumb_sha256).read_bytes() == picture.thumb
    kept = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert len(kept) == len({picture.sha256, picture.thumb_sha256})


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65])
def test_no_other_name_leads_to_a_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFound):
        files.path_of(Settings(data_dir=tmp_path), name)


# Rows


@pytest.fixture(scope="module")
def picture() -> Picture:
    return files.decode(drawn())


def attached(world: World, picture: Picture, *, public: bool, role: Role = Role.PLACE) -> Photo:
    proposal, ctx = world.matter(), world.as_(Constituency.RESIDENTS)
    made: list[Photo] = []

    def rule() -> None:
        made.append(files.attach(ctx, proposal, picture, role=role, alt=" 路口 ", public=public))

    gate.through(ctx, Act("test.attach", Can.SELF), proposal, rule)
    return made[0]


def test_a_photograph_belongs_to_its_row_and_its_matter(world: World, picture: Picture) -> None:
    photo = attached(world, picture, public=True)
    assert (photo.subject_table, photo.subject_id) == ("proposal", photo.proposal_id)
    found = files.photos(world.session, [("proposal", photo.subject_id), ("vote", 1)])
    (view,) = found["proposal", photo.subject_id]
    assert (view.alt, view.role, view.width) == ("路口", Role.PLACE, 80)
    assert view.src == f"/files/{picture.sha256}.jpg"
    assert view.thumb == f"/files/{picture.thumb_sha256}.jpg"
    assert files.photos(world.session, []) == {}


def test_the_same_picture_twice_is_one_file(world: World, picture: Picture) -> None:
    attached(world, picture, public=True)
    attached(world, picture, public=False)
    assert len(world.session.scalars(select(StoredFile)).all()) == 1
    assert len(world.session.scalars(select(Photo)).all()) == 2


def test_photographs_that_are_not_public_are_asked_for(world: World, picture: Picture) -> None:
    photo = attached(world, picture, public=False)
    pair = ("proposal", photo.subject_id)
    assert files.photos(world.session, [pair]) == {}
    assert len(files.photos(world.session, [pair], private=True)[pair]) == 1


def test_who_may_see_a_file(world: World, picture: Picture) -> None:
    name = picture.thumb_sha256

    def seen_by(key: Post | Constituency | str) -> bool | None:
        return files.visible_to(world.session, world.as_(key).actor, name)

    assert files.visible_to(world.session, None, name) is None
    attached(world, picture, public=False, role=Role.SIGNATURE)
    assert files.visible_to(world.session, None, name) is None
    assert seen_by("neighbour") is None
    assert seen_by(Constituency.RESIDENTS) is False
    assert seen_by(Post.COMMUNITY_WORKER) is False
    assert seen_by(Post.OVERSIGHT) is False
    attached(world, picture, public=True)
    assert files.visible_to(world.session, None, name) is True
