"""Petitions on their pages: start, sign, enter from paper, print, and the meeting that answers."""

from datetime import date, timedelta

from council import gate, grounds, offices, people, petitions, signers
from council.gate import Act
from council.grounds import PetitionGround
from council.people import Constituency, Post
from council.policy import Can
from council.votes import Body, Vote, VoteStage
from tests.web.conftest import statements

WORDS = {"title": "请开居民会议", "purpose": "请讨论加装电梯的费用怎么分担。"}


def counted(world, adults):
    grounds.count_adults(
        world.as_(Post.COMMITTEE), world.community, adults=adults, as_of=date(2026, 5, 1),
        source="户籍登记",
    )  # fmt: skip
    world.commit()


def begun(world, ground=PetitionGround.RESIDENTS, key="neighbour"):
    made = petitions.start(world.as_(key), world.community, ground=ground, **WORDS)
    world.commit()
    return made


def total(site, petition_id):
    with site.read() as session:
        return signers.tally(session, petition_id).total


def test_the_empty_list_says_who_can_demand_what_and_the_committee_enters_the_number(world, site):
    shown = site.visitor().get("/petitions")
    assert "还没有人联名提议开会" in shown.text
    assert "第二十六条" in shown.text
    lead = site.as_(Post.COMMITTEE)
    wrong = lead.post(
        "/petitions/adults", data={"adults": "4213", "as_of": "2027-01-01", "source": "户籍登记"}
    )
    assert wrong.status_code == 422
    assert 'value="户籍登记"' in wrong.text
    sent = lead.post(
        "/petitions/adults", data={"adults": "4213", "as_of": "2026-05-01", "source": "户籍登记"}
    )
    assert sent.status_code == 303
    assert "4,213" in site.visitor().get("/petitions").text
    assert site.as_("neighbour").post("/petitions/adults", data={}).status_code in {403, 422}
    assert "Who can demand which meeting" in site.visitor().get("/petitions?lang=en").text


def test_a_resident_starts_and_others_sign_and_take_back_without_script(world, site):
    client = site.as_("neighbour")
    assert "还没有登记十八周岁以上居民的人数" in client.get("/petitions/new").text
    counted(world, 31)
    assert "31 × 1/10 = 3.1" in client.get("/petitions/new").text
    wrong = client.post("/petitions", data={"title": "请开居民会议", "purpose": ""})
    assert wrong.status_code == 422
    assert 'value="请开居民会议"' in wrong.text
    sent = client.post("/petitions", data={"ground": "residents", **WORDS})
    assert sent.status_code == 303
    address = sent.headers["location"]
    assert "您已经签名" in client.get(address).text
    other = site.as_(Constituency.RESIDENTS)
    assert "我签名" in other.get(address).text
    for _ in range(2):
        assert other.post(f"{address}/signatures").status_code == 303
    number = int(address.rsplit("/", 1)[1])
    assert total(site, number) == 2
    assert other.post(f"{address}/signatures/remove").status_code == 303
    assert total(site, number) == 1
    unit = site.as_(Constituency.UNITS)
    assert unit.post(f"{address}/signatures").status_code == 409
    assert site.visitor().post(f"{address}/signatures").status_code == 303  # to sign in
    shown = site.visitor().get(f"{address}?lang=en").text
    assert "3 more to go" in shown
    assert "真名" not in shown
    assert other.post(f"{address}/transitions/withdraw").status_code == 409
    assert client.post(f"{address}/transitions/withdraw").status_code == 303
    assert "发起人撤回" in site.visitor().get(address).text
    assert site.visitor().get("/petitions/999").status_code == 404


def test_a_worker_enters_a_paper_sheet_line_by_line(world, site):
    counted(world, 4213)
    petition = begun(world)
    number = people.alias(world.session, world.who[Constituency.RESIDENTS], world.community.id)
    world.commit()
    address, clerk = f"/petitions/{petition.id}/for", site.as_(Post.COMMUNITY_WORKER)
    sheet = site.visitor().get(f"/petitions/{petition.id}/sheet").text
    assert "第 ____ 张" in sheet
    assert site.as_("neighbour").get(address).status_code == 403
    data = {
        "for_person": str(number.number), "channel": "hall", "consent": "signed", "sheet": "2",
        "line": "99",
    }  # fmt: skip
    wrong = clerk.post(address, data=data)
    assert wrong.status_code == 422
    assert 'value="99"' in wrong.text
    sent = clerk.post(address, data=data | {"line": "7"})
    assert sent.status_code == 303
    assert 'value="8"' in clerk.get(sent.headers["location"]).text
    twice = clerk.post(address, data=data | {"line": "8"})
    assert "已经签过名了" in twice.text
    assert total(site, petition.id) == 2
    assert "其中纸上签名 1 人" in site.visitor().get(f"/petitions/{petition.id}").text


