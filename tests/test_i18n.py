"""Both languages are complete: every sentence, enum, act, requirement and refusal has its words."""

import ast
import pkgutil
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest
import sqlalchemy as sa
from babel.messages.pofile import read_po
from jinja2 import nodes

import council
from council import gate, i18n
from council.db import Base, Database, load_tables
from council.policy import Can
from council.settings import Settings
from council.web import pages, words
from council.web.app import create_app

ROOT = Path(__file__).parent.parent
SPEAKING = {"_", "N_", "gettext", "ngettext", "say", "in_other", "Phrase"}
"""Functions whose first argument is a message."""
REFUSALS = {"NotFound", "NotAllowed", "NotReady", "TooMany", "Problem", "SignInNeeded"}
FAMILIES = {"stage.": 25, "road.": 5, "gate.": 5, "constituency.": 5, "one.": 5, "vote.": 5}


@pytest.fixture(scope="module", autouse=True)
def everything() -> None:
    load_tables()
    for module in pkgutil.walk_packages(council.__path__, "council."):
        if not module.name.endswith("__main__"):
            import_module(module.name)


def messages() -> Iterator[tuple[str, str]]:
    """Every message in templates and code that is written out, with where it stands."""
    for path in (ROOT / "templates").rglob("*.html"):
        tree = pages.environment().parse(path.read_text("utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in SPEAKING and call.args:
                where = f"{path.relative_to(ROOT)}:{call.lineno}"
                yield from ((one, where) for one in written(call.args[0]))
    for path in (ROOT / "council").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and name_of(call) in SPEAKING and call.args:
                where = f"{path.relative_to(ROOT)}:{call.lineno}"
                yield from ((one, where) for one in written(call.args[0]))


def written(node: ast.expr | nodes.Node) -> Iterator[str]:
    """The messages that an argument may be: a text, or one of the two sides of a condition."""
    if isinstance(node, ast.Constant | nodes.Const):
        if isinstance(node.value, str) and node.value:
            yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*written(node.body), *written(node.orelse))
    elif isinstance(node, nodes.CondExpr):
        yield from written(node.expr1)
        yield from written(node.expr2) if node.expr2 else ()


def name_of(call: ast.Call) -> str:
    """The name of the function that is called, without what stands before its dot."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def silent(language: i18n.Language, keys: Iterable[str]) -> list[str]:
    return sorted({key for key in keys if not i18n.knows(language, key)})


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def texts(found: str | tuple[str, ...]) -> tuple[str, ...]:
    return (found,) if isinstance(found, str) else found


def test_every_message_is_said_in_chinese() -> None:
    missing = sorted({f"{where} {one}" for one, where in messages() if not i18n.knows("zh", one)})
    assert missing == []


def test_every_dotted_key_is_said_in_english() -> None:
    keys = {one: where for one, where in messages() if i18n.is_key(one)}
    assert [f"{keys[key]} {key}" for key in silent("en", keys)] == []


def test_both_languages_have_the_same_keys() -> None:
    chinese = {key for key in i18n.catalogue("zh") if i18n.is_key(key)}
    english = set(i18n.catalogue("en"))
    assert chinese ^ english == set()


def test_the_gaps_of_a_sentence_are_the_same_in_both_languages() -> None:
    differing = []
    for key, chinese in i18n.catalogue("zh").items():
        english = texts(i18n.catalogue("en").get(key, key))
        if fields(texts(chinese)[0]) | {"n"} != fields(english[-1]) | {"n"}:
            differing.append(key)
    assert differing == []


def test_residents_are_addressed_with_respect() -> None:
    rude = [
        key for key, said in i18n.catalogue("zh").items() if any("你" in t for t in texts(said))
    ]
    assert rude == []


def test_chinese_sentences_have_chinese_punctuation() -> None:
    narrow = re.compile(r"[\u4e00-\u9fff][,;:!?]|[,;:!?][\u4e00-\u9fff]|[\u4e00-\u9fff]\.$")
    found = [
        key
        for key, said in i18n.catalogue("zh").items()
        if any(narrow.search(text) for text in texts(said))
    ]
    assert found == []


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_no_file_translates_a_message_twice(language: i18n.Language) -> None:
    twice = []
    for path in sorted((i18n.CATALOGUES / i18n.FOLDERS[language]).glob("*.po")):
        found = re.findall(r'^msgid ((?:"[^\n]*"\n?)+)', path.read_text("utf-8"), re.MULTILINE)
        ids = ["".join(re.findall(r'"(.*)"', one)) for one in found]
        twice += [f"{path.name}: {one}" for one, times in Counter(ids).items() if times > 1]
    assert twice == []


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_two_files_translate_a_message_in_the_same_words(language: i18n.Language) -> None:
    assert i18n.catalogue(language)


def contradict(folder: Path) -> None:
    """Two files of one language that say the same message in different words."""
    (folder / "zh_Hans").mkdir()
    for name, said in (("alpha", "甲"), ("beta", "乙")):
        written = f'msgid "Proposals"\nmsgstr "{said}"\n'
        (folder / "zh_Hans" / f"{name}.po").write_text(written, encoding="utf-8")


def test_two_files_that_contradict_each_other_stop_the_start_and_are_both_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contradict(tmp_path)
    monkeypatch.setattr(i18n, "CATALOGUES", tmp_path)
    i18n.catalogue.cache_clear()
    database = Database(f"sqlite:///{tmp_path}/empty.db")
    try:
        with pytest.raises(ValueError, match=r"alpha\.po and beta\.po translate 'Proposals'"):
            create_app(database, Settings(data_dir=tmp_path))
    finally:
        i18n.catalogue.cache_clear()
        database.close()


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_catalogues_are_read_without_complaint(language: i18n.Language) -> None:
    for path in (i18n.CATALOGUES / i18n.FOLDERS[language]).glob("*.po"):
        with path.open("rb") as source:
            catalog = read_po(source, abort_invalid=True)
        assert not [message.id for message in catalog if message.id and message.fuzzy], path.name


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_act_has_its_sentence_and_its_button(language: i18n.Language) -> None:
    keys = [f"{kind}.{name}" for name in gate.ACTS for kind in ("act", "do")]
    assert silent(language, keys) == []


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_requirement_says_what_is_missing(language: i18n.Language) -> None:
    needs = {one.__name__ for act in gate.ACTS.values() for one in act.requires}
    assert silent(language, (f"need.{name}" for name in needs)) == []


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_choice_that_is_stored_has_its_word(language: i18n.Language) -> None:
    kinds = {
        column.type.enum_class
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, sa.Enum) and column.type.enum_class
    }
    shown = kinds - {Can}  # permissions are codes, shown to nobody but readers of the rules
    keys = [words.label_key(member) for kind in shown for member in kind]
    assert silent(language, keys) == []


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_refusal_has_its_sentence(language: i18n.Language) -> None:
    assert silent(language, (f"error.{key}" for key in refusals())) == []


def refusals() -> Iterator[str]:
    """The keys of every refusal that is written out: raised, or noted by a check."""
    for path in (ROOT / "council").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield from key_of(node)


def key_of(call: ast.Call) -> Iterator[str]:
    name = name_of(call)
    place = 0 if name in REFUSALS else 1 if name == "check" else None
    if place is None or len(call.args) <= place:
        return
    for node in ast.walk(call.args[place]):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("prefix", FAMILIES)
def test_families_of_keys_are_complete(prefix: str) -> None:
    for language in i18n.LANGUAGES:
        found = [key for key in i18n.catalogue(language) if key.startswith(prefix)]
        assert len(found) >= FAMILIES[prefix]
