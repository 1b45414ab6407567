"""Units asked to come, on their pages: the convener asks, the unit answers, the door notes."""

from council import envoys
from council.people import Constituency, Post
from tests.hall import Hall
from tests.web.conftest import statements


def test_the_convener_asks_the_unit_answers_and_everybody_sees_it(world, site):
    hall = Hall(world)
    meeting = hall.notified()
    item = hall.items(meeting)[0]
    world.commit()
    address = f"/meetings/{meeting.id}/envoys"
    visitor, lead = site.visitor(), site.as_(Post.PARTY_LEAD)
    shown = visitor.get(address).text
    assert "绿化公司" in shown
    assert "第四十六条" in shown
    assert "邀请一个单位" not in shown
    twice = lead.post(address, data={"item": str(item.id), "unit": str(world.unit.id)})
    assert twice.status_code == 422
    assert "已经受邀" in twice.text
    sent = lead.post(address, data={"item": str(item.id), "unit": str(world.other_unit.id)})
    assert sent.status_code == 303
    assert "经九路小学" in visitor.get(f"/meetings/{meeting.id}").text
    assert "绿化公司、经九路小学" in visitor.get(f"/meetings/{meeting.id}/notice").text
    asked = envoys.of_item(world.session, item.id)
    own = f"{address}/{asked[1].id}"
    school = site.as_(Constituency.UNITS)
    assert own in school.get("/me").text
    wrong = school.post(f"{own}/answer", data={"says": "accepted", "words": "下午有课"})
    assert wrong.status_code == 422
    assert "下午有课" in wrong.text
    data = {"says": "accepted", "role": "邻居"}
    assert site.as_("neighbour").post(f"{own}/answer", data=data).status_code == 403
    sent = school.post(f"{own}/answer", data={"says": "accepted", "role": "副校长"})
    assert sent.status_code == 303
    assert "副校长" in visitor.get(f"/meetings/{meeting.id}").text
    green = f"{address}/{asked[0].id}"
    sent = lead.post(f"{green}/answer", data={"says": "declined", "words": "来电说人手不够"})
    assert sent.status_code == 303
    assert "Cannot send anybody" in visitor.get(f"{address}?lang=en").text
    assert lead.post(f"{green}/came", data={"came": "1"}).status_code == 403
    world.now = meeting.starts_at
    hall.move(Post.FACILITATOR, meeting, "open_check_in")
    world.commit()
    door = site.as_(Post.FACILITATOR)
    assert "有人到会吗" in door.get(green).text
    assert door.post(f"{green}/came", data={"reason": "抢修"}).status_code == 303
    shown = site.visitor().get(f"/meetings/{meeting.id}").text
    assert "没有到会" in shown
    assert "抢修" in shown
    assert visitor.get(f"{address}/999").status_code == 404


def test_the_page_of_units_takes_as_many_statements_for_many(world, site):
    hall = Hall(world)
    meeting = hall.notified()
    world.commit()
    visitor, counts = site.visitor(), []
    for more in (False, True):
        if more:
            lead, item = world.as_(Post.PARTY_LEAD), hall.items(meeting)[0]
            envoys.ask(lead, item, unit_id=world.other_unit.id)
            world.commit()
        visitor.get(f"/meetings/{meeting.id}/envoys")
        seen = statements(site)
        assert visitor.get(f"/meetings/{meeting.id}/envoys").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
