"""The browser of the browser tests: where it is, how it starts, and how it comes onto the machine.

Run as a command (`python tests/chromium.py`) it installs one when there is none; `make test` does.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

FLAGS = (
    "--no-sandbox",  # containers run as root, and the tests visit only our own server
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

MISSING = (
    "The browser tests need Chromium. Install it (on Debian and Ubuntu: "
    "apt-get install chromium fonts-noto-cjk; elsewhere: playwright install chromium), "
    "or name one in CHROMIUM=/path/to/chromium."
)


def find() -> str | None:
    """The path of a Chromium: the one named in CHROMIUM, an installed one, or Playwright's own."""
    if named := os.environ.get("CHROMIUM"):
        return named if os.access(named, os.X_OK) else None
    for name in NAMES:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> None:
    """Install Chromium: from the system as root on Debian or Ubuntu, else through Playwright."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        get = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
        subprocess.run([*get, "update"], env=quiet, check=False)
        packages = ["chromium", "fonts-noto-cjk"]
        subprocess.run(
            [*get, "install", "--yes", "--no-install-recommends", *packages], env=quiet, check=False
        )
    # Ubuntu's own package needs snap, which a container lacks: what counts is what is there now.
    if find() is None:
        playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
        subprocess.run(playwright, check=False)


if __name__ == "__main__":
    if find() is None and "CHROMIUM" not in os.environ:
        print("Installing Chromium for the browser tests …", flush=True)
        install()
    if find() is None:
        sys.exit(MISSING)
