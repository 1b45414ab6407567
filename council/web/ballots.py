"""The secret ballot: choose, check, cast; the receipt is the answer, and no address names it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from council import (
    ballots,
    choices,
    i18n,
    keepers,
    preparations,
    receipts,
    rulecards,
    sealing,
    votes,
)
from council.ballots import Receipt, Standing
from council.checkpoint import Signer
from council.errors import Invalid, NotFound, NotReady, Problem
from council.gate import Context
from council.preparations import Preparation
from council.proxies import Enrolled, Entitled
from council.receipts import Answer
from council.settings import Settings
from council.thresholds import Rule
from council.votes import Vote
from council.web import choices as sent_choices
from council.web import counter, formal, pages, squares
from council.web.finished import Finished, mark
from council.web.forms import Form
from council.web.handler import form_of, handler, prepared
from council.web.look import Look
from council.web.reader import settings_of


@dataclass(frozen=True)
class Booth:
    """Where somebody votes: the vote, for whom they can vote, and for whom they vote now.

    `entering`: a worker at the counter, for the person whose number the form names.
    """

    vote: Vote
    standing: Standing
    voter: Enrolled | None
    done: bool
    entering: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether there is a ballot to fill in."""
        return self.vote.is_open and self.voter is not None and not self.done

    @property
    def left(self) -> list[Enrolled]:
        """Entries that still wait when this one has been voted for."""
        return [one for one in self.standing.open if one is not self.voter]


def _booth(ctx: Context, vote: Vote, asked: str, *, entering: bool = False) -> Booth:
    """The booth of whoever speaks, at the entry with the number `asked`, else the first open."""
    found = ballots.standing(ctx.session, vote, ctx.person_id)
    entries = {str(voter.number): (voter, done) for voter, done in found.entries}
    first = next(((voter, False) for voter in found.open), None) or next(iter(found.entries), None)
    voter, done = entries.get(asked) or first or (None, False)
    return Booth(vote, found, voter, done, entering)


def _vote(request: Request, ctx: Context) -> Vote:
    """The secret vote of the address, read once until the log grows. Raises NotFound."""
    vote_id, log_size = int(request.path_params["id"]), request.state.look.log_size
    if not votes.sees(ctx, vote_id):
        raise NotFound("not_found")
    finished: Finished = request.app.state.finished
    return finished.known(log_size, ("vote", vote_id), lambda: formal.secret_vote(request, ctx))


def _sent(request: Request, ctx: Context, form: Form) -> Booth:
    """The booth that a form was sent from; for a worker that of the person whom it names.

    Raises Invalid when the number at the counter is nobody's, or not on the roll.
    """
    entering, vote = form.flag("entering"), _vote(request, ctx)
    if entering:
        ctx.behalf = counter.caller(request, ctx, vote.community_id)
    booth = _booth(ctx, vote, form.value("entry"), entering=entering)
    if entering and booth.voter is None:
        raise Invalid(Problem("not_on_roll", "for_person"))
    return booth


def _page(
    request: Request, ctx: Context, name: str, booth: Booth, status: int = 200,
    papers: Preparation | None = None, **data: Any,
) -> Response:  # fmt: skip
    """A page of the booth, kept nowhere; one that shows the options comes with the papers."""
    about = [("preparation", papers.id)] if papers else []
    return pages.page(
        request, f"ballots/{name}.html", status, vote=booth.vote, booth=booth, voter=booth.voter,
        sealed=keepers.is_sealed(booth.vote), preparation=papers, **data,
        translations=formal.words(request, ctx, [booth.vote], *about),
    )  # fmt: skip


def _papers(ctx: Context, vote: Vote) -> Preparation | None:
    """The papers of a formal vote; a vote in a meeting has none."""
    return None if vote.in_meeting else preparations.of(ctx.session, vote.id)


def _form(request: Request, ctx: Context, booth: Booth, form: Form) -> Response:
    """The ballot to fill in; at the counter with the field that says for whom."""
    vote, status = booth.vote, 422 if form.problems else 200
    if not booth.entering and not booth.is_ready:
        return _page(request, ctx, "done", booth)
    papers = _papers(ctx, vote)
    if booth.entering:
        asked = counter.asked(request, ctx, vote.community_id)
        return _page(request, ctx, "for", booth, status, papers, form=form, asked=asked)
    card = rulecards.card(Rule.from_json(vote.rule), rulecards.entitled(vote.due))
    return _page(request, ctx, "form", booth, status, papers, form=form, card=card)


@handler(session=True)
def show(request: Request, ctx: Context) -> Response:
    """One question and the choices; or why there is nothing to choose."""
    booth = _booth(ctx, formal.secret_vote(request, ctx), request.query_params.get("entry", ""))
    return _form(request, ctx, booth, Form())


@handler(session=True)
def enter(request: Request, ctx: Context) -> Response:
    """The ballot of somebody who comes to the counter, filled in by a worker."""
    vote = formal.secret_vote(request, ctx)
    number = request.query_params.get("person", "")
    form = Form(for_person=number) if number.isascii() and number.isdigit() else Form()
    booth = Booth(vote, Standing(), None, done=False, entering=True)
    return _form(request, ctx, booth, form)


# Checking and casting


def _answer(form: Form, vote: Vote) -> Answer:
    return choices.checked(vote, sent_choices.answer(form, vote))


