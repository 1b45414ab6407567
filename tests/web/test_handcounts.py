"""Counting in the room: the tellers' page, and what the three views show of it meanwhile."""

from council import meetings, motions
from council.people import Constituency, Post
from council.votes import How, Vote
from tests.hall import Hall
from tests.test_motions import debated
from tests.test_tellers import FIGURES, ONE, TWO, opened, secretly
from tests.web.conftest import Site
from tests.world import World


def at(world: World, vote: Vote) -> tuple[str, str]:
    """The meeting's address and the tellers' page."""
    item = world.session.get_one(meetings.AgendaItem, vote.agenda_item_id)
    base = f"/meetings/{item.meeting_id}"
    return base, f"{base}/votes/{vote.id}/hands"


def typed(**changed: object) -> dict[str, object]:
    """The fields as a teller fills them in."""
    found = {
        f"{side}_{heap}": n
        for side, sums in FIGURES.items()
        for heap, n in zip(("for", "against", "abstain"), sums, strict=True)
    }
    return found | changed


def test_two_tellers_at_their_own_page_differ_and_agree_and_the_chair_closes(
    world: World, site: Site
) -> None:
    item = Hall(world).asked(Hall(world).item_open())
    world.commit()
    base, chair = f"/meetings/{item.meeting_id}", site.as_(Post.FACILITATOR)
    asked = chair.get(f"{base}/console?ask=open").text
    assert '<option value="hands">举手表决</option>' in asked
    sent = chair.post(f"{base}/items/{item.id}/votes", data={"how": "feet"})
    assert sent.status_code == 422
    sent = chair.post(
        f"{base}/items/{item.id}/votes", data={"how": "hands", "back": f"{base}/console"}
    )
    assert (sent.status_code, sent.headers["location"]) == (303, f"{base}/console")
    with site.read() as session:
        vote = session.query(Vote).one()
    hands = f"{base}/votes/{vote.id}/hands"
    for view in ("room", "screen"):
        assert "请您举手" in site.as_("neighbour").get(f"{base}/{view}").text
        assert hands not in site.as_("neighbour").get(f"{base}/{view}").text
    one, two = site.as_(ONE), site.as_(TWO)
    assert f'href="{hands}"' in one.get(f"{base}/room").text
    wrong = one.post(hands, data=typed(residents_for=7, party_for="一"))
    assert wrong.status_code == 422
    assert 'name="residents_for" type="text" inputmode="decimal" value="7"' in wrong.text
    many = one.post(hands, data=typed(residents_for=7))
    assert (many.status_code, "开始时在场的只有 2 席" in many.text) == (422, True)
    entered = one.post(hands, data=typed(residents_for=2, residents_against=0))
    assert (entered.status_code, entered.headers["location"]) == (303, hands)
    assert "您的票数已录入" in one.get(hands).text
    seen = two.get(hands).text
    assert "已有人录过" in seen
    assert 'name="residents_for" type="text" inputmode="decimal" value=""' in seen
    two.post(hands, data=typed())
    differ = two.get(hands).text
    assert "两份票数有 2 处不一致" in differ
    assert "居民 · 赞成" in differ
    console = chair.get(f"{base}/console?ask=close").text
    assert "两份不一致" in console
    assert "要有两名计票人分别清点、结果一致" in console
    assert chair.post(f"/votes/{vote.id}/close").status_code == 409
    for client in (one, two):
        client.post(hands, data=typed())
    assert "两名计票人数的一致" in chair.get(f"{base}/console").text
    assert one.get(hands).text.count("<form") == seen.count("<form") - 1
    closed = chair.post(f"/votes/{vote.id}/close", data={"back": f"{base}/console"})
    assert closed.status_code == 303
    for page in (f"{base}/console", f"{base}/room", f"{base}/screen", f"/votes/{vote.id}/result"):
        assert "通过" in chair.get(page).text.replace("未通过", "")
    assert "举手表决" in chair.get(f"/votes/{vote.id}/result").text
    assert one.get(hands).headers["location"] == f"/votes/{vote.id}/result"


def test_the_tellers_page_is_for_tellers_of_a_counted_vote(world: World, site: Site) -> None:
    vote = opened(world)
    phones = Hall(world).vote_open()
    base, hands = at(world, vote)
    world.commit()
    assert site.visitor().get(hands).status_code == 303
    for who, status in (("neighbour", 403), (Post.FACILITATOR, 200), (Post.ADMIN, 403)):
        assert site.as_(who).get(hands).status_code == status
    assert "主持这一项的人不计票" in site.as_(Post.FACILITATOR).get(hands).text
    assert site.as_(Constituency.PARTY).post(hands, data=typed()).status_code == 403
    other, elsewhere = at(world, phones)
    for address in (elsewhere, f"{other}/votes/{vote.id}/hands", f"{base}/votes/999/hands"):
        assert site.as_(ONE).get(address).status_code == 404
    shown = site.as_("neighbour").get(f"/votes/{vote.id}")
    assert "请您举手" in shown.text
    assert f"/votes/{vote.id}/check" not in shown.text
    assert vote.how is How.HANDS


