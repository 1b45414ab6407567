"""Photographs over HTTP: kept for ever where they are public, hidden from strangers else."""

import io

import pytest
from PIL import Image

from council import files, gate
from council.files import Picture, Role
from council.gate import Act
from council.people import Constituency, Post
from council.policy import Can
from tests.web.conftest import Site


@pytest.fixture(scope="module")
def picture() -> Picture:
    written = io.BytesIO()
    Image.new("RGB", (80, 40), "red").save(written, "PNG")
    return files.decode(written.getvalue())


def put(site: Site, picture: Picture, *, public: bool) -> None:
    world = site.world
    proposal, ctx = world.matter(), world.as_(Constituency.RESIDENTS)
    files.keep(site.settings, picture)

    def rule() -> None:
        files.attach(ctx, proposal, picture, role=Role.PLACE, public=public)

    gate.through(ctx, Act("test.attach", Can.SELF), proposal, rule)
    world.commit()


def test_a_public_photograph_is_kept_for_ever(site: Site, picture: Picture) -> None:
    put(site, picture, public=True)
    answer = site.visitor().get(f"/files/{picture.sha256}.jpg")
    assert answer.status_code == 200
    assert answer.content == picture.data
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert site.visitor().get(f"/files/{picture.thumb_sha256}.jpg").content == picture.thumb
    assert (
        "immutable"
        in site.as_("neighbour").get(f"/files/{picture.sha256}.jpg").headers["Cache-Control"]
    )


def test_a_photograph_that_is_not_public_is_for_few(site: Site, picture: Picture) -> None:
    put(site, picture, public=False)
    address = f"/files/{picture.sha256}.jpg"
    assert site.visitor().get(address).status_code == 404
    assert site.as_("neighbour").get(address).status_code == 404
    for key in (Constituency.RESIDENTS, Post.COMMUNITY_WORKER):
        answer = site.as_(key).get(address)
        assert answer.status_code == 200
        assert "no-store" in answer.headers["Cache-Control"]


def test_bytes_without_a_photograph_are_not_served(site: Site, picture: Picture) -> None:
    files.keep(site.settings, picture)
    assert site.visitor().get(f"/files/{picture.sha256}.jpg").status_code == 404


@pytest.mark.parametrize(
    "name", ["..%2f..%2fsecret.key", "secret.key", "0" * 64, "0" * 63, "Z" * 64]
)
def test_no_other_file_is_served(site: Site, name: str) -> None:
    assert site.visitor().get(f"/files/{name}.jpg").status_code == 404
    assert site.visitor().get(f"/files/{name}").status_code == 404
