"""Grounds: exactly as many must sign as the law asks, of a whole that somebody answers for."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from council import grounds, i18n
from council.errors import Invalid, NotAllowed
from council.grounds import RIGHTS, PetitionGround
from council.people import Constituency, Post
from tests.world import World


def say(line):
    return line.say(lambda key, **fields: i18n.translate("zh", key, **fields))


@given(st.sampled_from(list(PetitionGround)), st.integers(1, 50_000))
def test_no_signature_too_few_and_none_too_many(ground: PetitionGround, whole: int) -> None:
    needed = RIGHTS[ground].share.needed(whole)
    assert Fraction(needed) >= RIGHTS[ground].part * whole
    assert Fraction(needed - 1) < RIGHTS[ground].part * whole
    for got in (needed - 1, needed):
        _, line = grounds.arithmetic(ground, whole, got)
        assert line.ok is (got >= RIGHTS[ground].part * whole)


def test_the_arithmetic_is_written_out() -> None:
    needed, missing = grounds.arithmetic(PetitionGround.RESIDENTS, 4213, 380)
    assert "4,213 × 1/10 = 421.3" in say(needed)
    assert "422 人" in say(needed)
    assert "42 人" in say(missing)
    assert not missing.ok
    half, _ = grounds.arithmetic(PetitionGround.COUNCIL, 21, 0)
    assert "21 ÷ 2 = 10.5" in say(half)
    third, enough = grounds.arithmetic(PetitionGround.ASSEMBLY_DELEGATES, 45, 15)
    assert "45 × 1/3 = 15" in say(third)
    assert enough.ok


def test_the_committee_enters_how_many_adults_are_registered_with_day_and_source(
    world: World,
) -> None:
    place, lead = world.community, world.as_(Post.COMMITTEE)
    assert grounds.whole_of(world.session, place.id, PetitionGround.RESIDENTS, world.now) == 0
    with pytest.raises(NotAllowed):
        grounds.count_adults(
            world.as_("neighbour"), place, adults=1, as_of=date(2026, 5, 1), source="自己数"
        )
    with pytest.raises(Invalid) as wrong:
        grounds.count_adults(lead, place, adults=0, as_of=date(2026, 6, 1), source="")
    assert {one.field for one in wrong.value.problems} == {"adults", "as_of", "source"}
    grounds.count_adults(lead, place, adults=4000, as_of=date(2026, 1, 1), source="户籍登记")
    grounds.count_adults(lead, place, adults=4213, as_of=date(2026, 5, 1), source="户籍登记")
    assert world.acts()[-1] == "petition.count_adults"
    assert grounds.whole_of(world.session, place.id, PetitionGround.RESIDENTS, world.now) == 4213


def test_who_counts_for_which_ground(world: World) -> None:
    def able(key: Post | Constituency | str) -> set[str]:
        ctx = world.as_(key)
        return {
            one.value for one in PetitionGround if grounds.entitled(ctx, world.community.id, one)
        }

    assert able("neighbour") == {"residents", "households"}
    assert able(Post.DELEGATE) == {"residents", "households", "assembly_delegates", "delegates"}
    assert able(Post.COUNCIL_MEMBER) == {"residents", "households", "council"}
    assert able(Constituency.UNITS) == set()
    world.session.expire_all()