def test_slips_are_entered_with_those_outside_the_box(world: World, site: Site) -> None:
    vote = opened(world, How.PAPER)
    base, hands = at(world, vote)
    world.commit()
    assert "请您领一张纸票" in site.as_("neighbour").get(f"{base}/room").text
    clerk, more = site.as_(ONE), {f"{side}_spoiled": 0 for side in FIGURES}
    wrong = clerk.post(hands, data=typed(issued=9, spoiled=1, unused=2, **more))
    assert wrong.status_code == 422
    assert "发出 9 张，票箱里的、写坏收回的、剩下的一共 8 张" in wrong.text
    assert 'name="issued" type="text" inputmode="decimal" value="9"' in wrong.text
    for client in (clerk, site.as_(TWO)):
        sent = client.post(hands, data=typed(issued=8, spoiled=1, unused=2, **more))
        assert sent.status_code == 303
    closed = site.as_(Post.FACILITATOR).post(f"/votes/{vote.id}/close")
    assert closed.headers["location"] == f"/votes/{vote.id}/result"
    assert "纸票表决" in site.visitor().get(f"/votes/{vote.id}/result").text


def test_a_secret_vote_is_cast_from_the_room_and_final_when_the_chair_closes_it(
    world: World, site: Site
) -> None:
    vote = secretly(world)
    item = world.session.get_one(meetings.AgendaItem, vote.agenda_item_id)
    base, page = f"/meetings/{item.meeting_id}", f"/votes/{vote.id}"
    world.commit()
    voter = site.as_("d1")
    assert f'href="{page}/ballot"' in voter.get(f"{base}/room").text
    assert f'href="{page}/ballot"' in voter.get(page).text
    form = voter.get(f"{page}/ballot").text
    assert "评议为称职。" in form
    assert "服务站备有纸票" not in form
    number = form.split('name="entry" value="')[1].split('"')[0]
    sent = {"entry": number, "choice": "for"}
    check = voter.post(f"{page}/ballot/check", data=sent).text
    r = check.split('name="r" value="')[1].split('"')[0]
    receipt = voter.post(f"{page}/ballot", data=sent | {"phrase": "趵突泉 水", "r": r})
    assert receipt.status_code == 200
    assert "主持人截止表决以后，打开“查我的票”" in receipt.text
    assert "您已投票" in voter.get(f"{base}/room").text
    assert "6 席里已投 1 席" in site.visitor().get(f"{base}/screen").text
    clerk = site.as_(Post.COMMUNITY_WORKER)
    assert clerk.get(f"{page}/for").headers["location"] == f"{page}/ballot/for"
    assert clerk.get(f"{page}/ballot/for").status_code == 200
    closed = site.as_(Post.FACILITATOR).post(f"{page}/close")
    assert closed.headers["location"] == f"{page}/result"
    result = site.visitor().get(f"{page}/result").text
    assert "无记名表决" in result
    assert "未通过" in result
    code = receipt.text.split('id="code" translate="no">')[1].split("<")[0]
    assert "趵突泉 水" in site.visitor().post("/receipts", data={"code": code}).text


def test_in_english_the_question_of_an_amendment_is_the_amendment(world: World, site: Site) -> None:
    hall = Hall(world)
    item = hall.item_open()
    made = debated(hall, item)
    world.commit()
    base = f"/meetings/{item.meeting_id}"
    typed_english = {
        f"agenda_item-{item.id}-motion": "One lamp is put up.",
        f"motion-{made.id}-text": "Two lamps are put up.",
    }
    assert site.as_(Post.RECORDER).post(f"{base}/translations", data=typed_english).is_redirect
    put = f"{base}/items/{item.id}/motions/{made.id}/transitions/put"
    assert site.as_(Post.FACILITATOR).post(put, data={"how": "hands"}).is_redirect
    with site.read() as session:
        vote = motions.of_votes(session, [made.id])[made.id]
    _, page = at(world, vote)
    for shown in (
        site.as_(ONE).get(f"{page}?lang=en").text,
        site.as_("neighbour").get(f"/votes/{vote.id}?lang=en").text,
    ):
        assert "Two lamps are put up." in shown
        assert "One lamp is put up." not in shown
