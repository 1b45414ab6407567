"""The rules card: a sentence for each value, and a form for those who configure."""

import pytest

from council import charter, i18n
from council.charter import VALUES
from council.people import Post
from council.proposals import Stage
from tests.web.conftest import Site, statements

HX = {"HX-Request": "true"}


def rule(site: Site, key: str) -> str:
    with site.read() as session:
        return charter.rules(session, site.world.community.id)[key]


def test_everybody_reads_the_rules_in_plain_words(site: Site) -> None:
    page = site.visitor().get("/charter").text
    assert "议题提出后 3 个工作日内答复是否受理。" in page
    assert "决定公示 15 天。" in page
    assert "第三十四条" in page
    assert "照提出时的数值办完" in page
    assert "<details" not in page
    english = site.visitor().get("/charter?lang=en").text
    assert "Whether a proposal is admitted is answered within 3 working days." in english
    assert "A task is acknowledged within 1 working day." in english


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_value_has_its_sentence_and_its_name(language: i18n.Language) -> None:
    keys = [f"charter_name.{key}" for key in VALUES]
    for key, value in VALUES.items():
        ends = [f"_{one}" for one in value.options] if value.kind == "choice" else [""]
        keys += [f"charter.{key}{end}" for end in ends]
        keys += [f"charter.law_{key}"] if value.by_law else []
    assert [key for key in keys if not i18n.knows(language, key)] == []


def test_the_administrator_changes_a_limit_and_running_matters_keep_theirs(site: Site) -> None:
    matter = site.world.matter(Stage.SUBMITTED)
    site.world.commit()
    client = site.as_(Post.ADMIN)
    assert 'name="admission_unit"' in client.get("/charter").text
    answer = client.post("/charter/admission", data={"admission": "４８", "admission_unit": "h"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/charter#rule-admission")
    assert rule(site, "admission") == "48h"
    page = site.visitor().get("/charter").text
    assert "议题提出后 48 小时内答复是否受理。" in page
    assert "本社区自己定的" in page
    assert matter.rules["admission"] == "3wd"
    assert site.world.acts()[-1] == "charter.set"


def test_with_script_only_the_rule_is_sent(site: Site) -> None:
    client = site.as_(Post.ADMIN)
    saved = client.post("/charter/posting_days", data={"posting_days": "20"}, headers=HX)
    assert saved.text.lstrip().startswith('<li id="rule-posting_days"')
    assert "决定公示 20 天。" in saved.text
    assert "已保存" in saved.text
    wrong = client.post("/charter/posting_days", data={"posting_days": "14"}, headers=HX)
    assert wrong.status_code == 422
    assert wrong.text.lstrip().startswith('<li id="rule-posting_days"')
    assert "决定公示 20 天。" in wrong.text
    assert 'value="14"' in wrong.text
    skip = client.post("/charter/may_skip_review", data={"may_skip_review": "no"}, headers=HX)
    assert "每件议题都要经过专家论证。" in skip.text


@pytest.mark.parametrize(
    ("key", "data", "said"),
    [
        ("posting_days", {"posting_days": "14"}, "请写 15 到 400 之间的数。"),
        ("admission", {"admission": "三天", "admission_unit": "wd"}, "请只写数字。"),
        ("admission", {"admission": "3", "admission_unit": "weeks"}, "没有这个选项"),
        ("may_skip_review", {"may_skip_review": "perhaps"}, "没有这个选项"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    site: Site, key: str, data: dict[str, str], said: str
) -> None:
    before = rule(site, key)
    wrong = site.as_(Post.ADMIN).post(f"/charter/{key}", data=data)
    assert wrong.status_code == 422
    assert wrong.text.startswith("<!DOCTYPE")
    assert said in wrong.text
    if key != "may_skip_review":
        assert f'value="{data[key]}"' in wrong.text
    assert wrong.text.count("<details") == len(VALUES)
    assert wrong.text.count(" open>") == 1
    assert rule(site, key) == before


def test_others_cannot_change_a_rule_and_there_is_no_other_rule(site: Site) -> None:
    lead = site.as_(Post.PARTY_LEAD)
    assert lead.post("/charter/posting_days", data={"posting_days": "20"}).status_code == 403
    visitor = site.visitor()
    assert visitor.post("/charter/posting_days", data={"posting_days": "20"}).status_code != 200
    assert site.as_(Post.ADMIN).post("/charter/nonsense", data={}).status_code == 404
    assert rule(site, "posting_days") == "15"


def test_the_card_takes_as_many_statements_whatever_is_set(site: Site) -> None:
    world, counts = site.world, []
    client = site.visitor()
    seen = statements(site)
    for _ in range(2):
        seen.clear()
        client.get("/charter")
        counts.append(len(seen))
        for key, value in VALUES.items():
            charter.set_value(world.as_(Post.ADMIN), world.community, key=key, value=value.default)
        world.commit()
    assert counts[0] == counts[1] > 0
