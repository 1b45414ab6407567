"""Postings: the decision and the result of a matter hang on the board for at least fifteen days."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from council import calendar, charter, notices
from council.errors import Checks, checking
from council.files import Photo, Role
from council.gate import Context, act
from council.i18n import number, translate
from council.notices import Notice, NoticeKind
from council.policy import Can
from council.proposals import Proposal, Stage

TITLE, BODY = 60, 5000

# Requirements


def is_decided(ctx: Context, proposal: Proposal) -> bool:
    """The matter has been adopted."""
    return proposal.stage in {Stage.ADOPTED, Stage.IN_PROGRESS}


def awaits_acceptance(ctx: Context, proposal: Proposal) -> bool:
    """Every task has been accepted and the result has not been declared yet."""
    return proposal.stage is Stage.AWAITING_ACCEPTANCE


def decision_posted(ctx: Context, proposal: Proposal) -> bool:
    """The decision has been posted on the board."""
    return notices.posted(ctx.session, proposal.id, NoticeKind.DECISION) is not None


def decision_not_posted(ctx: Context, proposal: Proposal) -> bool:
    """The decision has not been posted yet."""
    return not decision_posted(ctx, proposal)


def result_posted(ctx: Context, proposal: Proposal) -> bool:
    """The result has been posted on the board, with photographs and costs."""
    return notices.posted(ctx.session, proposal.id, NoticeKind.RESULT) is not None


def result_not_posted(ctx: Context, proposal: Proposal) -> bool:
    """The result has not been posted yet."""
    return not result_posted(ctx, proposal)


def has_after_photo(ctx: Context, proposal: Proposal) -> bool:
    """A photograph shows the place as it is now."""
    found = select(Photo.id).where(
        Photo.proposal_id == proposal.id, Photo.role == Role.AFTER, Photo.public.is_(True)
    )
    return ctx.session.scalars(found.limit(1)).first() is not None


# Acts


@dataclass(frozen=True)
class Words:
    """What a notice says; `board` is where it hangs on paper."""

    title: str
    body: str
    board: str = ""

    def check(self, check: Checks) -> None:
        """Note what is missing or too long."""
        check.text(self.title, "title", limit=TITLE)
        check.text(self.body, "body", limit=BODY)
        check.text(self.board, "board", limit=TITLE, required=False)


@act("decision.post", who=Can.PUBLISH, requires=(is_decided, decision_not_posted))
def post_decision(ctx: Context, proposal: Proposal, *, words: Words) -> Notice:
    """Put the decision on the board; residents may object and ask while it hangs there."""
    with checking() as check:
        words.check(check)
    return _post(ctx, proposal, NoticeKind.DECISION, words)


@act(
    "result.post",
    who=Can.PUBLISH,
    requires=(awaits_acceptance, has_after_photo, result_not_posted),
)
def post_result(
    ctx: Context, proposal: Proposal, *, words: Words, planned: Decimal, actual: Decimal
) -> Notice:
    """Put the result on the board: what was done, and what it cost beside what was planned."""
    with checking() as check:
        words.check(check)
        check(planned >= 0, "not_a_number", "planned")
        check(actual >= 0, "not_a_number", "actual")
    costs = translate("zh", "notice.costs", planned=_yuan(planned), actual=_yuan(actual))
    told = Words(words.title, f"{words.body}\n\n{costs}", words.board)
    return _post(ctx, proposal, NoticeKind.RESULT, told)


# Private helpers


def _post(ctx: Context, proposal: Proposal, kind: NoticeKind, words: Words) -> Notice:
    values = charter.rules(ctx.session, proposal.community_id) | proposal.rules
    calendar.meet(ctx, proposal, f"post_{kind.value}")
    return notices.post(
        ctx, proposal, kind, title=words.title, body=words.body, board=words.board,
        days=charter.count(values, "posting_days"), proposal_id=proposal.id,
    )  # fmt: skip


def _yuan(amount: Decimal) -> str:
    """18,600 or 18,600.50."""
    whole, cents = divmod(amount, 1)
    return number(int(whole)) + (f"{cents:.2f}"[1:] if cents else "")