def _check_page(request: Request, ctx: Context, booth: Booth, form: Form) -> Response:
    """The choice once more, with a phrase to accept or replace. Raises Invalid."""
    r = form.value("r")
    return _page(
        request, ctx, "check", booth, 422 if form.problems else 200,
        _papers(ctx, booth.vote), form=form,
        answer=_answer(form, booth.vote), sent=sent_choices.fields(form, booth.vote),
        r=r if receipts.is_random(r) else receipts.new_random(),
        phrase=form.value("phrase") or receipts.new_phrase(request.state.look.language),
        longest=receipts.LONGEST_PHRASE,
    )  # fmt: skip


@handler(session=True, rate="write", reads=True)
def check(request: Request, ctx: Context) -> Response:
    """The choice once more, before it is cast; nothing is written here."""
    form = form_of(request)
    try:
        booth = _sent(request, ctx, form)
        if not booth.is_ready:
            return _page(request, ctx, "done", booth, 409)
        return _check_page(request, ctx, booth, form)
    except Invalid as wrong:
        return _again(request, ctx, form.wrong(wrong))


def _cast(request: Request, ctx: Context) -> Response:
    """Cast the ballot. The answer is the receipt; sent once more, it is the same receipt."""
    form = form_of(request)
    booth = _sent(request, ctx, form)
    vote, voter = booth.vote, booth.voter
    if voter is None:
        raise NotReady("not_ready", ("on_the_roll",))
    filled = ballots.fill(
        vote, choice=sent_choices.answer(form, vote), phrase=form.value("phrase"),
        r=form.value("r"),
    )  # fmt: skip
    if booth.done and ballots.in_box(ctx.session, vote.id, filled.c):
        made = Receipt(vote.id, filled.c, filled.phrase, filled.r)
    else:
        made = ballots.drop(ctx, Entitled(vote, voter), filled=filled)
    return _receipt(request, ctx, booth, made)


@handler(session=True, rate="write", queued=_cast)
def cast(request: Request, ctx: Context) -> Response:
    """Say why a ballot was not cast, with every word that was typed."""
    form = form_of(request)
    try:
        booth = _sent(request, ctx, form)
        if not booth.is_ready:
            return _page(request, ctx, "done", booth, 409)
        prepared(request)
    except Invalid as wrong:
        return _again(request, ctx, form.wrong(wrong))
    raise RuntimeError("a ballot was neither cast nor refused")


def _again(request: Request, ctx: Context, form: Form) -> Response:
    """The page on which something is wrong, with every word that was typed."""
    if {one.field for one in form.problems} <= {"phrase", "r"}:
        return _check_page(request, ctx, _sent(request, ctx, form), form)
    if form.flag("entering"):
        vote = formal.secret_vote(request, ctx)
        return _form(request, ctx, Booth(vote, Standing(), None, done=False, entering=True), form)
    return _form(
        request, ctx, _booth(ctx, formal.secret_vote(request, ctx), form.value("entry")), form
    )


def _receipt(request: Request, ctx: Context, booth: Booth, made: Receipt) -> Response:
    """The receipt, signed by the key of the log; what stands around it is written once."""
    settings, look, vote = settings_of(request), request.state.look, booth.vote
    signature = sealing.sign(_signer(settings), made.vote_id, made.c)
    own = {
        "code": made.code, "phrase": made.phrase, "c": made.c, "r": made.r, "signature": signature,
        "quotedphrase": quote(made.phrase), "quotedsignature": quote(signature),
        "picture": squares.picture(f"{look.base}/receipts#", made.code),
    }  # fmt: skip
    finished: Finished = request.app.state.finished
    return finished.page(
        request, "ballots/receipt.html", (vote.id, booth.entering, len(booth.left)), own,
        lambda: {
            "vote": vote, "booth": booth, "sealed": keepers.is_sealed(vote),
            "note": sealing.note(settings.log_origin, vote.id, mark("c"), mark("signature")),
            "saved": _file(settings, look, vote),
            "translations": formal.words(request, ctx, [vote]),
        },
    )  # fmt: skip


@lru_cache(maxsize=1)
def _signer(settings: Settings) -> Signer:
    return Signer(settings.log_origin, settings.log_seed())


def _file(settings: Settings, look: Look, vote: Vote) -> str:
    """The receipt as a text to save, with the signed note that other programs read, as an address.

    What differs from receipt to receipt is marked; of it only letters and numbers need no quoting.
    """
    where = i18n.translate(look.language, "Check it at {address}", address=f"{look.base}/receipts")
    words = {name: i18n.translate(look.language, name) for name in ("Receipt", "Your phrase")}
    c, signature = mark("c"), mark("quotedsignature")
    lines = [
        f"{words['Receipt']} {mark('code')}", vote.title, where, "", f"c = {c}",
        f"{words['Your phrase']} = {mark('quotedphrase')}", f"r = {mark('r')}", "",
        sealing.note(settings.log_origin, vote.id, c, signature),
    ]  # fmt: skip
    return quote("\n".join(lines))


@handler(session=True)
def back(request: Request, ctx: Context) -> Response:
    """The address of a page that was an answer to a form leads to the ballot."""
    return RedirectResponse(f"/votes/{formal.secret_vote(request, ctx).id}/ballot", status_code=303)


routes = [
    Route("/votes/{id:int}/ballot", show),
    Route("/votes/{id:int}/ballot", cast, methods=["POST"]),
    Route("/votes/{id:int}/ballot/check", back),
    Route("/votes/{id:int}/ballot/check", check, methods=["POST"]),
    Route("/votes/{id:int}/ballot/for", enter),
]
