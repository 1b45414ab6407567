"""Proceedings: what was said and moved about each item, so that minutes write themselves."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from council import chairing, debates, speeches
from council.chairing import ChairTurn
from council.debates import Told
from council.speeches import Speech


@dataclass
class Proceedings:
    """One item: who spoke, for which side, the amendments that were moved, the chair's turns."""

    speeches: list[Speech] = field(default_factory=list)
    amendments: list[Told] = field(default_factory=list)
    chairs: list[ChairTurn] = field(default_factory=list)


def of_items(session: Session, meeting_id: int, ids: Iterable[int]) -> dict[int, Proceedings]:
    """By item what happened to it, in a fixed number of statements."""
    found = {item_id: Proceedings() for item_id in ids}
    for speech in speeches.of_meeting(session, meeting_id):
        if speech.how in speeches.HEARD and speech.item_id in found:
            found[speech.item_id].speeches.append(speech)
    for one in debates.told(session, list(found)):
        if one.row.depth:
            found[one.row.item_id].amendments.append(one)
    for item_id, turns in chairing.turns(session, list(found)).items():
        found[item_id].chairs = turns
    return found
