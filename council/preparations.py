"""Preparations: what a formal vote asks and of whom, its days, its papers, the Party's study."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import calendar, charter, files, profiles, referrals, translations
from council.db import PLAIN, Base, Governed
from council.deadlines import local_date
from council.errors import Checks, NotReady, checking
from council.files import Picture, Role
from council.gate import Context, Situated, act
from council.i18n import translate
from council.people import Constituency
from council.places import Place
from council.policy import Can
from council.profiles import Conditions
from council.proposals import Proposal, Stage
from council.thresholds import Electorate, Rule, Tie
from council.votes import Body, Method, Ranking, Vote, VoteMode, VoteStage

TITLE, QUESTION, WORDS, SHORT, OPTIONS, LABEL = 60, 300, 2000, 300, 30, 60
"""Longest title, question, argument, short answer; most options, longest option."""

BODIES: dict[str, Body] = {
    "RESIDENT_ASSEMBLY": Body.RESIDENTS,
    "DELEGATE_ASSEMBLY": Body.DELEGATES,
    "OWNERS_ORDINARY": Body.OWNERS,
    "OWNERS_SPECIAL": Body.OWNERS,
    "COUNCIL": Body.COUNCIL,
    "PARTY_REVIEW": Body.PARTY,
    "STRAW": Body.EVERYBODY,
}
"""Whose vote each profile is."""

ASSEMBLIES = frozenset({Body.RESIDENTS, Body.DELEGATES})
"""Before they vote, the Party organisation studies the matter (Organic Law 2026, Art. 30)."""

PREPARING = frozenset({VoteStage.DRAFT, VoteStage.ROLL_PUBLISHED, VoteStage.ROLL_FINAL})
"""Stages before the notice."""

APPRAISAL = "appraisal"
"""The yearly appraisal of those in office, which can be asked for beside the profiles."""

OF_METHOD = ("limit", "seats", "budget", "ranking", "tie")
"""The settings that belong to a method; others belong to the ballots."""

FIXED = ("electorate", "constituencies", "method", "secret", "about_people")
"""What nobody changes once the roll is published."""

# Table


class Preparation(Governed, Base):
    """The papers of a formal vote, and when each step of its course was taken.

    `days` are the charter's values as they were at the draft. `checks` are the codes of the
    checklist as it was passed. `roll_digest` stands for the roll as it was frozen.
    """

    __tablename__ = "preparation"
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"), unique=True)
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    profile: Mapped[str] = mapped_column(info=PLAIN)
    electorate: Mapped[str] = mapped_column(info=PLAIN)
    constituencies: Mapped[list[str]] = mapped_column(JSON, default=list, info=PLAIN)
    arguments_for: Mapped[str] = mapped_column(default="")
    arguments_against: Mapped[str] = mapped_column(default="")
    how_to_vote: Mapped[str] = mapped_column(default="")
    helpers: Mapped[str] = mapped_column(default="")
    legal_basis: Mapped[str] = mapped_column(default="")
    remote: Mapped[bool] = mapped_column(default=True)
    paper: Mapped[bool] = mapped_column(default=False)
    previous_id: Mapped[int | None] = mapped_column(ForeignKey("vote.id"))
    days: Mapped[dict[str, Any]] = mapped_column(JSON, info=PLAIN)
    study_on: Mapped[date | None]
    study_opinion: Mapped[str] = mapped_column(default="")
    studied_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    drafted_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    drafted_at: Mapped[datetime]
    roll_published_at: Mapped[datetime | None]
    roll_final_at: Mapped[datetime | None]
    roll_digest: Mapped[str] = mapped_column(default="", info=PLAIN)
    announced_at: Mapped[datetime | None]
    checks: Mapped[list[str]] = mapped_column(JSON, default=list, info=PLAIN)
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    checked_at: Mapped[datetime | None]
    extended_at: Mapped[datetime | None]
    counted_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    final_at: Mapped[datetime | None]
    void_reason: Mapped[str] = mapped_column(default="")
    void_drafted_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    voided_at: Mapped[datetime | None]

    def day(self, key: str) -> int:
        """A number of days of this vote."""
        return int(self.days[key])


# Requirements


def in_preparation(ctx: Context, vote: Vote) -> bool:
    """The notice has not gone out; from the notice on nothing is changed."""
    return not vote.in_meeting and vote.stage in PREPARING


def waits_for_body(ctx: Context, proposal: Proposal) -> bool:
    """The matter waits for the body that decides."""
    return proposal.stage is Stage.REFERRED


# Acts


@act(
    "vote.draft",
    who=Can.CONVENE,
    requires=(waits_for_body, referrals.body_is_lawful, referrals.no_vote_under_way),
    alone=True,
)
def draft(ctx: Context, proposal: Proposal) -> Vote:
    """Begin the formal vote of the body that decides a matter; nobody outside sees it yet."""
    found = referrals.of(ctx.session, proposal.id)
    assert found is not None  # noqa: S101  (the requirement has looked)
    calendar.meet(ctx, proposal, "call_body")
    question = translate("zh", "preparation.question", title=proposal.title)
    law = translate("zh", f"route.law.{found.route.law}")
    try:
        return _begin(ctx, proposal, found.profile, proposal.title, question, law)
    except IntegrityError as error:  # somebody else began one at the same moment
        raise NotReady("not_ready", (referrals.no_vote_under_way.__name__,)) from error


@act("vote.draft_alone", who=Can.CONVENE)
def draft_alone(ctx: Context, place: Place, *, profile: str, title: str) -> Vote:
    """Begin a formal vote without a matter: a straw poll, the yearly appraisal, a motion.

    The appraisal of those in office is a vote of the delegates about people.
    """
    about_people = profile == APPRAISAL
    profile = "DELEGATE_ASSEMBLY" if about_people else profile
    with checking() as check:
        check.text(title, "title", limit=TITLE)
        if check(profile, "not_chosen", "profile"):
            check(profile != "election", "elections_elsewhere", "profile")
            check(profile in {*BODIES, "election"}, "not_a_choice", "profile")
    return _begin(ctx, place, profile, title, about_people=about_people)


def _begin(
    ctx: Context, row: Situated, profile: str, title: str, question: str = "", law: str = "",
    *, about_people: bool = False,
) -> Vote:  # fmt: skip
    body = BODIES[profile]
    proposal_id = row.id if isinstance(row, Proposal) else None
    made = Vote(
        community_id=row.community_id, proposal_id=proposal_id, title=title[:TITLE],
        question=question, body=body, about_people=about_people, due={}, settings={}, options=[],
        mode=VoteMode.ROLL_CALL if body is Body.OWNERS else VoteMode.SECRET,
        method=Method.MOTION, rule={}, stage=VoteStage.DRAFT,
    )  # fmt: skip
    ctx.session.add(made)
    ctx.session.flush()
    values = charter.rules(ctx.session, row.community_id)
    papers = Preparation(
        community_id=row.community_id, vote_id=made.id, proposal_id=proposal_id, profile=profile,
        electorate=profiles.conditions(profile).electorates[0].value, constituencies=[],
        legal_basis=law, days=_days(profile, values), drafted_by_id=ctx.person_id,
        drafted_at=ctx.now, remote=True, paper=body is not Body.COUNCIL, checks=[],
    )  # fmt: skip
    ctx.session.add(papers)
    made.rule = rule(ctx.session, papers).to_json()
    return made


def _days(profile: str, values: dict[str, str]) -> dict[str, int]:
    """The days of each step: the charter's, never below what the profile's law asks."""
    needed = profiles.conditions(profile, values)
    found = {key: charter.count(values, f"vote_{key}_days") for key in ("extension", "result")}
    found |= {
        "objection": needed.roll_days, "notice": needed.notice_days, "open": needed.open_days,
    }  # fmt: skip
    return found | {"ruling": 3, "count": 1, "publish": 2,
                    "posting": charter.count(values, "posting_days")}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """Everything about a vote that can be edited. Gaps are allowed until a step needs them.

    `options` are (label, cost); `limit` how many at most (approval), `seats` how many win,
    `budget` the money to give out, in yuan; `ranking` how ranks are counted, `tie` what happens
    when votes are equal.
    """

    title: str
    question: str = ""
    electorate: str = ""
    constituencies: tuple[Constituency, ...] = ()
    method: Method = Method.MOTION
    secret: bool = True
    about_people: bool = False
    options: tuple[tuple[str, int], ...] = ()
    limit: int | None = None
    seats: int | None = None
    budget: int | None = None
    ranking: Ranking = Ranking.SCHULZE
    tie: Tie = Tie.FAILS
    arguments_for: str = ""
    arguments_against: str = ""
    how_to_vote: str = ""
    helpers: str = ""
    legal_basis: str = ""
    remote: bool = True
    paper: bool = False
    previous_id: int | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    extension: int = field(default=7)

    def check(self, check: Checks, needed: Conditions) -> None:
        """Note what is wrong, field by field, under what the profile asks for."""
        for name, longest in (
            ("title", TITLE), ("question", QUESTION), ("arguments_for", WORDS),
            ("arguments_against", WORDS), ("how_to_vote", SHORT), ("helpers", SHORT),
            ("legal_basis", SHORT),
        ):  # fmt: skip
            check.text(getattr(self, name), name, limit=longest, required=name == "title")
        check(self.electorate in needed.electorates, "not_a_choice", "electorate")
        check(self.remote or self.paper, "no_way_to_vote", "remote")
        check(self.secret or not self.about_people, "people_secret", "secret")
        check(not self.secret or needed.secret is not False, "owners_by_name", "secret")
        by_area = Electorate.OWNERS in needed.electorates
        motion = self.method is Method.MOTION
        check(not by_area or motion, "owners_motion_only", "method")
        # a budget puts equals in an order of its own: supporters, cost, the order of the paper
        ties = () if self.method is Method.BUDGET else needed.ties_of(motion=motion)
        check(self.tie in {Tie.FAILS, *ties}, "tie_not_allowed", "tie")
        self._check_options(check)
        self._check_times(check)

    def _check_options(self, check: Checks) -> None:
        if self.method is Method.MOTION:
            return
        labels = [label for label, _ in self.options]
        check(all(0 < len(one) <= LABEL for one in labels), "option_length", "options", most=LABEL)
        check(len(labels) <= OPTIONS, "too_many_options", "options", most=OPTIONS)
        check(len(set(labels)) == len(labels), "option_twice", "options")
        one_seat = self.method is Method.RANKED and self.ranking is Ranking.IRV
        high = 1 if one_seat else max(1, len(labels))
        check(1 <= (self.seats or 1) <= high, "out_of_range", "seats", low=1, high=high)
        if self.method is Method.APPROVAL and labels:
            most = max(1, len(labels))
            check(1 <= (self.limit or 0) <= most, "out_of_range", "limit", low=1, high=most)
        if self.method is Method.BUDGET and labels:
            check(self.budget, "empty", "budget")
            check(all(cost > 0 for _, cost in self.options), "option_cost", "options")

    def _check_times(self, check: Checks) -> None:
        opens, closes = self.opens_at, self.closes_at
        check(not (opens and closes) or opens < closes, "closes_before_open", "closes_at")
        check(1 <= self.extension <= 7, "out_of_range", "extension", low=1, high=7)


@act("vote.prepare", who=Can.CONVENE, requires=(in_preparation,), alone=True)
def prepare(ctx: Context, vote: Vote, *, plan: Plan) -> Vote:
    """Edit a vote. Once its roll is published, who votes and how stay as they are."""
    row = of(ctx.session, vote.id)
    with checking() as check:
        plan.check(check, profiles.conditions(row.profile))
        before = plan_of(vote, row)
        for name in FIXED if vote.stage is not VoteStage.DRAFT else ():
            check(getattr(plan, name) == getattr(before, name), "fixed_by_roll", name)
        if plan.previous_id is not None:
            earlier = ctx.session.get(Vote, plan.previous_id)
            known = earlier and earlier.community_id == vote.community_id and earlier is not vote
            check(known, "not_a_choice", "previous_id")
    vote.title, vote.question, vote.method = plan.title, plan.question, plan.method
    vote.about_people = plan.about_people
    vote.mode = VoteMode.SECRET if plan.secret else VoteMode.ROLL_CALL
    vote.options = _options(plan)
    kept = {name: value for name, value in vote.settings.items() if name not in OF_METHOD}
    vote.settings = kept | _settings(plan)
    vote.opens_at, vote.closes_at = plan.opens_at, plan.closes_at
    for name in ("electorate", "arguments_for", "arguments_against", "how_to_vote", "helpers",
                 "legal_basis", "remote", "paper", "previous_id"):  # fmt: skip
        setattr(row, name, getattr(plan, name))
    row.constituencies = [one.value for one in plan.constituencies]
    row.days = {**row.days, "extension": plan.extension}
    translations.forget(ctx.session, vote, row)
    vote.rule = rule(ctx.session, row).to_json()
    return vote


def _options(plan: Plan) -> list[dict[str, Any]]:
    """The options with an id of their own each; a motion has none."""
    if plan.method is Method.MOTION:
        return []
    return [
        {"id": f"o{n}", "label": label, "cost": cost}
        for n, (label, cost) in enumerate(plan.options, 1)
    ]


def _settings(plan: Plan) -> dict[str, Any]:
    """The codes of the method: only those that it needs."""
    seats = {"seats": plan.seats or 1}
    found: dict[Method, dict[str, Any]] = {
        Method.APPROVAL: {"limit": plan.limit or 1, **seats},
        Method.SCORE: seats,
        Method.RANKED: {"ranking": plan.ranking.value, **seats},
        Method.BUDGET: {"budget": plan.budget or 0},
    }
    tie = {} if plan.tie is Tie.FAILS else {"tie": plan.tie.value}
    return found.get(plan.method, {}) | tie


@act("vote.study", who=Can.ADMIT, requires=(in_preparation,), alone=True)
def study(
    ctx: Context, vote: Vote, *, on: date, opinion: str, letter: Picture | None = None
) -> Preparation:
    """Record that the Party organisation has studied the matter, when, and what it thinks."""
    with checking() as check:
        check.text(opinion, "opinion", limit=WORDS)
        check(on <= local_date(ctx.now), "not_yet", "on")
    row = of(ctx.session, vote.id)
    row.study_on, row.study_opinion, row.studied_by_id = on, opinion, ctx.person_id
    if letter is not None:
        files.attach(ctx, row, letter, role=Role.PAPER, public=True)
    return row


# Questions


def rule(session: Session, row: Preparation, *, together: bool = False) -> Rule:
    """The rule by which the vote is decided, as the charter has it now.

    Its constituencies are counted by themselves too, unless all are to be counted `together`.
    """
    values, vote = charter.rules(session, row.community_id), session.get_one(Vote, row.vote_id)
    tie, motion = Tie(vote.settings.get("tie", Tie.FAILS)), vote.method is Method.MOTION
    found = replace(profiles.rule(row.profile, values, row.electorate), tie=tie)
    apart = profiles.asked(vote.settings, values)
    return profiles.apart(found, row.constituencies, apart, motion=motion, together=together)


def of(session: Session, vote_id: int) -> Preparation:
    """The papers of a formal vote."""
    return session.scalars(select(Preparation).where(Preparation.vote_id == vote_id)).one()


def find(session: Session, vote_id: int) -> Preparation | None:
    """The papers of a vote, if it has any."""
    return session.scalars(select(Preparation).where(Preparation.vote_id == vote_id)).first()


def voided(session: Session, vote_ids: Iterable[int]) -> dict[int, datetime]:
    """When each of these votes was voided, those that were, in one statement."""
    found = select(Preparation).where(
        Preparation.vote_id.in_(list(vote_ids)), Preparation.voided_at.is_not(None)
    )
    return {row.vote_id: row.voided_at for row in session.scalars(found) if row.voided_at}


def plan_of(vote: Vote, row: Preparation) -> Plan:
    """What stands written, for whoever changes a part of it."""
    settings = vote.settings
    return Plan(
        title=vote.title, question=vote.question, electorate=row.electorate,
        constituencies=tuple(Constituency(one) for one in row.constituencies),
        method=vote.method, secret=vote.mode is VoteMode.SECRET, about_people=vote.about_people,
        options=tuple((one["label"], one["cost"]) for one in vote.options),
        limit=settings.get("limit"), seats=settings.get("seats"), budget=settings.get("budget"),
        ranking=Ranking(settings.get("ranking", Ranking.SCHULZE)),
        tie=Tie(settings.get("tie", Tie.FAILS)),
        arguments_for=row.arguments_for, arguments_against=row.arguments_against,
        how_to_vote=row.how_to_vote, helpers=row.helpers, legal_basis=row.legal_basis,
        remote=row.remote, paper=row.paper, previous_id=row.previous_id, opens_at=vote.opens_at,
        closes_at=vote.closes_at, extension=row.day("extension"),
    )  # fmt: skip
