"""The door on its pages: the square on a telephone, wrong codes, the sheet, and the kiosk."""

import re
from datetime import date, timedelta

from council import attendance, doors, grounds, people
from council.kinds import MeetingKind
from council.people import Constituency, Post
from council.plans import Topic
from council.proposals import Stage
from tests.hall import Hall


def code_of(world, meeting):
    return doors.current(world.session, meeting.id, world.now).code


def present(site, meeting):
    with site.read() as session:
        return [seat.person_id for seat in attendance.present(session, meeting.id)]


def number_of(world, key):
    return people.alias(world.session, world.who[key], world.community.id).number


def test_the_square_at_the_door_signs_in_with_one_tap(world, site):
    meeting = Hall(world).opened()
    code = code_of(world, meeting)
    world.commit()
    address = f"/meetings/{meeting.id}/door"
    visitor = site.visitor().get(f"{address}?code={code}")
    assert visitor.status_code == 303
    assert code in visitor.headers["location"]
    client = site.as_("neighbour")
    shown = client.get(f"{address}?code={code}")
    assert shown.status_code == 200
    assert f'name="code" value="{code}"' in shown.text
    assert "我到了，签到" in shown.text
    assert present(site, meeting) == []
    sent = client.post(address, data={"code": code})
    assert (sent.status_code, sent.headers["location"]) == (303, address)
    assert present(site, meeting) == [world.who["neighbour"]]
    assert "签一次就够了" in client.get(f"{address}?code={code}").text
    assert client.post(address, data={"code": code}).status_code == 409


def test_a_wrong_code_an_old_one_and_no_seat_each_say_so(world, site):
    meeting = Hall(world).opened()
    old = code_of(world, meeting)
    doors.renew(world.as_(Post.FACILITATOR), meeting)
    world.commit()
    address, client = f"/meetings/{meeting.id}/door", site.as_("neighbour")
    assert "以前的签到码" in client.get(f"{address}?code={old}").text
    english = client.get(f"{address}?code={old}&lang=en")
    assert "valid before" in english.text
    stranger = site.as_(Post.DELEGATE)
    assert "您不在这次会议的邀请名单上" in stranger.get(address).text
    assert stranger.post(address, data={"code": old}).status_code == 403
    wrong = client.post(address, data={"code": "OOOOOO"})
    assert wrong.status_code == 422
    assert 'value="OOOOOO"' in wrong.text
    tried = [client.post(address, data={"code": "OOOOO1"}).status_code for _ in range(12)]
    assert tried[-1] == 429
    assert present(site, meeting) == []


def test_before_check_in_the_page_says_when_it_opens(world, site):
    meeting = Hall(world).notified()
    world.commit()
    shown = site.as_("neighbour").get(f"/meetings/{meeting.id}/door")
    assert "签到还没有开始" in shown.text
    assert '<form class="stack" method="post" action="/meetings' not in shown.text


def test_the_sheet_for_the_door_is_for_those_who_keep_it(world, site):
    meeting = Hall(world).opened()
    code = code_of(world, meeting)
    world.commit()
    client, address = site.as_(Post.COMMUNITY_WORKER), f"/meetings/{meeting.id}/door"
    assert code in client.get(f"{address}/code").text
    assert site.as_("neighbour").get(f"{address}/code").status_code == 403
    wall = f"/meetings/{meeting.id}/screen"
    assert code in site.as_(Post.FACILITATOR).get(wall).text
    assert code not in site.as_("neighbour").get(wall).text
    assert code not in site.visitor().get(wall).text
    assert site.as_("neighbour").post(f"{address}/renew").status_code == 403
    assert client.post(f"{address}/renew").status_code == 303
    assert code not in client.get(f"{address}/code").text


def test_the_kiosk_takes_a_number_key_by_key_and_shows_no_list(world, site):
    meeting = Hall(world).opened()
    number = str(number_of(world, "neighbour"))
    world.commit()
    client, address = site.as_(Post.RECORDER), f"/meetings/{meeting.id}/kiosk"
    assert site.as_("neighbour").get(address).status_code == 403
    assert client.post(f"{address}/lock").status_code == 303
    typed = ""
    for digit in number:
        shown = client.get(address, params={"typed": typed, "press": digit})
        typed = re.search(r'name="typed"[^>]*value="(\d*)"', shown.text)[1]
    assert typed == number
    back = client.get(address, params={"typed": number + "7", "press": "back"})
    assert f'value="{number}"' in back.text
    asked = client.get(address, params={"typed": typed, "press": "go"})
    assert f"{number}，对吗？" in asked.text
    assert "真名" not in asked.text
    assert 'href="/meetings"' not in asked.text
    done = client.post(address, data={"number": number})
    assert done.status_code == 303
    shown = client.get(done.headers["location"])
    assert "已签到" in shown.text
    assert f'content="8; url={address}"' in shown.text
    assert present(site, meeting) == [world.who["neighbour"]]
    assert "不在这次会议的邀请名单上" in client.get(f"{address}?typed=9876&press=go").text


