"""A community's charter, and that a running matter keeps the values it started with."""

import pytest

from council import charter
from council.errors import Invalid, NotAllowed
from council.people import Post
from council.proposals import Stage
from tests.world import World


def test_a_charter_without_entries_has_the_defaults(world: World) -> None:
    rules = charter.rules(world.session, world.community.id)
    assert rules["admission"] == "3wd"
    assert charter.count(rules, "posting_days") == 15


def test_the_administrator_sets_a_value_and_the_log_says_so(world: World) -> None:
    charter.set_value(world.as_(Post.ADMIN), world.community, key="consultation_days", value="10")
    assert charter.rules(world.session, world.community.id)["consultation_days"] == "10"
    assert world.acts()[-1] == "charter.set"


def test_the_secretary_cannot_set_a_value(world: World) -> None:
    with pytest.raises(NotAllowed):
        charter.set_value(
            world.as_(Post.PARTY_LEAD), world.community, key="consultation_days", value="10"
        )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("posting_days", "14"),  # the law says fifteen
        ("posting_days", "fifteen"),
        ("admission", "3 days"),
        ("may_skip_review", "perhaps"),
        ("nonsense", "1"),
    ],
)
def test_a_value_that_the_law_or_the_form_forbids_is_refused(
    world: World, key: str, value: str
) -> None:
    with pytest.raises(Invalid):
        charter.set_value(world.as_(Post.ADMIN), world.community, key=key, value=value)


def test_a_running_matter_keeps_the_values_it_started_with(world: World) -> None:
    matter = world.matter(Stage.SUBMITTED)
    charter.set_value(world.as_(Post.ADMIN), world.community, key="consultation_days", value="20")
    assert charter.count(matter.rules, "consultation_days") == 7


def test_the_rules_card_takes_every_value_apart(world: World) -> None:
    charter.set_value(world.as_(Post.ADMIN), world.community, key="admission", value="48h")
    card = {one.value.key: one for one in charter.card(world.session, world.community.id)}
    assert list(card) == list(charter.VALUES)
    assert (card["admission"].number, card["admission"].unit) == (48, "h")
    assert card["admission"].is_own
    assert (card["posting_days"].number, card["posting_days"].unit) == (15, "d")
    assert (card["due_soon"].unit, card["rating_shown_from"].unit) == ("wd", "")
    assert (card["may_skip_review"].text, card["may_skip_review"].number) == ("yes", 0)
