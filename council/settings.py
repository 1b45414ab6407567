"""What the operator decides: read from the environment, each value with its source."""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The settings of the contract; docs/operate.md explains each of them."""

    model_config = SettingsConfigDict(env_prefix="COUNCIL_", frozen=True)

    data_dir: Path = Path("var")
    database_url: str = ""
    secret_key: str = ""
    log_key: str = ""
    log_origin: str = "council.example/log"
    base_url: str = ""
    timezone: str = "Asia/Shanghai"
    locale: str = "zh_Hans"
    smtp_url: str = ""
    mail_from: str = ""
    debug: bool = False

    @property
    def url(self) -> str:
        """The database's address: the setting, else an SQLite file in the data folder."""
        return self.database_url or f"sqlite:///{self.data_dir}/council.db"

    @property
    def files_dir(self) -> Path:
        """Where photographs lie, named by the SHA-256 of their bytes."""
        return self.data_dir / "files"

    @property
    def checkpoint_file(self) -> Path:
        """The last signed checkpoint, kept outside the database on purpose."""
        return self.data_dir / "checkpoint"

    def secret(self) -> bytes:
        """The key that signs forms and links; made in the data folder at the first start."""
        if self.secret_key:
            return self.secret_key.encode()
        return _kept(self.data_dir / "secret.key")

    def log_seed(self) -> bytes:
        """The 32-byte Ed25519 seed of the log's key: given as hex, as a path, or made once."""
        if self.log_key and not Path(self.log_key).exists():
            return bytes.fromhex(self.log_key)
        return _kept(Path(self.log_key) if self.log_key else self.data_dir / "log.key")

    def source(self, name: str) -> str:
        """Where the value of a setting comes from: `environment` or `default`."""
        return "environment" if f"COUNCIL_{name.upper()}" in os.environ else "default"


def _kept(path: Path) -> bytes:
    """Read the 32 bytes kept at `path` in hex, making them once, readable by the owner only.

    They take their name when they are written whole: who comes at the same moment reads no half.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent) as new:
            new.write(secrets.token_hex(32))
            new.flush()
            with suppress(FileExistsError):
                os.link(new.name, path)
    return bytes.fromhex(path.read_text().strip())
