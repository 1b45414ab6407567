"""A real server in a process of its own, so that a story can kill it in the middle.

`python -m tests.browser.outside URL FOLDER PORT START` serves with a clock that said START (seconds
since 1970) when this process began.
"""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import uvicorn

from council.db import Database, load_tables
from council.settings import Settings
from council.web.app import create_app
from council.web.clockwork import running
from tests.browser.town import Town

SECRET = "for tests only"


class Outside:
    """The town's server; started, killed and started again on the same port."""

    def __init__(self, town: Town, port: int) -> None:
        self.town = town
        self.port = port
        self.began = time.monotonic()
        self.process: subprocess.Popen[bytes] | None = None
        town.address = f"http://127.0.0.1:{port}"

    def now(self) -> datetime:
        """The hour on the server's clock."""
        return self.town.now + timedelta(seconds=time.monotonic() - self.began)

    def start(self) -> None:
        """Begin to serve; returns when the first page is answered."""
        settings = self.town.settings
        arguments = (settings.url, str(settings.data_dir), str(self.port))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.browser.outside", *arguments,
             str(self.now().timestamp())],
            cwd=Path(__file__).parents[2], env=dict(os.environ),
        )  # fmt: skip
        give_up = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, "the server did not start"
            assert time.monotonic() < give_up
            time.sleep(0.1)

    def kill(self) -> None:
        """As when somebody pulls the plug."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> float:
        """Ask it to end, as `systemctl stop` does; gives the seconds that it took."""
        assert self.process is not None
        start = time.monotonic()
        self.process.terminate()
        self.process.wait(timeout=20)
        return time.monotonic() - start

    def _answers(self) -> bool:
        try:
            with urlopen(f"{self.town.address}/about") as answer:
                return bool(answer.status == 200)
        except URLError:
            return False


def main(url: str, folder: str, port: str, start: str) -> None:
    """Serve until killed."""
    load_tables()
    began = time.monotonic()
    first = datetime.fromtimestamp(float(start), UTC)
    settings = Settings(data_dir=Path(folder), database_url=url, secret_key=SECRET)
    app = create_app(
        Database(url), settings, lifespan=running,
        clock=lambda: first + timedelta(seconds=time.monotonic() - began),
    )  # fmt: skip
    uvicorn.run(
        app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False,
        timeout_graceful_shutdown=5,
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
