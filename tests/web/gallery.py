"""A page with every macro on it, for tests of the look."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

from jinja2 import ChoiceLoader, FileSystemLoader

from council import decisions, profiles, rulecards
from council.errors import Problem
from council.gate import Possible
from council.i18n import Language
from council.people import Actor, Byline, Channel, Constituency, Post
from council.places import Place, PlaceKind
from council.proposals import Stage
from council.tallies import ALL, Tally, Weight, heads
from council.web import pages
from council.web.forms import Form
from council.web.look import Look

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
"""A Tuesday, 10:00 in Shanghai."""

PLACE = Place(
    id=4, kind=PlaceKind.COMMUNITY, code="4", path="/1/2/3/4/", name="杆石桥示范社区",
    name_en="Ganshiqiao example community", phone="0531-0000 1234", address="杆石桥街 18 号",
)  # fmt: skip


def look(language: Language = "zh", *, size: str = "", signed_in: bool = False) -> Look:
    """A reader of the example community."""
    person = {"actor": Actor(1), "name": "resident", "waiting": 3} if signed_in else {}
    return Look(
        language=language, size=size, now=NOW, community=PLACE, log_size=18204, example=True,
        base="http://council.test", path="/gallery", query=(("q", "停车"),), csrf="token",
        reference="409-7KX3", **person,
    )  # fmt: skip


def wrong_form() -> Form:
    """A form with something wrong in it."""
    form = Form(
        headline="斜马路南口接送孩子的车停两排，老人和孩子过不去", situation="<b>上学日最堵</b>",
        kind="life", tags=["a"], when=NOW, agree=True, grid="2", password="hidden",
    )  # fmt: skip
    form.check.problems = [
        Problem("too_long", "headline", {"limit": 20, "now": 23}),
        Problem("empty", "request"),
        Problem("not_chosen", "again"),
    ]
    return form


def data() -> dict[str, object]:
    """What the gallery shows."""
    votes = {
        "party": Tally(5, 4, 3, 0, 1), "residents": Tally(8, 7, 5, 2, 0),
        "community": Tally(3, 3, 3), "experts": Tally(2, 1, 1), "units": Tally(3, 2, 1, 0, 1),
    }  # fmt: skip
    due = {code: tally.due for code, tally in votes.items()}
    present = {code: tally.present for code, tally in votes.items()}
    rule = profiles.JOINT_MEETING
    owners = {
        Weight.HEADS: Tally(386, 279, 214, 61, 3, 1),
        Weight.AREA: Tally(3_421_050, 2_396_040, 1_789_010, 581_030, 18_000, 8_000),
    }
    return {
        "row": SimpleNamespace(
            __tablename__="proposal", id=12, title="斜马路改造", body="第一段\n第二行\n\n<b>第二段",
            note="**好**", note_html="<p><strong>好</strong></p>",
        ),
        "form": wrong_form(), "states": list(Stage), "now": NOW,
        "soon": NOW + timedelta(days=3, hours=8),
        "midnight": datetime(2026, 11, 25, 16, tzinfo=UTC),
        "late": datetime(2026, 11, 20, 16, tzinfo=UTC), "far": NOW + timedelta(days=30),
        "bylines": [
            Byline(Constituency.RESIDENTS, 231), Byline(Constituency.PARTY, 12),
            Byline(None, 3, post=Post.COMMUNITY_WORKER), Byline(None, 0),
            Byline(Constituency.UNITS, 4, unit="银行支行", unit_en="Bank branch"),
            Byline(Constituency.RESIDENTS, 1, name="王秀英"),
        ],
        "entered": SimpleNamespace(channel=Channel.PHONE, entered_by_id=3),
        "some": {"party": 3, "residents": 1204}, "all_five": dict.fromkeys(Constituency, 7),
        "items": [
            (SimpleNamespace(name="admit"), Possible("proposal.admit")),
            (SimpleNamespace(name="return_"), Possible("proposal.return", ("unit_named",))),
        ],
        "blocked": Possible("proposal.support", ("unit_named",)),
        "voted": decisions.decide(rule, heads(votes)),
        "agreed": decisions.consensus(rule, heads(due), heads(present), {}),
        "owned": decisions.decide(profiles.OWNERS_SPECIAL, {ALL: owners}),
        "rule": rulecards.card(profiles.OWNERS_SPECIAL, {ALL: owners}),
    }  # fmt: skip


def gallery(seen_by: Look) -> str:
    """The page as this reader sees it."""
    environment = pages.environment().overlay(
        loader=ChoiceLoader([pages.environment().loader, FileSystemLoader(Path(__file__).parent)])
    )
    with pages.looks.seen_by(seen_by, {("proposal", 12, "title"): "Rebuilding Xiema Road"}):
        return environment.get_template("gallery.html").render(**data(), look=seen_by)