def test_a_kiosk_never_leads_to_the_pages_of_whoever_opened_it(world, site):
    hall = Hall(world)
    meeting, other = hall.opened(), hall.planned(world.matter(Stage.READY_FOR_MEETING))
    number = str(number_of(world, "neighbour"))
    world.commit()
    client, address = site.as_(Post.FACILITATOR), f"/meetings/{meeting.id}/kiosk"
    asked = client.get(address)
    assert "只能签到" in asked.text
    assert 'name="typed"' not in asked.text
    assert client.post(address, data={"number": number}).status_code == 403
    assert present(site, meeting) == []
    assert site.as_("neighbour").post(f"{address}/lock").status_code == 403
    locked = client.post(f"{address}/lock")
    assert (locked.status_code, locked.headers["location"]) == (303, address)
    assert 'name="typed"' in client.get(address).text
    for mine in (
        "/me", "/me/sessions", f"/meetings/{meeting.id}/console", f"/meetings/{other.id}/kiosk",
        f"/meetings/{meeting.id}/check-in", f"/meetings/{meeting.id}/door/code",
    ):  # fmt: skip
        assert client.get(mine).status_code in {303, 404}
    assert client.get(f"/meetings/{other.id}").status_code == 404
    begin = client.post(f"/meetings/{meeting.id}/transitions/begin")
    assert (begin.status_code, begin.headers["location"][:8]) == (303, "/sign-in")
    assert client.post(address, data={"number": number}).status_code == 303
    assert present(site, meeting) == [world.who["neighbour"]]
    listed = site.as_(Post.FACILITATOR).get("/me/sessions").text
    assert "签到终端：" in listed
    world.wait(hours=13)
    assert client.get(address).status_code == 303


def test_whoever_has_no_seat_comes_in_as_an_observer_and_heads_are_counted(world, site):
    meeting = Hall(world).opened()
    code = code_of(world, meeting)
    world.commit()
    address, guest = f"/meetings/{meeting.id}", site.as_(Post.DELEGATE)
    assert "来旁听" in guest.get(f"{address}/door").text
    assert guest.post(f"{address}/observers").status_code == 422
    assert 'value="OOOOOO"' in guest.post(f"{address}/observers", data={"code": "OOOOOO"}).text
    square = guest.get(f"{address}/door?code={code}").text
    assert f'name="code" value="{code}"' in square
    assert guest.post(f"{address}/observers", data={"code": code}).status_code == 303
    assert "旁听 1 号" in guest.get(f"{address}/door").text
    assert guest.post(f"{address}/observers", data={"code": code}).status_code == 409
    assert guest.post(f"{address}/observers", data={"heads": "3"}).status_code == 403
    clerk = site.as_(Post.COMMUNITY_WORKER)
    assert clerk.post(f"{address}/observers", data={"heads": "3"}).status_code == 303
    assert "旁听 4 人" in clerk.get(f"{address}/door/code").text
    wrong = clerk.post(f"{address}/observers", data={"heads": "999"})
    assert wrong.status_code == 422
    assert 'value="999"' in wrong.text
    assert present(site, meeting) == []


def test_in_a_residents_assembly_a_seat_is_taken_on_the_telephone_the_kiosk_and_the_list(
    world, site
):
    hall = Hall(world)
    grounds.count_adults(
        world.as_(Post.COMMITTEE), world.community, adults=5, as_of=date(2026, 5, 1),
        source="户籍登记",
    )  # fmt: skip
    meeting = hall.opened(
        kind=MeetingKind.RESIDENTS, seats=(), agenda=(Topic(title="公约", motion="通过公约。"),),
        starts_at=world.now + timedelta(days=12),
    )  # fmt: skip
    code = code_of(world, meeting)
    numbers = {
        key: number_of(world, key)
        for key in (Constituency.RESIDENTS, Post.DELEGATE, Constituency.UNITS)
    }
    world.commit()
    base = f"/meetings/{meeting.id}"
    client = site.as_("neighbour")
    for page in (base, f"{base}/room"):
        assert f'href="{base}/door"' in client.get(page).text
    assert "年满 18 周岁的居民都有席位" in client.get(base).text
    assert 'name="code"' in client.get(f"{base}/door").text
    assert client.post(f"{base}/door", data={"code": "XXXXXX"}).status_code == 422
    assert client.post(f"{base}/door", data={"code": code}).status_code == 303
    assert "签一次就够了" in client.get(f"{base}/door").text
    unit = site.as_(Constituency.UNITS)
    assert "旁听" in unit.get(f"{base}/door").text
    assert unit.post(f"{base}/door", data={"code": code}).status_code == 409
    door, kiosk = site.as_(Post.FACILITATOR), site.as_(Post.RECORDER)
    assert kiosk.post(f"{base}/kiosk/lock").status_code == 303
    asked = f"{base}/kiosk?typed={numbers[Constituency.RESIDENTS]}&press=go"
    assert "对，签到" in kiosk.get(asked).text
    sent = kiosk.post(f"{base}/kiosk", data={"number": str(numbers[Constituency.RESIDENTS])})
    assert sent.status_code == 303
    assert "已签到" in kiosk.get(asked).text
    stranger = kiosk.get(f"{base}/kiosk?typed={numbers[Constituency.UNITS]}&press=go")
    assert "请找门口的工作人员" in stranger.text
    ticked = door.post(f"{base}/check-ins", data={"number": str(numbers[Post.DELEGATE])})
    assert ticked.status_code == 303
    wrong = door.post(f"{base}/check-ins", data={"number": str(numbers[Constituency.UNITS])})
    assert wrong.status_code == 422
    assert "不是本社区登记的成年居民" in wrong.text
    assert len(present(site, meeting)) == 3
    assert "楼号、门牌" in door.get(f"{base}/sheet").text
    assert "登记人数 5 人" in site.visitor().get(f"{base}/notice").text
