"""Vendored files are what their makers published; own ones are small and clean."""

import base64
import gzip
import hashlib
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from council.errors import NotFound
from council.web import static

ROOT = Path(__file__).parent.parent
STATIC = ROOT / "static"
SVG = "{http://www.w3.org/2000/svg}"

# htmx.org 4.0.1, dist/htmx.min.js of the npm package, whose integrity is
# sha512-oF7JgXhDW9UXCy/k1ZYFUQgzu/rm19ORWPSPNL91vPluB2PB9+MV55tyQdH/w7o2EAbTYUG5SDW1R60mdkdqGg==
HTMX = "sha384-Qp9rdC8H7EqOoX+nR0P3RPG2Noji+qdwJlGpfzwQJsfOpp3sGwIdSP9xO3+UlEhn"
# axe-core 4.14.1, axe.min.js of the npm package, whose integrity is
# sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==
AXE = "sha384-xt1SFg49QaDwsyt0Xfs2XAyBtYPClXl3X2q5OOLeGAUmq9jZTYIMdztpF99WdhiH"


def integrity(path: Path) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def read(name: str) -> str:
    return (STATIC / name).read_text("utf-8")


@pytest.fixture
def client() -> TestClient:
    app = Starlette(routes=[Route("/static/{path:path}", static.serve)])
    return TestClient(app, headers={"Accept-Encoding": "gzip"})


def test_htmx_is_the_published_file() -> None:
    assert integrity(STATIC / "htmx.min.js") == HTMX


def test_axe_is_the_published_file_and_never_served() -> None:
    assert integrity(ROOT / "tests/browser/axe.min.js") == AXE
    assert "axe.min.js" not in static.shelf()


def test_vendored_files_come_with_their_licences() -> None:
    for path in ("static/LICENSE-htmx.txt", "static/LICENSE-lucide.txt"):
        assert (ROOT / path).stat().st_size > 100
    assert (ROOT / "tests/browser/LICENSE-axe.txt").stat().st_size > 100


def test_style_and_script_are_small() -> None:
    assert len(gzip.compress((STATIC / "council.css").read_bytes(), 9)) < 10_000
    assert len((STATIC / "council.js").read_bytes()) <= 10_000
    assert len((STATIC / "council.css").read_bytes()) < 34_000


def test_a_first_view_fits_its_budget() -> None:
    shared = ("council.css", "site.js", "icons.svg", "mark.svg")
    sizes = [len(static.shelf()[name].packed or static.shelf()[name].body) for name in shared]
    assert sum(sizes) < 40_000  # leaves 20 kB for the page itself


def test_own_script_keeps_to_the_policy() -> None:
    script = read("council.js")
    assert re.findall(r"\beval\(|new Function|innerHTML|document\.write|\.style\b", script) == []


def test_colours_stand_in_one_layer_only() -> None:
    css = read("council.css")
    tokens_end = css.index("@layer base")
    outside = re.sub(r"#(?:000|fff)\b", "", css[tokens_end:], flags=re.IGNORECASE)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s,)}])", outside) == []


def test_every_icon_that_is_named_exists() -> None:
    symbols = {one.get("id") for one in ET.fromstring(read("icons.svg")).iter(f"{SVG}symbol")}
    named = set()
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text("utf-8")
        named |= set(re.findall(r"""\bicon\(\s*["']([a-z0-9-]+)["']""", text))
    assert named - symbols == set()


def test_no_icon_is_carried_that_nothing_names() -> None:
    sources = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "council").rglob("*.py")]
    said = "".join(path.read_text("utf-8") for path in [*sources, *STATIC.glob("*.js")])
    symbols = {one.get("id") for one in ET.fromstring(read("icons.svg")).iter(f"{SVG}symbol")}
    assert {one for one in symbols if not re.search(rf"""["'#]{one}["']""", said)} == set()


def test_every_class_in_the_templates_is_in_the_style_sheet() -> None:
    known = set(re.findall(r"\.([a-zA-Z][\w-]*)", read("council.css"))) | {"act", "htmx-indicator"}
    unknown = set()
    for path in (ROOT / "templates").rglob("*.html"):
        for value in re.findall(r'class="([^"{}]*)"', path.read_text("utf-8")):
            unknown |= {f"{path.relative_to(ROOT)}: {one}" for one in value.split()} - {
                f"{path.relative_to(ROOT)}: {one}" for one in known
            }
    assert sorted(unknown) == []


def test_pages_keep_to_the_policy() -> None:
    inline = re.compile(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\bsrc=)|javascript:")
    found = [
        f"{path.relative_to(ROOT)}: {one}"
        for path in (ROOT / "templates").rglob("*.html")
        for one in inline.findall(path.read_text("utf-8"))
    ]
    assert found == []


def test_the_address_with_the_right_hash_is_kept_for_ever(client: TestClient) -> None:
    answer = client.get(static.asset("council.css"))
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == static.FOREVER
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.text == read("council.css")


def test_another_hash_still_finds_the_file_but_is_not_kept(client: TestClient) -> None:
    answer = client.get("/static/council.00000000.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == static.BRIEFLY


def test_an_unchanged_file_is_not_sent_again(client: TestClient) -> None:
    etag = client.get("/static/council.css").headers["ETag"]
    again = client.get("/static/council.css", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("offered", ["", "identity", "br", "gzip;q=0", "x-gzip"])
def test_a_browser_that_does_not_unpack_gets_plain_bytes(client: TestClient, offered: str) -> None:
    answer = client.get("/static/council.css", headers={"Accept-Encoding": offered})
    assert "Content-Encoding" not in answer.headers
    assert answer.text == read("council.css")


@pytest.mark.parametrize("path", ["nothing.css", "%2e%2e/pyproject.toml", "LICENSE", ""])
def test_only_files_of_the_folder_are_served(client: TestClient, path: str) -> None:
    with pytest.raises(NotFound):
        assert client.get(f"/static/{path}").status_code == 404


def test_the_two_scripts_travel_as_one(client: TestClient) -> None:
    answer = client.get(static.asset("site.js"))
    assert answer.text.startswith(read("htmx.min.js"))
    assert answer.text.endswith(read("council.js"))


def test_a_missing_asset_is_noticed_when_the_page_is_written() -> None:
    with pytest.raises(KeyError):
        static.asset("missing.css")
