"""Sharing out a budget: every voter the same share (Method of Equal Shares), or by votes alone.

A ballot chooses projects; costs and the budget are whole yuan, what people pay is exact. Equal
shares is the method of Peters and Skowron (Proportionality and the Limits of Welfarism, 2020) as
cities use it: for approval ballots, with the cost of a project as its use to a supporter (Peters,
Pierczyński and Skowron, Proportional Participatory Budgeting with Additive Utilities, 2021).

Every filled ballot holds the same share of the budget. A project can be paid when its supporters
together still have its cost; they pay the same, and who has less pays what is left. Of the projects
that can be paid, the one with the smallest rate is next: what those pay who pay most, by the cost.
Then every share is raised step by step, each time from the beginning, until no further project fits
into the budget or the next step would cost more than the budget. What is left goes by votes.
Ties: more supporters, then the lower cost, then the lot, or without one the order of the paper.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from council.derivations import exact
from council.methods import Derivation, Papers, Said, Told, approvals, checked

Turn = Literal["", "supporters", "cost", "lot", "order"]


@dataclass(frozen=True)
class Payment:
    """What so many supporters of a project paid each, in yuan."""

    amount: Fraction
    payers: int


@dataclass(frozen=True)
class Purchase:
    """A project that is paid, what its supporters paid (most first), what the budget then has left.

    One that goes by votes is paid from what is left, and nobody's share. `tied` are the others that
    stood equally, and `turn` is what decided between them.
    """

    option: str
    cost: int
    supporters: int
    payments: tuple[Payment, ...]
    left: int
    tied: tuple[str, ...]
    turn: Turn

    def lines(self) -> Iterator[Said]:
        """Yield the project, what was paid, and the tie, if there was one."""
        numbers: Told = {"cost": self.cost, "supporters": self.supporters, "left": self.left}
        key = "budget.shared" if self.payments else "budget.voted"
        yield key, None, {"option": self.option, **numbers}
        if self.payments:
            most, *fewer = self.payments
            total = exact(most.amount * most.payers)
            paid: Told = {"payers": most.payers, "amount": exact(most.amount), "sum": total}
            yield "budget.paid", None, paid
            rest = exact(sum((one.amount * one.payers for one in fewer), start=Fraction(0)))
            if fewer:
                payers = sum(one.payers for one in fewer)
                yield "budget.paid.rest", None, {"payers": payers, "sum": rest}
        if self.tied:
            yield f"budget.tie.{self.turn}", None, {"options": self.tied, "option": self.option}


@dataclass(frozen=True)
class Plan:
    """What was asked for: the projects with costs and supporters, the budget, and the ballots."""

    options: tuple[str, ...]
    costs: tuple[int, ...]
    supporters: tuple[int, ...]
    budget: int
    papers: Papers
    lot: tuple[str, ...]

    def left_out(self, bought: Sequence[Purchase]) -> Iterator[Said]:
        """Yield the projects that are not paid, each with what it lacks, and the sum of all."""
        left = self.budget - sum(one.cost for one in bought)
        paid = {one.option for one in bought}
        for option, cost, supporters in zip(self.options, self.costs, self.supporters, strict=True):
            if option not in paid:
                told = {"cost": cost, "supporters": supporters, "left": left}
                key = "budget.left_out" if supporters else "budget.left_out.nobody"
                yield key, None, {"option": option, **told}
        names = tuple(one.option for one in bought)
        spent = {"spent": self.budget - left, "budget": self.budget, "left": left}
        yield "budget.sum", bool(names), {"options": names, **spent}


@dataclass(frozen=True)
class EqualShares(Derivation):
    """Equal shares: what is paid from the shares, and then by votes from what is left.

    The share was `first`, the budget by the filled ballots, and was raised by `steps` times `step`.
    """

    method = "shares"

    plan: Plan
    first: Fraction
    step: Fraction
    steps: int
    shared: tuple[Purchase, ...]
    voted: tuple[Purchase, ...]

    @property
    def share(self) -> Fraction:
        """What every filled ballot could pay in the end; nobody paid more."""
        return self.first + self.steps * self.step

    @property
    def winners(self) -> tuple[str, ...]:
        """The projects that are paid."""
        return tuple(one.option for one in self.shared + self.voted)

    @property
    def alone(self) -> "Greedy":
        """What votes alone would pay from the same ballots, to be read beside it."""
        return Greedy(self.plan, _by_votes(self.plan, ()))

    def lines(self) -> tuple[Said, ...]:
        """Return the rule, the ballots, the share, each project with its payments, the rest."""
        plan = self.plan
        said: list[Said] = [
            ("shares.rule", None, {"budget": plan.budget, "step": exact(self.step)}),
            plan.papers.line(),
        ]
        if plan.papers.filled:
            held: Told = {"voters": plan.papers.filled, "first": exact(self.first)}
            said.append(("shares.first", None, {"budget": plan.budget, **held}))
        if self.steps:
            raised: Told = {"step": exact(self.step), "share": exact(self.share)}
            said.append(("shares.raised", None, {"steps": self.steps, **raised}))
        for one in self.shared:
            said += one.lines()
        if self.voted:
            left = plan.budget - sum(one.cost for one in self.shared)
            said.append(("shares.rest", None, {"left": left}))
        for one in self.voted:
            said += one.lines()
        return *said, *plan.left_out(self.shared + self.voted)


@dataclass(frozen=True)
class Greedy(Derivation):
    """By votes alone: from most supporters down, each project that fits into what is left."""

    method = "greedy"

    plan: Plan
    voted: tuple[Purchase, ...]

    @property
    def winners(self) -> tuple[str, ...]:
        """The projects that are paid."""
        return tuple(one.option for one in self.voted)

    def lines(self) -> tuple[Said, ...]:
        """Return the rule, the ballots, each project that is paid, and the others."""
        rule: Said = "greedy.rule", None, {"budget": self.plan.budget}
        paid = [line for one in self.voted for line in one.lines()]
        return rule, self.plan.papers.line(), *paid, *self.plan.left_out(self.voted)


def equal_shares(
    costs: Mapping[str, int],
    budget: int,
    ballots: Iterable[Collection[str]],
    *,
    limit: int | None = None,
    step: int | Fraction = 1,
    lot: Sequence[str] = (),
) -> EqualShares:
    """Return what equal shares pays; `limit` is how many projects a ballot may choose, `step` yuan.

    Raises ValueError for costs, a budget, a limit, a step or a lot that cannot be.
    """
    plan, chosen = _plan(costs, budget, ballots, limit, lot)
    if step <= 0:
        raise ValueError(f"a step raises the share: {step}")
    voters, steps = plan.papers.filled, 0
    first, step = Fraction(budget, voters or 1), Fraction(step)
    market = _Market(plan, chosen, first)
    while voters and market.until is not None and _fits(plan, market.picks):
        ahead = max(1, (market.until / step).__ceil__())
        raised = _Market(plan, chosen, first + (steps + ahead) * step)
        if sum(one.cost for one in raised.picks) > budget:
            steps += ahead - 1
            market = _Market(plan, chosen, first + steps * step)
            break
        market, steps = raised, steps + ahead
    shared = tuple(market.picks)
    return EqualShares(
        plan, first if voters else Fraction(0), step, steps, shared, _by_votes(plan, shared)
    )


def greedy(
    costs: Mapping[str, int],
    budget: int,
    ballots: Iterable[Collection[str]],
    *,
    limit: int | None = None,
    lot: Sequence[str] = (),
) -> Greedy:
    """Return what is paid by votes alone; `limit` is how many projects a ballot may choose.

    Raises ValueError for costs, a budget, a limit or a lot that cannot be.
    """
    plan, _ = _plan(costs, budget, ballots, limit, lot)
    return Greedy(plan, _by_votes(plan, ()))


def _plan(
    costs: Mapping[str, int],
    budget: int,
    ballots: Iterable[Collection[str]],
    limit: int | None,
    lot: Sequence[str],
) -> tuple[Plan, dict[frozenset[str], int]]:
    options = checked(tuple(costs), lot)
    if min(costs.values()) < 1 or budget < 0 or (limit is not None and limit < 1):
        raise ValueError("a project costs something, a budget is no debt, a ballot chooses")
    papers, chosen = approvals(options, ballots, len(options) if limit is None else limit)
    supporters = dict.fromkeys(options, 0)
    for choice, times in chosen.items():
        for option in choice:
            supporters[option] += times
    sums = tuple(supporters.values())
    return Plan(options, tuple(costs.values()), sums, budget, papers, tuple(lot)), chosen


def _fits(plan: Plan, bought: Sequence[Purchase]) -> bool:
    """Whether a project with a supporter that is not bought fits into what is left."""
    left, paid = plan.budget - sum(one.cost for one in bought), {one.option for one in bought}
    offers = zip(plan.options, plan.costs, plan.supporters, strict=True)
    return any(cost <= left for option, cost, votes in offers if votes and option not in paid)


def _turn(plan: Plan, equals: Sequence[str]) -> tuple[str, tuple[str, ...], Turn]:
    """Return whose turn it is among equals, the others, and what decides."""
    order = plan.lot or plan.options
    cost = dict(zip(plan.options, plan.costs, strict=True))
    supporters = dict(zip(plan.options, plan.supporters, strict=True))
    first = min(equals, key=lambda one: (-supporters[one], cost[one], order.index(one)))
    others = tuple(one for one in equals if one != first)
    if not others:
        return first, (), ""
    if all(supporters[one] < supporters[first] for one in others):
        return first, others, "supporters"
    rivals = [one for one in others if supporters[one] == supporters[first]]
    if all(cost[one] > cost[first] for one in rivals):
        return first, others, "cost"
    return first, others, "lot" if plan.lot else "order"


def _by_votes(plan: Plan, bought: Sequence[Purchase]) -> tuple[Purchase, ...]:
    """Return what goes by votes from what is left: most supporters first, if it fits."""
    left = plan.budget - sum(one.cost for one in bought)
    paid = {one.option for one in bought}
    votes = dict(zip(plan.options, plan.supporters, strict=True))
    waiting = [option for option in plan.options if votes[option] and option not in paid]
    added = []
    while waiting:
        most = max(votes[option] for option in waiting)
        option, tied, turn = _turn(plan, [one for one in waiting if votes[one] == most])
        waiting.remove(option)
        cost = plan.costs[plan.options.index(option)]
        if cost <= left:
            left -= cost
            added.append(Purchase(option, cost, most, (), left, tied, turn))
    return tuple(added)


@dataclass(frozen=True)
class _Price:
    """What is owed by those who pay most for a project, how that grows, and who has which purse."""

    owed: int
    rises: int
    payers: int
    purses: Mapping[int, int]  # kind of purse → supporters who hold one


class _Market:
    """One run at one share: what is bought, and how far the share can rise without a change.

    Everything paid is linear in the share as long as every comparison made on the way comes out
    the same. Each purse and price therefore carries its growth per yuan that the share is raised
    by, and `until` is the smallest raise at which some comparison could turn (None: never). For
    every smaller raise the same projects are bought in the same order, so those steps are left out.

    Money and its growth are whole numbers of 1/unit yuan; the unit shrinks as payments are shared.
    """

    def __init__(self, plan: Plan, chosen: Mapping[frozenset[str], int], share: Fraction) -> None:
        self.until: Fraction | None = None
        self.picks: list[Purchase] = []
        self._plan = plan
        self._cost = dict(zip(plan.options, plan.costs, strict=True))
        groups = [(choice, times) for choice, times in chosen.items() if choice]
        self._times = [times for _, times in groups]
        self._backers: dict[str, list[int]] = {option: [] for option in plan.options}
        for group, (choice, _) in enumerate(groups):
            for option in choice:
                self._backers[option].append(group)
        # Ballots with the same history hold purses of one kind; kind 1 is empty.
        self._kind = [0] * len(groups)
        self._unit = share.denominator
        self._money, self._growth = [share.numerator, 0], [self._unit, 0]
        self._buy()

    def _buy(self) -> None:
        supporters = zip(self._plan.options, self._plan.supporters, strict=True)
        bounds = {option: (Fraction(1, n), Fraction(0)) for option, n in supporters if n}
        left = self._plan.budget
        while best := self._best(bounds):
            option, tied, turn, price = best
            del bounds[option]
            left -= self._cost[option]
            payments = self._pay(option, price)
            votes = price.purses.values()
            self.picks.append(
                Purchase(option, self._cost[option], sum(votes), payments, left, tied, turn)
            )

    def _best(
        self, bounds: dict[str, tuple[Fraction, Fraction]]
    ) -> tuple[str, tuple[str, ...], Turn, _Price] | None:
        """Return the project to buy; rates only rise during a run, so old ones are lower bounds."""
        prices: dict[str, _Price] = {}
        lowest: Fraction | None = None
        for option in sorted(bounds, key=lambda one: bounds[one][0]):
            if lowest is not None and bounds[option][0] > lowest:
                break
            price = self._price(option)
            if price is None:
                del bounds[option]
                continue
            prices[option] = price
            shared = self._cost[option] * price.payers * self._unit
            bounds[option] = Fraction(price.owed, shared), Fraction(price.rises, shared)
            lowest = bounds[option][0] if lowest is None else min(lowest, bounds[option][0])
        if lowest is None:
            return None
        first, tied, turn = _turn(self._plan, [one for one in prices if bounds[one][0] == lowest])
        for rate, growth in bounds.values():
            self._watch(rate - lowest, growth - bounds[first][1])
        return first, tied, turn, prices[first]

    def _price(self, option: str) -> _Price | None:
        """Return what the project asks of its supporters; None when they have not enough."""
        purses: Counter[int] = Counter()
        for group in self._backers[option]:
            purses[self._kind[group]] += self._times[group]
        money, growth = self._money, self._growth
        owed, rises, payers = self._cost[option] * self._unit, 0, purses.total()
        for kind in sorted(purses, key=money.__getitem__):
            if money[kind] * payers >= owed:
                break
            owed -= money[kind] * purses[kind]
            rises -= growth[kind] * purses[kind]
            payers -= purses[kind]
        if not payers:
            self._watch(owed, rises)
            return None
        for kind in purses:
            self._watch(money[kind] * payers - owed, growth[kind] * payers - rises)
        return _Price(owed, rises, payers, purses)

    def _pay(self, option: str, price: _Price) -> tuple[Payment, ...]:
        """Take the payments out of the purses."""
        self._unit *= price.payers
        self._money = [money * price.payers for money in self._money]
        self._growth = [growth * price.payers for growth in self._growth]
        moved: dict[int, int] = {}
        paid: Counter[int] = Counter()
        for kind, holders in price.purses.items():
            money = self._money[kind]
            paid[min(money, price.owed)] += holders
            moved[kind] = len(self._money) if money >= price.owed else 1
            if money >= price.owed:
                self._money.append(money - price.owed)
                self._growth.append(self._growth[kind] - price.rises)
        for group in self._backers[option]:
            self._kind[group] = moved[self._kind[group]]
        amounts = sorted(paid, reverse=True)
        return tuple(Payment(Fraction(one, self._unit), paid[one]) for one in amounts)

    def _watch(self, difference: int | Fraction, growth: int | Fraction) -> None:
        """Note at which raise a difference of two numbers that were compared changes its sign."""
        if growth and (not difference or (difference > 0) is not (growth > 0)):
            turns = abs(Fraction(difference) / Fraction(growth))
            self.until = turns if self.until is None else min(self.until, turns)
