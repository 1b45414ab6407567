"""Keepers of a sealed ballot box: any two open it together after the close, no one alone."""

from dataclasses import dataclass
from secrets import token_bytes

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from council import people, sealing, slips
from council.db import PLAIN, Base, Governed
from council.errors import Invalid, Problem, checking
from council.gate import Context, act
from council.people import Byline
from council.policy import HOLDERS, Can
from council.preparations import PREPARING
from council.sealing import Pair, Unreadable
from council.votes import BEFORE_OPENING, Vote, VoteMode

SEALED, KEY, OPENED = "sealed", "key", "opened"
"""Settings of a vote: whether its box is sealed, with which key, and that it was opened."""

NEEDED = 2
"""Keepers who open a box together."""

MOST = 7
"""Keepers of one box."""

LETTERS = 16
"""Characters of a keeper's code: 78 bits."""


class Keeper(Governed, Base):
    """Somebody who keeps a box shut. Their code is kept nowhere; only the key that it gives."""

    __tablename__ = "keeper"
    __table_args__ = (
        UniqueConstraint("vote_id", "person_id"),
        UniqueConstraint("vote_id", "number"),
    )
    community_id: Mapped[int] = mapped_column(ForeignKey("place.id"))
    proposal_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    vote_id: Mapped[int] = mapped_column(ForeignKey("vote.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    number: Mapped[int]
    salt: Mapped[str] = mapped_column(info=PLAIN)
    public: Mapped[str] = mapped_column(info=PLAIN)
    share: Mapped[str] = mapped_column(default="", info=PLAIN)


# Requirements


def box_to_be_sealed(ctx: Context, vote: Vote) -> bool:
    """It is a secret vote whose ballots will be sealed until the count, and it has not opened."""
    return vote.mode is VoteMode.SECRET and is_sealed(vote) and vote.stage in BEFORE_OPENING


def box_not_yet_announced(ctx: Context, vote: Vote) -> bool:
    """It is a secret vote whose notice has not gone out yet."""
    return vote.mode is VoteMode.SECRET and vote.stage in PREPARING


def not_yet_keeper(ctx: Context, vote: Vote) -> bool:
    """Each keeper keeps the box once, and a box has at most seven."""
    me = ctx.actor.person_id if ctx.actor else None
    found = of(ctx.session, vote.id)
    return len(found) < MOST and all(one.person_id != me for one in found)


def keepers_ready(ctx: Context, vote: Vote) -> bool:
    """A sealed ballot box has at least two keepers."""
    sealed = vote.mode is VoteMode.SECRET and is_sealed(vote)
    return not sealed or len(of(ctx.session, vote.id)) >= NEEDED


# Acts


@act("box.choose", who=Can.CONVENE, requires=(box_not_yet_announced,), alone=True)
def choose(ctx: Context, vote: Vote, *, sealed: bool) -> None:
    """Decide whether the ballots lie sealed until two keepers open the box."""
    vote.settings = {**vote.settings, SEALED: sealed}


@act("keeper.take", who=Can.COUNT, requires=(box_to_be_sealed, not_yet_keeper), alone=True)
def take(ctx: Context, vote: Vote, *, code: str) -> Keeper:
    """Become a keeper of the ballot box with a code that nobody else knows."""
    salt = token_bytes(16)
    key = sealing.keeper_pair(slips.normal(code), salt)
    made = Keeper(
        community_id=vote.community_id, proposal_id=vote.proposal_id, vote_id=vote.id,
        person_id=ctx.person_id, number=len(of(ctx.session, vote.id)) + 1, salt=salt.hex(),
        public=key.public.hex(),
    )  # fmt: skip
    ctx.session.add(made)
    return made


# The box: called when it opens, inside the act that opens it, and when it is counted


def shut(ctx: Context, vote: Vote) -> None:
    """Make the key of the box and split its secret half; whole, it is kept nowhere."""
    pair = sealing.new_pair()
    keepers = of(ctx.session, vote.id)
    shares = sealing.split(pair.secret, len(keepers))
    for keeper, share in zip(keepers, shares, strict=True):
        sealed = sealing.seal(bytes.fromhex(keeper.public), _about(vote.id), share)
        keeper.share = sealed.hex()
    vote.settings = {**vote.settings, KEY: pair.public.hex()}


def note_opened(vote: Vote) -> None:
    """Note that the openings can be read from here on."""
    vote.settings = {**vote.settings, OPENED: True}


def seal(vote: Vote, plain: bytes) -> bytes:
    """An opening as the box keeps it."""
    public = bytes.fromhex(vote.settings[KEY])
    return sealing.seal(public, _about(vote.id), sealing.filled(plain))


def unseal(vote: Vote, pair: Pair, sealed: bytes) -> bytes:
    """An opening again. Raises Unreadable."""
    return sealing.unseal(pair, _about(vote.id), sealed).rstrip(b" ")


@dataclass(frozen=True)
class Code:
    """What a keeper types: their number and the code."""

    number: int
    code: str


def key_of(session: Session, vote: Vote, codes: tuple[Code, Code]) -> Pair:
    """The key of the box from two keepers' codes. Raises Invalid, naming the code that is wrong."""
    known = {one.number: one for one in of(session, vote.id)}
    shares: list[tuple[int, bytes]] = []
    with checking() as check:
        for field, one in zip(("code1", "code2"), codes, strict=True):
            share = _share(vote.id, known.get(one.number), one.code)
            if check(share is not None, "keeper_code_wrong", field) and share is not None:
                shares.append((one.number, share))
        check(codes[0].number != codes[1].number, "keepers_the_same", "code2")
    try:
        pair = sealing.joined(*shares)
    except Unreadable as error:
        raise Invalid(Problem("keeper_code_wrong", "code1")) from error
    if pair.public.hex() != vote.settings.get(KEY):
        raise Invalid(Problem("keeper_code_wrong", "code1"))
    return pair


def _share(vote_id: int, keeper: Keeper | None, code: str) -> bytes | None:
    if keeper is None:
        return None
    pair = sealing.keeper_pair(slips.normal(code), bytes.fromhex(keeper.salt))
    try:
        return sealing.unseal(pair, _about(vote_id), bytes.fromhex(keeper.share))
    except Unreadable:
        return None


def _about(vote_id: int) -> bytes:
    return f"vote {vote_id}".encode()


# Questions


def is_sealed(vote: Vote) -> bool:
    """Whether the openings of this vote lie sealed until two keepers open the box."""
    return bool(vote.settings.get(SEALED))


def is_shut(vote: Vote) -> bool:
    """Whether the box still waits for its keepers."""
    return is_sealed(vote) and not vote.settings.get(OPENED)


def new_code() -> str:
    """A fresh code in four groups, to be shown once."""
    return "-".join(slips.new_code() for _ in range(LETTERS // slips.LENGTH))


def faces(session: Session, vote: Vote) -> list[tuple[int, Byline]]:
    """Who keeps a box, as the public sees them: by number and office (three statements)."""
    found = of(session, vote.id)
    ids, posts = [one.person_id for one in found], HOLDERS[Can.COUNT].posts
    shown = people.officers(session, vote.community_id, ids, posts)
    return [(one.number, shown.get(one.person_id, Byline(None, 0))) for one in found]


def of(session: Session, vote_id: int) -> list[Keeper]:
    """The keepers of a vote's box, by number."""
    found = select(Keeper).where(Keeper.vote_id == vote_id).order_by(Keeper.number)
    return list(session.scalars(found))
