"""The limits and names of the house (section 9 of the architecture), kept by a machine."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COUNCIL = ROOT / "council"
TEMPLATES = ROOT / "templates"

DOMAIN = sorted(COUNCIL.glob("*.py"))
WEB = sorted((COUNCIL / "web").glob("*.py"))
MODULES = [path for path in [*DOMAIN, *WEB] if path.name != "__init__.py"]
PAGES = sorted(TEMPLATES.rglob("*.html"))

# What carries every page, on the Python side and on the side of the templates: their tests are the
# tests of the screens.
MACHINERY = {
    *("__init__", "addresses", "app", "choices", "handler", "pages", "forms", "live"),
    *("cookies", "counter", "counts", "csrf", "floor", "formal", "look", "middleware", "reader"),
    *("finished", "hall", "photographs", "refusals", "rollcalls", "squares", "static", "waiting"),
    *("words",),
}
FRAME = {"errors", "layout", "macros"}

SCREENS = [path for path in WEB if path.stem not in MACHINERY]
PARTS = [
    path
    for path in PAGES
    if path.name.startswith("_") and path.parent != TEMPLATES and path.parent.name not in FRAME
]

# Names that say what a thing is made of instead of what it means.
HOLLOW = {"utils", "helpers", "base", "common", "schemas", "manager", "managers"}
LAYERS = {"services", "repositories", "schemas", "models", "views", "controllers"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def lines_of(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def over(paths: list[Path], limit: int) -> list[str]:
    return [f"{name_of(path)}: {lines_of(path)}" for path in paths if lines_of(path) > limit]


@cache
def words_of_tests() -> str:
    here = Path(__file__)
    return "\n".join(path.read_text("utf-8") for path in here.parent.rglob("*.py") if path != here)


def test_no_module_is_longer_than_its_limit() -> None:
    assert over(DOMAIN, 400) == []
    assert over(WEB, 300) == []


def test_no_template_and_no_script_is_longer_than_its_limit() -> None:
    assert over(PAGES, 120) == []
    assert over(sorted((ROOT / "static").glob("council.js")), 200) == []


def test_no_function_is_longer_than_forty_lines() -> None:
    long = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= 40
    ]
    assert long == []


def test_nothing_is_named_after_a_layer() -> None:
    hollow = [name_of(path) for path in MODULES if path.stem in HOLLOW]
    layers = [name_of(path) for path in COUNCIL.rglob("*") if path.is_dir() and path.name in LAYERS]
    assert hollow + layers == []


def test_the_architecture_names_each_module_once() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    named = {path: text.count(f"`{path.relative_to(COUNCIL).as_posix()}`") for path in MODULES}
    assert {name_of(path): times for path, times in named.items() if times != 1} == {}


def declares_acts(path: Path) -> bool:
    return re.search(r"^@(?:gate\.)?act\(", path.read_text("utf-8"), re.MULTILINE) is not None


def test_a_noun_with_acts_has_its_test() -> None:
    nouns = [path.stem for path in DOMAIN if declares_acts(path)]
    assert [noun for noun in nouns if not (ROOT / f"tests/test_{noun}.py").exists()] == []


def test_a_screen_has_its_test() -> None:
    nouns = [path.stem for path in SCREENS]
    assert [noun for noun in nouns if not (ROOT / f"tests/web/test_{noun}.py").exists()] == []


def test_screens_do_not_import_each_other() -> None:
    names = {path.stem for path in SCREENS}
    pattern = r"^\s*(?:from council\.web import (.+)|(?:from|import) council\.web\.(\w+))"
    for path in SCREENS:
        found = re.findall(pattern, path.read_text("utf-8"), re.MULTILINE)
        imported = set(re.findall(r"\w+", " ".join(" ".join(pair) for pair in found)))
        assert imported & names == set(), name_of(path)


def test_a_folder_of_templates_has_its_screen() -> None:
    folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir()} - FRAME
    assert [name for name in folders if not (COUNCIL / f"web/{name}.py").exists()] == []


def test_every_act_and_transition_is_mentioned_in_a_test() -> None:
    for path in MODULES:
        if path.stem != "__main__":
            import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    acts = import_module("council.gate").ACTS
    tested = set(re.findall(r"\b\w+\.\w+\b", words_of_tests()))
    assert sorted(set(acts) - tested) == []


class Roots(HTMLParser):
    """Collects the outermost elements of a piece of HTML, and text that stands outside of any."""

    VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "source", "wbr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.depth = 0
        self.roots: list[dict[str, str | None]] = []
        self.loose = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.depth == 0:
            self.roots.append(dict(attrs))
        if tag not in self.VOID:
            self.depth += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.depth == 0:
            self.roots.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            self.depth -= 1

    def handle_data(self, data: str) -> None:
        if self.depth == 0:
            self.loose += data.strip()


def without_jinja(text: str) -> str:
    """The HTML of a template: statements gone, every expression a letter."""
    text = re.sub(r"\{%-?\s*set \w+\s*-?%\}.*?endset\s*-?%\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", text, flags=re.DOTALL)
    return re.sub(r"\{\{.*?\}\}", "x", text, flags=re.DOTALL)


@pytest.mark.parametrize(
    ("part", "roots"),
    [
        ('{% from "a" import b %}\n<li id="x-{{ n }}">{{ b("<p>") }}<br></li>', 1),
        ('<li id="a"></li><li id="b"></li>', 2),
        ('{% if n %}<img id="a" alt="">{% endif %}', 1),
        ('{% set kept %}<i>{{ n }}</i>{% endset %}<p id="a">{{ kept }}</p>', 1),
    ],
)
def test_the_roots_of_a_part_are_counted(part: str, roots: int) -> None:
    assert len(Roots(without_jinja(part)).roots) == roots


def test_a_part_is_one_element_with_an_id() -> None:
    flawed = {}
    for path in PARTS:
        part = Roots(without_jinja(path.read_text("utf-8")))
        if len(part.roots) != 1 or not part.roots[0].get("id") or part.loose or part.depth:
            flawed[name_of(path)] = (part.roots, part.loose, part.depth)
    assert flawed == {}


FORBIDDEN_IN_TEMPLATES = {
    "a style outside the style sheets": r"<style\b|\sstyle\s*=",
    "a script outside council.js": r"<script\b(?![^>]*\ssrc=)|\s(?:hx-)?on[a-z:-]*\s*=\s*[\"']",
    "an address that runs a script": r"[\"']\s*javascript:",
    # Stored, cleaned HTML is printed by said_html(), a function, so that one place has to be right.
    "escaping switched off": r"\|\s*safe\b|\{%-?\s*autoescape\b",
}


def found_in_templates(pattern: str) -> Iterator[str]:
    for path in PAGES:
        text = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.DOTALL)
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield f"{name_of(path)}: {match.group().strip()}"


@pytest.mark.parametrize("what", FORBIDDEN_IN_TEMPLATES)
def test_no_template_carries(what: str) -> None:
    assert list(found_in_templates(FORBIDDEN_IN_TEMPLATES[what])) == []


def test_every_setting_is_documented() -> None:
    fields = import_module("council.settings").Settings.model_fields
    text = (ROOT / "docs/operate.md").read_text("utf-8")
    assert [name for name in fields if f"COUNCIL_{name.upper()}" not in text] == []


@cache
def tracked() -> list[Path]:
    """The files under version control, or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_names_a_path_of_some_machine() -> None:
    pattern = re.compile(rb"(?<![\w.}/-])/(?:work|root|home/\w+|Users/\w+)/")
    named = [name_of(path) for path in tracked() if pattern.search(path.read_bytes())]
    assert named == []


def test_the_pinned_versions_name_no_place_to_fetch_them_from() -> None:
    for name in ("constraints.txt", "requirements.txt"):
        text = (ROOT / name).read_text("utf-8")
        assert "://" not in text
        assert "file:" not in text
        assert not re.search(r"^-", text, re.MULTILINE), f"{name} carries an option"
        assert not re.search(r"^[^ ].*[^\\]$", text, re.MULTILINE), f"{name}: one without a hash"
    assert ROOT / "uv.lock" not in tracked()


def test_the_server_runs_on_what_the_tests_ran_on() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text("utf-8"), re.MULTILINE))

    assert pins("requirements.txt") <= pins("constraints.txt")


def test_the_migrations_do_not_hide_the_library() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()
