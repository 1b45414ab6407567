"""Slips: codes on paper, used once, replaced by the next; and a matter followed without account."""

import re

import pytest
from sqlalchemy import select

from council import accounts, people, slips
from council.accounts import Newcomer
from council.audit import Entry
from council.errors import NotAllowed, NotFound, NotReady
from council.people import Channel, Consent, Constituency, Post
from council.slips import Slip, SlipKind
from tests.world import World

FIRST, SECOND = "H4TM-2W8K", "PQRS-3456"


def issued(world: World, code: str = FIRST) -> Slip:
    return slips.issue(
        world.as_(Post.COMMUNITY_WORKER), world.community,
        person_id=world.who[Constituency.RESIDENTS], code=code,
    )  # fmt: skip


def matter_slip(world: World, code: str = FIRST) -> Slip:
    proposal = world.matter()
    return slips.issue_for_matter(
        world.as_(Post.COMMUNITY_WORKER), world.community, proposal_id=proposal.id,
        person_id=world.who[Constituency.RESIDENTS], code=code, channel=Channel.PHONE,
    )  # fmt: skip


# Codes


def test_a_code_has_eight_letters_that_nobody_confuses() -> None:
    codes = {slips.new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}", code) for code in codes)
    assert not set("01OIUL") & set("".join(codes))


@pytest.mark.parametrize(
    "typed",
    ["h4tm2w8k", " H4TM 2W8K ", "Ｈ４ＴＭ－２Ｗ８Ｋ", "h4tm–2w8k", "H4TM—2W8K", "h-4-t-m2w8k"],
)
def test_a_code_is_understood_however_it_is_typed(typed: str) -> None:
    assert slips.hash_of(typed) == slips.hash_of(FIRST)


# slip.issue


def test_a_worker_hands_out_a_slip_that_is_good_for_thirty_days(world: World) -> None:
    slip = issued(world)
    assert slips.find(world.session, "h4tm2w8k", SlipKind.SIGN_IN) is slip
    assert slips.is_valid(slip, world.now)
    world.wait(days=30)
    assert not slips.is_valid(slip, world.now)


def test_a_new_slip_makes_the_earlier_one_void(world: World) -> None:
    first, second = issued(world), issued(world, SECOND)
    assert not slips.is_valid(first, world.now)
    assert slips.is_valid(second, world.now)


def test_a_resident_hands_out_no_slip(world: World) -> None:
    with pytest.raises(NotAllowed):
        slips.issue(
            world.as_(Constituency.RESIDENTS), world.community,
            person_id=world.who["neighbour"], code=FIRST,
        )  # fmt: skip


def test_nobody_unknown_here_gets_a_slip(world: World) -> None:
    with pytest.raises(NotFound):
        slips.issue(world.as_(Post.ADMIN), world.community, person_id=99_999, code=FIRST)


def test_the_log_says_slip_issue_and_not_which_code(world: World) -> None:
    issued(world)
    assert world.acts()[-1] == "slip.issue"
    entry = world.session.scalars(select(Entry).order_by(Entry.idx.desc())).first()
    assert entry is not None
    assert slips.hash_of(FIRST).encode() not in entry.entry
    assert FIRST.encode() not in entry.entry


# slip.matter


def test_a_slip_for_a_matter_signs_nobody_in_and_stands_in_the_matters_log(world: World) -> None:
    slip = matter_slip(world)
    assert slips.find(world.session, FIRST, SlipKind.SIGN_IN) is None
    assert slips.find(world.session, FIRST, SlipKind.MATTER) is slip
    assert slip.consent is Consent.SPOKEN
    assert accounts.use_slip(world.session, FIRST, world.now) is None
    assert world.acts()[-1] == "slip.matter"
    entry = world.session.scalars(select(Entry).order_by(Entry.idx.desc())).first()
    assert entry is not None
    assert entry.matter_id == slip.proposal_id


def test_a_slip_for_a_matter_replaces_the_earlier_one_of_that_matter_only(world: World) -> None:
    first = matter_slip(world)
    other = matter_slip(world, SECOND)
    code = slips.issue_matter_slip(
        world.as_(Post.COMMUNITY_WORKER), world.community, first.proposal_id or 0, first.person_id
    )
    assert slips.find(world.session, code, SlipKind.MATTER)
    assert not slips.is_valid(first, world.now)
    assert slips.is_valid(other, world.now)


def test_a_resident_hands_out_no_slip_for_a_matter(world: World) -> None:
    proposal = world.matter()
    with pytest.raises(NotAllowed):
        slips.issue_for_matter(
            world.as_("neighbour"), world.community, proposal_id=proposal.id,
            person_id=world.who["neighbour"], code=FIRST,
        )  # fmt: skip


# slip.use


def with_account(world: World) -> accounts.Account:
    who = Newcomer(person_id=world.who["neighbour"], constituency=None)
    ctx = world.as_(Post.COMMUNITY_WORKER)
    return accounts.open_account(ctx, world.community, who, code=FIRST)


def test_a_slip_signs_its_holder_in_once(world: World) -> None:
    account = with_account(world)
    assert accounts.use_slip(world.session, "h4tm2w8k", world.now) is account
    assert accounts.use_slip(world.session, FIRST, world.now) is None
    assert world.acts()[-1] == "slip.use"


def test_the_log_keeps_no_hour_of_a_used_slip(world: World) -> None:
    with_account(world)
    accounts.use_slip(world.session, FIRST, world.now)
    world.commit()
    entry = world.session.scalars(select(Entry).order_by(Entry.idx.desc())).first()
    assert entry is not None
    assert b'"used_at":{"h":' in entry.entry


def test_a_slip_that_is_void_signs_nobody_in(world: World) -> None:
    account = with_account(world)
    slips.issue(world.as_(Post.ADMIN), world.community, person_id=account.person_id, code=SECOND)
    assert accounts.use_slip(world.session, FIRST, world.now) is None
    world.wait(days=30)
    assert accounts.use_slip(world.session, SECOND, world.now) is None
    assert accounts.use_slip(world.session, "NOPE-NOPE", world.now) is None


def test_a_slip_opens_no_closed_account(world: World) -> None:
    account = with_account(world)
    accounts.disable(world.as_(Post.ADMIN), account)
    assert accounts.use_slip(world.session, FIRST, world.now) is None


def test_nobody_uses_the_slip_of_somebody_else(world: World) -> None:
    slip = issued(world)
    with pytest.raises(NotReady) as refusal:
        slips.use(world.as_("neighbour"), slip)
    assert refusal.value.needs == ("own_slip",)


def test_a_used_slip_cannot_be_used_again(world: World) -> None:
    slip = issued(world)
    holder = world.nobody()
    holder.actor = people.actor(world.session, slip.person_id, world.now)
    slips.use(holder, slip)
    with pytest.raises(NotReady) as refusal:
        slips.use(holder, slip)
    assert refusal.value.needs == ("slip_still_valid",)
