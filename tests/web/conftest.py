"""The site over a small world: a visitor's browser, and one for whoever has signed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from council import accounts, slips
from council.accounts import Newcomer
from council.people import Constituency, Post
from council.settings import Settings
from council.web.app import create_app
from tests.world import World

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "一二三 four five"


class Site:
    """The application over a world. Read with `read()`: the world's session holds the writer."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world = world
        self.settings = Settings(data_dir=folder, secret_key="for tests only")
        self.app = create_app(world.database, self.settings, clock=lambda: world.now)
        world.commit()

    def visitor(self, base_url: str = "http://testserver") -> TestClient:
        """A browser in which nobody has signed in; it follows no redirects by itself."""
        return TestClient(
            self.app, base_url=base_url, follow_redirects=False, headers=SAME_ORIGIN,
            raise_server_exceptions=False,
        )  # fmt: skip

    def account(self, key: Post | Constituency | str) -> accounts.Account:
        """The account of somebody in the world, opened at the first need; its name is the key."""
        world = self.world
        found = accounts.account_of(world.session, world.who[key])
        if found is None:
            who = Newcomer(person_id=world.who[key], constituency=None)
            found = accounts.open_account(
                world.as_(Post.ADMIN), world.community, who, name=str(key), code=slips.new_code()
            )
        world.commit()
        return found

    def as_(self, key: Post | Constituency | str, chosen: Constituency | None = None) -> TestClient:
        """A browser in which this person has signed in."""
        account, world = self.account(key), self.world
        token = accounts.sign_in(world.session, account, world.now, device="test", keep=False)
        if chosen:
            world.session.flush()
            accounts.devices(world.session, account.id, world.now)[0].chosen = chosen
        world.commit()
        client = self.visitor()
        client.cookies.set("council", token)
        return client

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees what the site has committed."""
        with self.world.database.read() as session:
            yield session


def statements(site: Site) -> list[str]:
    """A list that grows with every statement that the site's pages read with from now on."""
    seen: list[str] = []
    with site.read() as session:
        engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    return seen


@pytest.fixture
def site(world: World, tmp_path: Path) -> Iterator[Site]:
    """The site over the world, with its files in a folder of its own."""
    made = Site(world, tmp_path / "data")
    yield made
    made.app.state.hub.stop()
    made.app.state.writer.close()
