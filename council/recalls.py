"""Recalls: a step of the chair that was a slip is taken back within ten seconds."""

from council import history
from council.gate import Context, act
from council.meetings import AgendaItem, ItemStage, item_is_open
from council.policy import Can
from council.screens import UNDO

# Requirements


def opened_just_now(ctx: Context, item: AgendaItem) -> bool:
    """The item was called less than ten seconds ago."""
    return item.opened_at is not None and ctx.now - item.opened_at <= UNDO


def nothing_since(ctx: Context, item: AgendaItem) -> bool:
    """Nobody has done anything about the item since it was called."""
    return item.opened_at is not None and not history.touched(
        ctx.session, item, since=item.opened_at, apart_from="item.open"
    )


# Act


@act("item.recall", who=Can.CHAIR, requires=(item_is_open, opened_just_now, nothing_since))
def recall(ctx: Context, item: AgendaItem) -> AgendaItem:
    """Take back that an item was called, when it was a slip; then it waits again."""
    item.stage, item.opened_at = ItemStage.PENDING, None
    return item
