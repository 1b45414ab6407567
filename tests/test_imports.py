"""Lists from elsewhere: what a file says is read exactly, and what is wrong is said row by row."""

import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as some

from council import imports
from council.errors import Invalid
from council.imports import Column, Line, Report

OWNERS = (Column.NAME, Column.HOUSEHOLD, Column.AREA)
GOOD = "姓名,楼栋,户号,面积\n张三,3 号楼,2-501,89.53\n李四,3 号楼,2-502,102\n"


def report(written: str, *needed: Column) -> Report:
    return imports.check(imports.read_text(written), needed or (Column.NAME,))


def faults(found: Report) -> list[tuple[int, str, str]]:
    return [(one.line, one.problem.field, one.problem.key) for one in found.faults]


def refused(data: bytes) -> str:
    with pytest.raises(Invalid) as refusal:
        imports.read(data)
    return refusal.value.key


def workbook(sheet: str, *more: str, **parts: bytes) -> bytes:
    """A spreadsheet with these cells (the XML inside `sheetData`), as small as one can be."""
    space = "http://schemas.openxmlformats.org"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    relation = f"{space}/officeDocument/2006/relationships"
    names = "".join(
        f'<sheet name="S{n}" sheetId="{n}" r:id="rId{n}"/>' for n in range(1, len(more) + 2)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{relation}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(more) + 2)
    )
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{space}/package/2006/content-types">'
            f'<Default Extension="xml" ContentType="{kind}.worksheet+xml"/></Types>',
        )
        packed.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{space}/package/2006/relationships"><Relationship Id="rId1" '
            f'Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        packed.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{space}/spreadsheetml/2006/main" xmlns:r="{relation}">'
            f"<sheets>{names}</sheets></workbook>",
        )
        packed.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{space}/package/2006/relationships">{links}</Relationships>',
        )
        for n, cells in enumerate((sheet, *more), 1):
            packed.writestr(
                f"xl/worksheets/sheet{n}.xml",
                f'<worksheet xmlns="{space}/spreadsheetml/2006/main">'
                f"<sheetData>{cells}</sheetData></worksheet>",
            )
        for name, content in parts.items():
            packed.writestr(name, content)
    return made.getvalue()


def cells(*rows: tuple[str | float, ...]) -> str:
    """Rows of words and numbers as a spreadsheet's XML."""
    return "".join(
        f'<row r="{n}">'
        + "".join(
            f'<c r="{"ABCDEFG"[m]}{n}" t="inlineStr"><is><t>{cell}</t></is></c>'
            if isinstance(cell, str)
            else f'<c r="{"ABCDEFG"[m]}{n}"><v>{cell}</v></c>'
            for m, cell in enumerate(row)
        )
        + "</row>"
        for n, row in enumerate(rows, 1)
    )


def test_a_row_is_read_with_its_area_in_hundredths() -> None:
    found = report(GOOD, *OWNERS)
    assert found.good
    assert found.lines == (
        Line(2, "张三", "3 号楼", "2-501", 8953),
        Line(3, "李四", "3 号楼", "2-502", 10200),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_is_read_in_whatever_writing_a_spreadsheet_saves_it(encoding: str) -> None:
    sheet = imports.read(GOOD.encode(encoding))
    assert imports.check(sheet, OWNERS).lines[0].name == "张三"


@pytest.mark.parametrize("parted", [",", ";", "\t"])
def test_commas_semicolons_and_tabs_part_the_cells(parted: str) -> None:
    assert report(GOOD.replace(",", parted), *OWNERS).lines[1].household == "2-502"


def test_headings_are_known_in_both_languages_and_others_are_left_aside() -> None:
    found = report("No.,Name,Building,Household,Floor area (㎡),Account\n1,An,B3,501,60,An.1\n")
    assert found.unused == ("No.",)
    assert found.lines == (Line(2, "An", "B3", "501", 6000, account="an.1"),)
    found = report("＊姓　名,建筑面积（平方米）,界别\n张三,60,专家\n")
    assert found.lines == (Line(2, "张三", area=6000, constituency="experts"),)


@pytest.mark.parametrize(
    ("written", "hundredths"),
    [
        ("89.5", 8950), ("８９．５３", 8953), ("89.53㎡", 8953), ("89.53 m²", 8953),
        ("89.53平方米", 8953), ("89.530", 8953), ('"1,234.50"', 123450), ("0.01", 1),
        ("1000000", 100_000_000),
    ],
)  # fmt: skip
def test_an_area_is_read_exactly(written: str, hundredths: int) -> None:
    found = report(f"姓名,面积\n张三,{written}\n")
    assert (found.faults, found.lines[0].area) == ((), hundredths)


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("89.535", "cell_decimals"), ('"89,53"', "cell_malformed"), ("0", "cell_out_of_range"),
        ("1000000.01", "cell_out_of_range"), ("八十九", "cell_malformed"), ("-5", "cell_formula"),
        ("1e3", "cell_malformed"), ("89.", "cell_malformed"), ("", "cell_empty"),
    ],
)  # fmt: skip
def test_an_area_that_is_not_one_is_refused_and_never_rounded(written: str, key: str) -> None:
    found = report(f"姓名,户号,面积\n张三,501,{written}\n", *OWNERS)
    assert faults(found) == [(2, "area", key)]