def test_a_household_signs_at_the_counter_with_building_and_door(world, site):
    grounds.count_adults(
        world.as_(Post.COMMITTEE), world.community, adults=60, as_of=date(2026, 5, 1),
        source="户籍登记", households=20,
    )  # fmt: skip
    house = offices.add_building(world.as_(Post.ADMIN), world.community, name="3 号楼")
    petition = begun(world, PetitionGround.HOUSEHOLDS)
    number = people.alias(world.session, world.who["neighbour"], world.community.id).number
    world.commit()
    own, address = site.as_("neighbour"), f"/petitions/{petition.id}"
    shown = own.get(address).text
    assert "户代表到服务站签名" in shown
    assert "20 × 1/10 = 2" in shown
    clerk = site.as_(Post.COMMUNITY_WORKER)
    data = {"for_person": str(number), "channel": "hall", "consent": "signed"}
    wrong = clerk.post(f"{address}/for", data=data | {"building": str(house.id)})
    assert wrong.status_code == 422
    sent = clerk.post(f"{address}/for", data=data | {"building": str(house.id), "door": "2-301"})
    assert sent.status_code == 303
    assert total(site, petition.id) == 1


def test_the_convener_is_told_and_plans_the_meeting_that_answers(world, site):
    petition = begun(world, PetitionGround.DELEGATES, Post.DELEGATE)
    lead = site.as_(Post.PARTY_LEAD)
    plan = f"/meetings/new?kind=delegates&amp;petition={petition.id}"
    for page in ("/petitions", f"/petitions/{petition.id}", "/meetings/new"):
        assert plan in lead.get(page).text
    assert f"/petitions/{petition.id}" in lead.get("/me").text
    assert "应当召集会议" in site.visitor().get(f"/petitions/{petition.id}").text
    form = lead.get(plan.replace("&amp;", "&"))
    assert f'<option value="{petition.id}" selected>' in form.text
    sent = lead.post(
        "/meetings",
        data={
            "kind": "delegates", "title": "居民代表会议", "starts_at": "2026-05-20T19:00",
            "chair": str(world.who[Post.FACILITATOR]), "recorder": str(world.who[Post.RECORDER]),
            "petition": str(petition.id),
        },
    )  # fmt: skip
    assert sent.status_code == 303
    assert f"/petitions/{petition.id}" in lead.get(sent.headers["location"]).text
    assert sent.headers["location"] not in site.visitor().get(f"/petitions/{petition.id}").text


def test_the_convener_names_the_formal_vote_as_which_the_assembly_is_held(world, site):
    counted(world, 10)
    petition = begun(world)
    vote = Vote(
        community_id=world.community.id, title="居民会议表决", question="同意吗？",
        body=Body.RESIDENTS, stage=VoteStage.ANNOUNCED, rule={}, due={},
        opens_at=world.now + timedelta(days=10),
    )  # fmt: skip
    spec = Act("test.vote", Can.SYSTEM)
    gate.through(world.system(), spec, world.community, lambda: world.session.add(vote))
    world.commit()
    lead, address = site.as_(Post.PARTY_LEAD), f"/petitions/{petition.id}"
    assert "居民会议表决" in lead.get(address).text
    assert "居民会议表决" not in site.visitor().get(address).text
    assert lead.post(f"{address}/answer", data={"vote": "999"}).status_code == 422
    sent = lead.post(f"{address}/answer", data={"vote": str(vote.id)})
    assert sent.status_code == 303
    assert f'href="/votes/{vote.id}"' in site.visitor().get(address).text
    assert "会议已经召集" in site.visitor().get(address).text


def test_the_list_takes_as_many_statements_for_forty_petitions(world, site):
    counted(world, 4213)
    begun(world)
    visitor, counts = site.visitor(), []
    for more in (0, 39):
        for n in range(more):
            world.person(f"resident{n}", Constituency.RESIDENTS)
            begun(world, key=f"resident{n}")
        visitor.get("/petitions")
        seen = statements(site)
        assert visitor.get("/petitions").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
