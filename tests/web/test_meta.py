"""About the site: what it promises, what search engines leave alone, whether it is alive."""

import pytest

from council.people import Constituency
from tests.web.conftest import Site


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("公开台账能证明什么，不能证明什么", "隐私", "无障碍", "回执可以给别人看")),
        ("en", ("What the public log proves", "Privacy", "Accessibility", "unless outsiders keep")),
    ],
)
def test_the_page_about_the_site_is_whole_in_both_languages(
    site: Site, language: str, words: tuple[str, ...]
) -> None:
    text = site.visitor().get(f"/about?lang={language}").text
    for one in words:
        assert one in text
    for anchor in ("help", "privacy", "access"):
        assert f'id="{anchor}"' in text
    assert "0531-0000 1234" in text


@pytest.mark.parametrize(
    ("path", "anchor"), [("/privacy", "privacy"), ("/accessibility", "access"), ("/help", "help")]
)
def test_a_section_has_an_address_of_its_own(site: Site, path: str, anchor: str) -> None:
    assert site.visitor().get(path).headers["Location"] == f"/about#{anchor}"


def test_search_engines_leave_personal_pages_alone(site: Site) -> None:
    text = site.visitor().get("/robots.txt").text
    for path in ("/me", "/sign-in", "/slips/", "/people/"):
        assert f"Disallow: {path}" in text


def test_the_page_icon_is_there(site: Site) -> None:
    answer = site.visitor().get("/favicon.ico")
    assert site.visitor().get(answer.headers["Location"]).status_code == 200


def test_the_site_says_that_it_lives_and_that_it_is_ready(site: Site) -> None:
    assert site.visitor().get("/healthz").text == "ok\n"
    assert site.visitor().get("/readyz").text == "ready\n"
    assert site.as_(Constituency.RESIDENTS).get("/healthz").status_code == 200
