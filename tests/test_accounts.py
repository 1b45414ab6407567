"""Accounts: opening, passwords, signing in, devices, and how often one may fail."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from council import accounts, passwords, people, slips
from council.accounts import Account, Attempt, Newcomer, SignIn
from council.audit import Entry
from council.errors import Invalid, NotAllowed, NotFound, NotReady, TooMany
from council.people import Alias, Constituency, Membership, Person, Post
from council.slips import SlipKind
from tests.world import World

CODE = "H4TM-2W8K"
GOOD = passwords.accept("三个 字 加 empty words")


def opened(world: World, *, name: str = "", code: str = CODE, **who: object) -> Account:
    newcomer = Newcomer(**{"name": "王芳", **who})
    return accounts.open_account(
        world.as_(Post.COMMUNITY_WORKER), world.community, newcomer, name=name, code=code
    )


def own(world: World, account: Account):
    ctx = world.nobody()
    ctx.actor = people.actor(world.session, account.person_id, world.now, account_id=account.id)
    return ctx


def wrong(refusal: pytest.ExceptionInfo[Invalid]) -> set[tuple[str, str]]:
    return {(one.field, one.key) for one in refusal.value.problems}


# account.open


def test_a_worker_opens_an_account_with_person_number_membership_and_slip(world: World) -> None:
    account = opened(world, born=1958)
    session = world.session
    face = session.scalars(select(Alias).where(Alias.person_id == account.person_id)).one()
    member = session.scalars(
        select(Membership).where(Membership.person_id == account.person_id)
    ).one()
    slip = slips.find(session, CODE, SlipKind.SIGN_IN)
    assert account.name == f"u{face.number:04d}"
    assert account.password_hash is None
    assert member.constituency is Constituency.RESIDENTS
    assert slip is not None
    assert slip.person_id == account.person_id
    assert session.get_one(Person, account.person_id).born == 1958


def test_an_account_can_be_opened_for_somebody_the_council_knows(world: World) -> None:
    known = world.who[Constituency.PARTY]
    first = opened(world, person_id=known, constituency=Constituency.PARTY)
    second = opened(world, person_id=known, constituency=None, code="2222-3333")
    assert first.person_id == second.person_id == known
    assert first.name != second.name
    found = select(Membership).where(Membership.person_id == known)
    assert len(world.session.scalars(found).all()) == 1


def test_a_resident_cannot_open_an_account(world: World) -> None:
    ctx = world.as_(Constituency.RESIDENTS)
    with pytest.raises(NotAllowed):
        accounts.open_account(ctx, world.community, Newcomer(name="王芳"), code=CODE)


def test_everything_wrong_with_a_newcomer_is_said_at_once(world: World) -> None:
    opened(world, name="wang")
    with pytest.raises(Invalid) as refusal:
        accounts.open_account(
            world.as_(Post.COMMUNITY_WORKER), world.community,
            Newcomer(name=" ", born=1700, constituency=Constituency.UNITS, building_id=99),
            name="WANG", code="2222-3333",
        )  # fmt: skip
    assert wrong(refusal) == {
        ("person", "empty"), ("born", "not_a_year"), ("unit", "not_chosen"),
        ("building", "not_a_choice"), ("account", "account_taken"),
    }  # fmt: skip


@pytest.mark.parametrize("name", ["a", "with space", "at@home", "a/b", "x" * 41, "zero\0"])
def test_an_odd_account_name_is_refused(world: World, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        opened(world, name=name)
    assert wrong(refusal) == {("account", "account_name")}


def test_the_log_knows_that_account_open_happened_and_neither_name_nor_code(world: World) -> None:
    opened(world, name="wangfang")
    assert world.acts()[-1] == "account.open"
    entry = world.session.scalars(select(Entry).order_by(Entry.idx.desc())).first()
    assert entry is not None
    for private in ("wangfang", "王芳", CODE, slips.hash_of(CODE)):
        assert private.encode() not in entry.entry


# account.set_password


def test_somebody_chooses_a_password_and_signs_in_with_it(world: World) -> None:
    account = opened(world, name="Wang.Fang")
    accounts.set_password(own(world, account), account, GOOD)
    world.session.flush()
    found = accounts.verified(world.session, " WANG.fang ", "三个 字 加 empty words")
    assert found is account
    assert accounts.verified(world.session, "wang.fang", "三个字加 empty words") is None
    assert world.acts()[-1] == "account.set_password"


def test_nobody_chooses_a_password_for_somebody_else(world: World) -> None:
    account = opened(world)
    for other in (Post.COMMUNITY_WORKER, Post.ADMIN, Constituency.RESIDENTS):
        with pytest.raises(NotReady) as refusal:
            accounts.set_password(world.as_(other), account, GOOD)
        assert "own_account" in refusal.value.needs
    with pytest.raises(NotAllowed):
        accounts.set_password(world.nobody(), account, GOOD)


def test_a_closed_account_gets_no_new_password(world: World) -> None:
    account = opened(world)
    accounts.disable(world.as_(Post.ADMIN), account)
    with pytest.raises(NotReady) as refusal:
        accounts.set_password(own(world, account), account, GOOD)
    assert refusal.value.needs == ("account_enabled",)


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", "empty"), ("1234567", "too_short"), ("x" * 129, "too_long"),
        ("5201314woaini", "common_password"), ("WOAINI1314", "common_password"),
        ("88888888", "common_password"), ("1212121212121212", "common_password"),
        ("my-wangfang-2026", "holds_name"),
    ],
)  # fmt: skip
def test_a_weak_password_is_refused(password: str, problem: str) -> None:
    with pytest.raises(Invalid) as refusal:
        passwords.accept(password, "wangfang")
    assert wrong(refusal) == {("password", problem)}


@pytest.mark.parametrize("password", ["correct horse battery", "我 家 住 三 号 楼 啊", "x7q" * 21])
def test_a_long_password_needs_no_mixture_of_characters(password: str) -> None:
    assert passwords.matches(password, passwords.accept(password).value)


def test_spaces_in_a_password_count() -> None:
    kept = passwords.accept(" vier worte in reihe ").value
    assert passwords.matches(" vier worte in reihe ", kept)
    assert not passwords.matches("vier worte in reihe", kept)


def test_the_list_of_common_passwords_is_long_enough_and_folded() -> None:
    words = passwords.common()
    assert len(words) >= 200
    assert all(word == word.casefold() and len(word) >= 8 for word in words)


# account.disable and account.enable


def test_closing_an_account_signs_it_out_and_opening_it_again_lets_it_in(world: World) -> None:
    account = opened(world)
    accounts.set_password(own(world, account), account, GOOD)
    token = accounts.sign_in(world.session, account, world.now, device="phone", keep=False)
    world.session.flush()
    assert accounts.current(world.session, token, world.now)
    accounts.disable(world.as_(Post.COMMUNITY_WORKER), account)
    world.session.flush()
    assert accounts.current(world.session, token, world.now) is None
    assert accounts.verified(world.session, account.name, "三个 字 加 empty words") is None
    accounts.enable(world.as_(Post.ADMIN), account)
    world.session.flush()
    assert accounts.current(world.session, token, world.now) is None
    assert accounts.verified(world.session, account.name, "三个 字 加 empty words") is account
    assert world.acts()[-2:] == ["account.disable", "account.enable"]


def test_a_resident_can_neither_close_nor_open_an_account(world: World) -> None:
    account = opened(world)
    with pytest.raises(NotAllowed):
        accounts.disable(world.as_(Constituency.RESIDENTS), account)
    accounts.disable(world.as_(Post.ADMIN), account)
    with pytest.raises(NotAllowed):
        accounts.enable(world.as_(Constituency.RESIDENTS), account)


def test_an_account_is_closed_and_opened_once(world: World) -> None:
    account = opened(world)
    with pytest.raises(NotReady) as refusal:
        accounts.enable(world.as_(Post.ADMIN), account)
    assert refusal.value.needs == ("account_disabled",)
    accounts.disable(world.as_(Post.ADMIN), account)
    with pytest.raises(NotReady) as refusal:
        accounts.disable(world.as_(Post.ADMIN), account)
    assert refusal.value.needs == ("account_enabled",)


# Devices


def test_a_device_stays_signed_in_for_half_a_day_or_for_thirty(world: World) -> None:
    account = opened(world)
    short = accounts.sign_in(world.session, account, world.now, device="", keep=False)
    long = accounts.sign_in(world.session, account, world.now, device="", keep=True)
    world.session.flush()
    later = world.now + timedelta(hours=12)
    assert accounts.current(world.session, short, later - timedelta(seconds=1))
    assert accounts.current(world.session, short, later) is None
    assert accounts.current(world.session, long, later)
    assert accounts.current(world.session, long, world.now + timedelta(days=30)) is None


def test_the_database_holds_no_token(world: World) -> None:
    token = accounts.sign_in(world.session, opened(world), world.now, device="x" * 999, keep=False)
    world.session.flush()
    row = world.session.scalars(select(SignIn)).one()
    assert token not in (row.token_hash, row.device)
    assert len(row.device) == 200


def test_one_signs_out_other_devices_of_ones_own_only(world: World) -> None:
    session, account, other = world.session, opened(world), opened(world, code="2222-3333")
    tokens = [
        accounts.sign_in(session, one, world.now, device="", keep=False)
        for one in (account, account, other)
    ]
    session.flush()
    first, second, foreign = (accounts.current(session, token, world.now) for token in tokens)
    assert first
    assert second
    assert foreign
    assert {one.id for one in accounts.devices(session, account.id, world.now)} == {
        first.id, second.id,
    }  # fmt: skip
    with pytest.raises(NotFound):
        accounts.revoke(session, foreign.id, account.id, world.now)
    accounts.revoke(session, second.id, account.id, world.now)
    accounts.sign_out(session, tokens[0], world.now)
    session.flush()
    assert accounts.devices(session, account.id, world.now) == []
    assert accounts.current(session, tokens[2], world.now)


def test_a_device_remembers_the_chosen_capacity(world: World) -> None:
    world.join(Constituency.PARTY, Constituency.RESIDENTS)
    account = opened(world, person_id=world.who[Constituency.PARTY], constituency=None)
    token = accounts.sign_in(world.session, account, world.now, device="", keep=False)
    world.session.flush()
    here = accounts.current(world.session, token, world.now)
    assert here
    accounts.choose_capacity(world.session, here.id, Constituency.RESIDENTS)
    world.session.flush()
    again = accounts.current(world.session, token, world.now)
    assert again
    assert again.chosen is Constituency.RESIDENTS


def test_signing_in_leaves_no_trace_in_the_public_log(world: World) -> None:
    account = opened(world)
    before = world.acts()
    token = accounts.sign_in(world.session, account, world.now, device="phone", keep=False)
    world.session.flush()
    here = accounts.current(world.session, token, world.now)
    assert here
    accounts.seen(world.session, here.id, world.now)
    accounts.sign_out(world.session, token, world.now)
    accounts.failed(world.session, accounts.subjects("x", "10.0.0.1"), world.now)
    assert world.acts() == before


# Attempts


def test_ten_failures_stop_an_account_for_a_quarter_of_an_hour_only(
    world: World,
) -> None:
    session, counted = world.session, accounts.subjects("wang", "10.0.0.1")
    for _ in range(accounts.PER_ACCOUNT):
        accounts.check_attempts(session, counted, world.now)
        accounts.failed(session, counted, world.now)
        session.flush()
    with pytest.raises(TooMany) as refusal:
        accounts.check_attempts(session, accounts.subjects(" WANG", "10.9.9.9"), world.now)
    assert refusal.value.seconds == accounts.WINDOW.total_seconds()
    accounts.check_attempts(session, accounts.subjects("li", "10.0.0.1"), world.now)
    world.wait(minutes=15)
    accounts.check_attempts(session, counted, world.now)


def test_fifty_failures_stop_an_address_whatever_the_names(world: World) -> None:
    session = world.session
    for number in range(accounts.PER_ADDRESS):
        accounts.failed(session, accounts.subjects(f"name{number}", "10.0.0.1"), world.now)
    session.flush()
    with pytest.raises(TooMany):
        accounts.check_attempts(session, accounts.subjects("new", "10.0.0.1"), world.now)
    accounts.check_attempts(session, accounts.subjects("new", "10.0.0.2"), world.now)


def test_attempts_are_forgotten_and_hold_neither_name_nor_address(world: World) -> None:
    session = world.session
    accounts.failed(session, accounts.subjects("wang", "10.0.0.1"), world.now)
    session.flush()
    kept = "".join(session.scalars(select(Attempt.subject)))
    assert "wang" not in kept
    assert "10.0.0.1" not in kept
    world.wait(minutes=16)
    accounts.failed(session, accounts.subjects("li", "10.0.0.1"), world.now)
    session.flush()
    assert len(session.scalars(select(Attempt)).all()) == 2


def test_an_unknown_name_costs_as_much_as_a_wrong_password(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = opened(world, name="wang")
    accounts.set_password(own(world, account), account, GOOD)
    world.session.flush()
    hashed: list[str] = []
    verify = passwords._argon2.verify
    monkeypatch.setattr(
        passwords._argon2, "verify", lambda *given: hashed.append(given[1]) or verify(*given)
    )
    assert accounts.verified(world.session, "wang", "wrong wrong") is None
    assert accounts.verified(world.session, "nobody", "wrong wrong") is None
    assert [value.split("$")[3] for value in hashed] == ["m=19456,t=2,p=1"] * 2


# By number


def test_a_person_is_found_by_public_number(world: World) -> None:
    face = world.session.scalars(
        select(Alias).where(Alias.person_id == world.who["neighbour"])
    ).one()
    found = accounts.resolve_person(world.session, world.community.id, face.number, world.now)
    assert found.person_id == world.who["neighbour"]
    assert found.capacity(world.community.id) is Constituency.RESIDENTS
    with pytest.raises(Invalid):
        accounts.resolve_person(world.session, world.community.id, 99999, world.now)
