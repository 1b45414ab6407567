"""The wheel is complete: it serves in an empty folder, without the checkout."""

import os
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [path] = folder.glob("*.whl")
    return path


def test_the_wheel_holds_everything_that_the_checkout_serves(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        f"council/{path.relative_to(ROOT).as_posix()}"
        for folder in ("templates", "static", "alembic")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    wanted |= {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "council").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sorted(wanted - packed) == []
    assert "council/locale/zh_Hans" in {str(Path(name).parent) for name in packed}


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    packed = zipfile.ZipFile(wheel).namelist()
    assert {Path(name).parts[0] for name in packed} == {
        "council",
        f"{wheel.stem.removesuffix('-py3-none-any')}.dist-info",
    }


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel, and with the libraries of this one: no network."""
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, with_pip=False)
    [packages] = home.glob("lib/python*/site-packages")
    zipfile.ZipFile(wheel).extractall(packages)
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    return home / "bin" / "python"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer(address: str, server: subprocess.Popen[str]) -> int:
    """The status of the first answer, which may take a while to come."""
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up and server.poll() is None:
        try:
            with urlopen(address, timeout=5) as found:
                return int(found.status)
        except URLError:
            time.sleep(0.1)
    server.kill()
    pytest.fail(f"no answer from {address}: {server.communicate()[0]}")


def test_the_wheel_serves_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    port = free_port()
    # -I: neither this folder nor the environment adds anything to the path.
    command = [installed, "-I", "-m", "council", "serve", "--migrate", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if "COUNCIL" not in name}
    server = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with server:
        assert answer(f"http://127.0.0.1:{port}/healthz", server) == 200
        assert answer(f"http://127.0.0.1:{port}/proposals", server) == 200
        server.send_signal(signal.SIGINT)
        said, _ = server.communicate(timeout=20)
    assert server.returncode == 0, said
    assert (tmp_path / "var" / "council.db").exists()
