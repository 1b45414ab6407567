"""Lists that somebody kept elsewhere: a CSV or XLSX file read row by row, with a report per line.

Nothing is ever evaluated: a cell is text. What a spreadsheet made of it before is said.
"""

import base64
import csv
import json
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO, StringIO
from itertools import islice
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from council import text
from council.errors import Invalid, Problem
from council.i18n import Phrase

LARGEST = 5 * 1024 * 1024
"""Bytes of a file."""
MOST_ROWS = 20_000
MOST_COLUMNS = 50
LONGEST = 60
"""Characters of a cell."""
UNPACKED = 60 * 1024 * 1024
"""Bytes to which the parts of an XLSX file may unfold, all together."""
LARGEST_AREA = 100_000_000
"""A million square metres, in hundredths."""


class Column(StrEnum):
    """What a column of a list may say."""

    NAME = "name"
    BUILDING = "building"
    HOUSEHOLD = "household"
    AREA = "area"
    CONSTITUENCY = "constituency"
    ACCOUNT = "account"


HEADINGS = {
    Column.NAME: "姓名 名字 代表姓名 业主 业主姓名 居民姓名 户主 户主姓名 户代表 name owner",
    Column.BUILDING: "楼栋 楼号 楼 栋 楼幢 幢 幢号 楼院 building block",
    Column.HOUSEHOLD: "户号 房号 门牌 门牌号 室号 房间号 单元房号 户 household door flat unit room",
    Column.AREA: "面积 建筑面积 专有部分面积 专有面积 产权面积 area floorarea",
    Column.CONSTITUENCY: "界别 方面 所属 constituency element",
    Column.ACCOUNT: "账号 帐号 账户 用户名 account username",
}
"""How each column may be headed, spaces and brackets left out."""

CONSTITUENCIES = {
    "party": "党员 party partymember partymembers",
    "residents": "居民 resident residents",
    "community": "社区 居委会 社区居委会 community",
    "experts": "专业团队 专家 expert experts professionalteam professionalteams",
    "units": "区域单位 驻区单位 单位 unit units unitmember unitmembers",
}
"""How each constituency may be written."""

_AREA = re.compile(r"([0-9]{1,9}|[0-9]{1,3}(?:,[0-9]{3}){1,2})(?:\.([0-9]+))?")
_SQUARE = re.compile(r"(平方米|平米|平方|sqm|m\^?2)$", re.IGNORECASE)
_DATE = re.compile(
    r"[0-9]{4}[-/年][0-9]{1,2}[-/月][0-9]{1,2}日?( 00:00:00)?|[0-9]{1,2}月[0-9]{1,2}日"
    r"|[0-9]{2}:[0-9]{2}:[0-9]{2}|[A-Z][a-z]{2}-[0-9]{2}|[0-9]{1,2}-[A-Z][a-z]{2}"
)
"""What a spreadsheet makes of a door such as 3-2."""
_CELL = re.compile(rb"""\sr\s*=\s*["']([^"']*)["']""")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")


@dataclass(frozen=True)
class Sheet:
    """A list as it was read, its heading first; `notes` say what the reading did to it."""

    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """One good row; `number` is its row in the sheet, `area` in hundredths of a square metre."""

    number: int
    name: str
    building: str = ""
    household: str = ""
    area: int = 0
    constituency: str = ""
    account: str = ""


@dataclass(frozen=True)
class Fault:
    """What is wrong in one row of the sheet; the problem's field is a Column."""

    line: int
    problem: Problem


@dataclass(frozen=True)
class Report:
    """The good rows, everything that is wrong, and what was mended or left aside.

    A list is taken whole or not at all: `good` is true when nothing is wrong.
    """

    lines: tuple[Line, ...]
    faults: tuple[Fault, ...]
    columns: tuple[Column, ...] = ()
    unused: tuple[str, ...] = ()
    mended: tuple[int, ...] = ()

    @property
    def good(self) -> bool:
        """Whether the list can be taken."""
        return bool(self.lines) and not self.faults

    @property
    def wrong_lines(self) -> int:
        """How many rows something is wrong with."""
        return len({one.line for one in self.faults})


# From a file or pasted words to cells