@given(some.integers(1, imports.LARGEST_AREA))
def test_every_area_comes_back_as_it_was_written(hundredths: int) -> None:
    whole, part = divmod(hundredths, 100)
    assert report(f'姓名,面积\n张三,"{whole:,}.{part:02}"\n').lines[0].area == hundredths


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＠"])
def test_a_cell_that_begins_like_a_formula_is_refused(sign: str) -> None:
    found = report(f"姓名,户号\n{sign}HYPERLINK(1),501\n")
    assert faults(found) == [(2, "name", "cell_formula")]


def test_what_cannot_be_seen_is_taken_out_and_said() -> None:
    found = report("姓名,户号\n张\u200b三,501\n张三,501\n")
    assert found.mended == (2,)
    assert faults(found) == [(3, "name", "cell_repeated")]
    assert found.faults[0].problem.fields == {"first": 2}


def test_nobody_stands_there_twice() -> None:
    twice = "姓名,楼栋,户号,账号\n张三,1,501,\n张三,1,501,\n王芳,1,1,A\n王芳,1,1,b\n王芳,2,1,a\n"
    assert faults(report(twice)) == [
        (3, "name", "cell_repeated"), (6, "account", "cell_repeated"),
    ]  # fmt: skip


def test_every_fault_of_every_row_is_reported_and_rows_keep_their_numbers() -> None:
    found = report(
        "\n姓名,户号,面积,界别\n\n,501,9o,路人\n" + "长" * 61 + ",3月2日,60,居民\n李四,502,60,\n",
        *OWNERS, Column.CONSTITUENCY,
    )  # fmt: skip
    assert faults(found) == [
        (4, "name", "cell_empty"), (4, "area", "cell_malformed"),
        (4, "constituency", "cell_no_constituency"), (5, "name", "too_long"),
        (5, "household", "cell_date"), (6, "constituency", "cell_empty"),
    ]  # fmt: skip
    assert (found.good, found.wrong_lines) == (False, 3)


def test_a_list_without_a_needed_column_is_refused_by_name() -> None:
    with pytest.raises(Invalid) as refusal:
        report("姓名,户号\n张三,501\n", *OWNERS)
    assert [one.fields["column"].key for one in refusal.value.problems] == ["column.area"]


def test_a_spreadsheet_is_read_with_numbers_as_they_look() -> None:
    sheet = imports.read(
        workbook(cells(("姓名", "户号", "面积"), ("张三", 501, 179.05999999999997)))
    )
    assert imports.check(sheet, OWNERS).lines == (Line(2, "张三", "", "501", 17906),)
    assert sheet.notes == ()


def test_a_formula_in_a_spreadsheet_comes_as_its_last_value_and_that_is_said() -> None:
    formula = '<row r="1"><c r="A1" t="inlineStr"><is><t>姓名</t></is></c></row>'
    formula += '<row r="2"><c r="A2" t="str"><f>B2&amp;"三"</f><v>张三</v></c></row>'
    sheet = imports.read(workbook(formula, cells(("x",))))
    assert imports.check(sheet, (Column.NAME,)).lines == (Line(2, "张三"),)
    assert sheet.notes == ("first_sheet", "formulas")


def test_a_file_that_is_no_list_is_refused() -> None:
    assert refused(b"\xd0\xcf\x11\xe0 old") == "list_old_excel"
    assert refused(b"PK\x03\x04 broken") == "list_unreadable"
    assert refused(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00") == "list_unreadable"
    assert refused(b"") == refused("姓名\n".encode()) == refused(workbook("")) == "list_empty"
    assert refused(b"x" * (imports.LARGEST + 1)) == "list_too_large"
    empty = BytesIO()
    zipfile.ZipFile(empty, "w").close()
    assert refused(b"PK" + empty.getvalue()[2:]) == "list_unreadable"


def test_more_rows_than_twenty_thousand_are_refused() -> None:
    rows = "姓名\n" + "张三\n" * (imports.MOST_ROWS + 1)
    assert refused(rows.encode()) == "list_too_many_rows"
    long = workbook(cells(("姓名",), *[("张三",)] * (imports.MOST_ROWS + 1)))
    assert refused(long) == "list_too_many_rows"


def test_a_bomb_is_refused_before_it_unfolds() -> None:
    zeros = workbook(cells(("姓名",)), **{"xl/media/zeros.bin": b"\0" * (imports.UNPACKED + 1)})
    assert len(zeros) < 100_000
    assert refused(zeros) == "list_bomb"


@pytest.mark.parametrize("place", ["XFD1048576", "A1048576", "AAA1", "A&#49;048576"])
def test_a_lone_cell_far_out_does_not_fill_the_memory(place: str) -> None:
    far = cells(("姓名",)) + f"<row><c r='{place}' t='inlineStr'><is><t>x</t></is></c></row>"
    assert refused(workbook(far)) == "list_bomb"


def test_a_checked_list_travels_as_letters_and_comes_back_the_same() -> None:
    sheet = imports.read_text(GOOD)
    assert imports.unpack(imports.pack(sheet)) == sheet
    for broken in ("", "!", "eJwDAAAAAAE=", imports.pack(sheet)[:-9], "bm90IHBhY2tlZA=="):
        with pytest.raises(Invalid):
            imports.unpack(broken)
