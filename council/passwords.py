"""Passwords: which ones are refused, and how they are kept and compared (OWASP ASVS 5.0, 6.2)."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from passlib.hash import argon2

from council.errors import TooMany, checking

R = TypeVar("R")

SHORTEST, LONGEST = 8, 128
"""Characters; a passphrase of several words fits. No rule says which characters."""

AT_ONCE = 2
PATIENCE = 10.0
"""Seconds that a request waits for its turn: a hash takes 19 MiB and some 40 ms."""

_turns = threading.BoundedSemaphore(AT_ONCE)

# Loaded now, and not by the first of two threads that sign in: passlib's lazy loading is not safe.
argon2.set_backend("argon2_cffi")
_argon2 = argon2.using(type="ID", memory_cost=19456, time_cost=2, parallelism=1)


@cache
def common() -> frozenset[str]:
    """Passwords that many people use; they are the first that an attacker tries."""
    words = (Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(words.split())


@dataclass(frozen=True)
class Hashed:
    """A password that was accepted, as it is kept; made before the write transaction opens."""

    value: str


def accept(password: str, name: str = "") -> Hashed:
    """Check a new password for the account `name` and hash it (slow, some 40 ms).

    Spaces and every other character are kept as typed. Raises Invalid.
    """
    plain = password.casefold()
    with checking() as check:
        if (
            check(password, "empty", "password")
            and check(len(password) >= SHORTEST, "too_short", "password", least=SHORTEST)
            and check.text(password, "password", limit=LONGEST)
        ):
            usual = plain in common() or len(set(plain)) < 3
            check(not usual, "common_password", "password")
            check(not name or name.casefold() not in plain, "holds_name", "password")
    return Hashed(_in_turn(lambda: str(_argon2.hash(password))))


def matches(password: str, kept: str | None) -> bool:
    """Whether this is the kept password; takes as long when there is none to compare with."""
    if len(password) > LONGEST:
        password = ""
    right = _in_turn(lambda: bool(_argon2.verify(password, kept or _dummy())))
    return right and kept is not None


@cache
def _dummy() -> str:
    """A hash that no password has, for accounts that do not exist."""
    return str(_argon2.hash("\0"))


def _in_turn(work: Callable[[], R]) -> R:
    """Run one of at most two hashes at once. Raises TooMany when the queue does not move."""
    if not _turns.acquire(timeout=PATIENCE):
        raise TooMany("busy", int(PATIENCE))
    try:
        return work()
    finally:
        _turns.release()