def read(data: bytes) -> Sheet:
    """The cells of a CSV or XLSX file. Raises Invalid when it is neither, or too large."""
    if len(data) > LARGEST:
        raise _refusal("list_too_large", limit=LARGEST // 1024 // 1024)
    if data.startswith(b"PK"):
        return _workbook(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _refusal("list_old_excel")
    return read_text(_decoded(data))


def read_text(written: str) -> Sheet:
    """The cells of a list as text, parted by commas, semicolons or tabs. Raises Invalid."""
    if len(written) > LARGEST:
        raise _refusal("list_too_large", limit=LARGEST // 1024 // 1024)
    heading = next((line for line in written.splitlines() if line.strip()), "")
    parted = max("\t;,", key=heading.count)
    try:
        rows = list(islice(csv.reader(StringIO(written), delimiter=parted), MOST_ROWS + 100))
    except csv.Error as error:
        raise _refusal("list_unreadable") from error
    return _sheet(rows, ())


def _decoded(data: bytes) -> str:
    """UTF-8 with or without its mark, what Excel calls Unicode, or else GB18030."""
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if wide else ("utf-8-sig", "gb18030"):
        try:
            found = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in found:
            return found
    raise _refusal("list_unreadable")


def _workbook(data: bytes) -> Sheet:
    """The first sheet of an XLSX file; formulas stand there as the values they last had."""
    plain, sheets = _unfolded(data)
    try:
        book = CalamineWorkbook.from_filelike(plain)
        if not book.sheet_names:
            raise _refusal("list_empty")
        found = book.get_sheet_by_index(0).to_python(skip_empty_area=False, nrows=MOST_ROWS + 100)
    except CalamineError as error:
        raise _refusal("list_unreadable") from error
    notes = [] if len(book.sheet_names) == 1 else ["first_sheet"]
    if any(_FORMULA.search(one) for one in sheets):
        notes.append("formulas")
    return _sheet([[_shown(cell) for cell in row] for row in found], notes)


def _unfolded(data: bytes) -> tuple[BytesIO, list[bytes]]:
    """The same file without compression, and its sheets, so that nothing unfolds without limit.

    A bomb of two kinds is refused: parts that unfold beyond UNPACKED, and a lone cell so far out
    that the rectangle up to it fills the memory.
    """
    plain, sheets, total = BytesIO(), [], 0
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed, zipfile.ZipFile(plain, "w") as copy:
            for part in packed.infolist():
                total += part.file_size
                if total > UNPACKED:
                    raise _refusal("list_bomb")
                content = packed.read(part)
                copy.writestr(part.filename, content)
                if part.filename.lower().startswith("xl/worksheets/"):
                    sheets.append(content)
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        OSError,
        EOFError,
    ) as e:
        raise _refusal("list_unreadable") from e
    if any(_far_out(one) for one in sheets):
        raise _refusal("list_bomb")
    plain.seek(0)
    return plain, sheets


def _far_out(sheet: bytes) -> bool:
    """Whether a sheet names a cell beyond all rows or columns that we would read."""
    for place in set(_CELL.findall(sheet)):
        found = re.fullmatch(rb"([A-Z]{0,2})([0-9]{0,6})", place)
        if not found or int(found[2] or 0) > 2 * MOST_ROWS:
            return True
    return False


def _shown(cell: Any) -> str:
    """A cell as the spreadsheet showed it: 501 and not 501.0."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else format(cell, ".15g")
    return str(cell)


def _sheet(rows: Iterable[Sequence[str]], notes: Iterable[str]) -> Sheet:
    """The rows up to the last one with something in it. Raises Invalid for none, or too many."""
    kept = [tuple(row[:MOST_COLUMNS]) for row in rows]
    while kept and not any(cell.strip() for cell in kept[-1]):
        kept.pop()
    if len(kept) < 2:
        raise _refusal("list_empty")
    if len(kept) > MOST_ROWS + 1:
        raise _refusal("list_too_many_rows", limit=MOST_ROWS)
    return Sheet(tuple(kept), tuple(notes))


def pack(sheet: Sheet) -> str:
    """A sheet as a few letters that travel in a form, so that one checked is the one entered."""
    data = json.dumps([sheet.rows, sheet.notes], ensure_ascii=False).encode()
    return base64.b64encode(zlib.compress(data, 9)).decode()


def unpack(packed: str) -> Sheet:
    """What `pack` wrote. Raises Invalid for anything else."""
    try:
        unfolding = zlib.decompressobj()
        data = unfolding.decompress(base64.b64decode(packed, validate=True), 4 * LARGEST)
        rows, notes = json.loads(data)
        cells = [[str(cell) for cell in row] for row in rows]
        return _sheet(cells, [one for one in notes if one in {"first_sheet", "formulas"}])
    except (ValueError, TypeError, zlib.error, RecursionError) as error:
        raise _refusal("list_unreadable") from error


def _refusal(key: str, **fields: object) -> Invalid:
    return Invalid(Problem(key, "file", fields))


# From cells to good lines and a report


def check(sheet: Sheet, needed: Sequence[Column]) -> Report:
    """Each row against what such a list must say. Raises Invalid when a needed column is missing.

    Every fault of every row is reported; reading the same sheet again gives the same report.
    """
    at = next(n for n, row in enumerate(sheet.rows) if any(cell.strip() for cell in row))
    where, unused = _headed(sheet.rows[at])
    if missing := [one for one in needed if one not in where]:
        named: list[dict[str, object]] = [{"column": Phrase(f"column.{one}")} for one in missing]
        raise Invalid(*(Problem("column_missing", "file", one) for one in named))
    lines, faults, mended = [], [], []
    for number, row in enumerate(sheet.rows[at + 1 :], at + 2):
        if not any(cell.strip() for cell in row):
            continue
        cells = {one: row[n] if n < len(row) else "" for one, n in where.items()}
        read_row = _Row(number, cells, frozenset(needed))
        lines.append(read_row.line())
        faults += read_row.faults
        if read_row.mended:
            mended.append(number)
    faults += _twice(lines)
    ordered = sorted(faults, key=lambda one: one.line)
    return Report(tuple(lines), tuple(ordered), tuple(where), unused, tuple(mended))


def _headed(row: Sequence[str]) -> tuple[dict[Column, int], tuple[str, ...]]:
    """Which column stands where, and the headings that say nothing to us."""
    known = {word: column for column, words in HEADINGS.items() for word in words.split()}
    where: dict[Column, int] = {}
    unused = []
    for n, cell in enumerate(row):
        found = known.get(_bare(re.sub(r"[(（\[【].*", "", cell)))
        if found is not None and found not in where:
            where[found] = n
        elif cell.strip():
            unused.append(text.clean_line(cell)[:LONGEST])
    return where, tuple(unused)


def _bare(words: str) -> str:
    return re.sub(r"[\s_*:：-]", "", unicodedata.normalize("NFKC", text.clean_line(words))).lower()


class _Row:
    """One row while it is read: its cells, and what is wrong with them."""

    def __init__(self, number: int, cells: dict[Column, str], needed: frozenset[Column]) -> None:
        self.number, self.cells, self.needed = number, cells, needed
        self.faults: list[Fault] = []
        self.mended = False

    def line(self) -> Line:
        """The row as far as it can be understood."""
        return Line(
            self.number, self._words(Column.NAME), self._words(Column.BUILDING),
            self._words(Column.HOUSEHOLD), self._area(), self._constituency(),
            self._words(Column.ACCOUNT).lower(),
        )  # fmt: skip

    def _wrong(self, column: Column, key: str, **fields: object) -> None:
        self.faults.append(Fault(self.number, Problem(key, column, fields)))

    def _words(self, column: Column) -> str:
        raw = self.cells.get(column, "")
        words = text.clean_line(raw)
        self.mended |= words != " ".join(raw.split())
        if not words:
            if column in self.needed:
                self._wrong(column, "cell_empty")
        elif _DATE.fullmatch(words):
            self._wrong(column, "cell_date", now=words[:10])
        elif words.startswith(text.FORMULA):
            self._wrong(column, "cell_formula", now=words[:20])
        elif text.length(words) > LONGEST:
            self._wrong(column, "too_long", limit=LONGEST, now=text.length(words))
            return words[:LONGEST]
        return words

    def _area(self) -> int:
        """In hundredths of a square metre, exactly as written: no number is ever rounded."""
        before = len(self.faults)
        words = self._words(Column.AREA)
        if not words or len(self.faults) > before:
            return 0
        plain = unicodedata.normalize("NFKC", words).replace(" ", "").replace("㎡", "m2")
        found = _AREA.fullmatch(_SQUARE.sub("", plain))
        if not found:
            self._wrong(Column.AREA, "cell_malformed", now=words[:20])
            return 0
        whole, part = found[1].replace(",", ""), (found[2] or "").rstrip("0")
        area = int(whole) * 100 + int(part[:2].ljust(2, "0"))
        if len(part) > 2:
            self._wrong(Column.AREA, "cell_decimals", now=words[:20])
        elif not 0 < area <= LARGEST_AREA:
            self._wrong(Column.AREA, "cell_out_of_range", now=words[:20])
        return area

    def _constituency(self) -> str:
        words = self._words(Column.CONSTITUENCY)
        known = {word: code for code, all_ in CONSTITUENCIES.items() for word in all_.split()}
        found = known.get(_bare(words), "")
        if words and not found:
            self._wrong(Column.CONSTITUENCY, "cell_no_constituency", now=words[:20])
        return found


def _twice(lines: Sequence[Line]) -> list[Fault]:
    """Rows that repeat an earlier one: the same account, or the same name in the same household."""
    people: dict[tuple[str, str, str], Line] = {}
    accounts: dict[str, Line] = {}
    found = []
    for line in lines:
        key = (line.name, line.building, line.household)
        first = people.setdefault(key, line)
        if line.name and first is not line and not (first.account and line.account):
            problem = Problem("cell_repeated", Column.NAME, {"first": first.number})
            found.append(Fault(line.number, problem))
        first = accounts.setdefault(line.account, line)
        if line.account and first is not line:
            problem = Problem("cell_repeated", Column.ACCOUNT, {"first": first.number})
            found.append(Fault(line.number, problem))
    return found
