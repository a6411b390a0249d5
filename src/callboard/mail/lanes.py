"""Mails that wait in memory, one lane for each recipient domain: critical first, no domain before all others.

Plain; no I/O and no clock. A domain that is in trouble gets fewer connections, half as many each
time, and is paused when that does not help; one that answers slowly keeps only its share.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from callboard.base.reasons import Importance
from callboard.mail.replies import Reply, is_trouble

SHARE = 5 / 6
"""Part of the connections which the others have left that one domain may take: some stay free for the rest."""
STRIKES = 5
"""Troubled tries in a row after which a domain is paused."""
WAITING_PER_CONNECTION = 20
"""Mails of one domain in memory for each connection it may use; more would keep others out of the batch."""


class Waiting(Protocol):
    """What waits in a lane."""

    @property
    def domain(self) -> str:
        """Return the recipient's domain."""
        ...

    @property
    def rank(self) -> int:
        """Return 0 for critical, up to 2."""
        ...


T = TypeVar("T", bound=Waiting)


@dataclass(slots=True)
class _Lane(Generic[T]):
    """One domain. `limit` is how many connections it may use at a time.

    `followers` wait no longer for their turn, but for the mail before them over the same connection: since when.
    `cohort` mails were on their way when the domain was paused: their trouble is the one that is known.
    """

    limit: float
    queues: tuple[deque[T], ...] = field(default_factory=lambda: tuple(deque() for _ in Importance))
    followers: list[tuple[float, T]] = field(default_factory=list)
    in_flight: int = 0
    strikes: int = 0
    cohort: int = 0

    @property
    def waiting(self) -> int:
        return sum(map(len, self.queues)) + len(self.followers)

    def forget(self, follower: T) -> bool:
        """Take a follower away; return whether it was there."""
        for place, (_, one) in enumerate(self.followers):
            if one is follower:
                del self.followers[place]
                return True
        return False


class Lanes(Generic[T]):
    """All lanes, and whose turn it is."""

    def __init__(self, connections: int) -> None:
        self.connections = connections
        self.in_flight = 0
        self._lanes: dict[str, _Lane[T]] = {}
        # For each importance the domains that have such mails, in the order of their turns.
        self._turns: tuple[dict[str, None], ...] = tuple({} for _ in Importance)

    def add(self, mails: Iterable[T]) -> None:
        """Let mails wait for their turn."""
        for one in mails:
            domain, rank = one.domain, one.rank
            lane = self._lanes.get(domain)
            if lane is None:
                lane = self._lanes[domain] = _Lane(float(self.connections))
            lane.queues[rank].append(one)
            self._turns[rank].setdefault(domain)

    def take(self) -> T | None:
        """Return the next mail: the most important, of the domain whose turn it is; None when none may go now."""
        for rank, turns in enumerate(self._turns):
            for domain in turns:
                lane = self._lanes[domain]
                if self._has_room(lane):
                    break
            else:
                continue
            mail = self._pop(lane, domain, rank)
            lane.in_flight += 1
            self.in_flight += 1
            return mail
        return None

    def follow(self, mail: T, now_s: float, *, is_any_idle: bool) -> T | None:
        """Return the mail that goes next over the connection of one that was taken, if that is sure.

        It is of the same domain, whose connections remain as many. A domain in trouble has no such mails, no mail
        waits for another where a free connection may take it, and none goes before a more important one.
        """
        domain = mail.domain
        lane = self._lanes[domain]
        if lane.limit < self.connections or (is_any_idle and self._has_room(lane)):
            return None
        for rank, turns in enumerate(self._turns):
            if domain in turns:
                follower = self._pop(lane, domain, rank)
                lane.followers.append((now_s, follower))
                return follower
            if any(self._has_room(self._lanes[one]) for one in turns):
                return None
        return None

    def advance(self, follower: T) -> bool:
        """Let a follower go, now that the mail before it is finished; return whether it may.

        If its domain is in trouble by now, it waits for its turn again, unless it was cleared or recalled.
        """
        lane = self._lanes.get(follower.domain)
        if lane is None or not lane.forget(follower):
            return False
        if lane.limit < self.connections:
            self._wait_first(lane, follower)
            return False
        lane.in_flight += 1
        self.in_flight += 1
        return True

    def recall(self, before_s: float) -> bool:
        """Let those wait for their turn again that follow a mail since before an instant, if their domain has room.

        Returns whether there were any.
        """
        found = False
        for lane in self._lanes.values():
            while lane.followers and lane.followers[0][0] < before_s and self._has_room(lane):
                self._wait_first(lane, lane.followers.pop(0)[1])
                found = True
        return found

    def put_back(self, mail: T) -> None:
        """Let a mail that was taken wait again, first of its lane."""
        self._wait_first(self._leave(mail.domain), mail)

    def finish(self, mail: T, reply: Reply | None) -> bool:
        """Note how a mail ended, None when it was not sent; return whether its domain has to be paused."""
        domain = mail.domain
        known = self._lanes[domain].cohort > 0
        lane = self._leave(domain)
        if known or reply is None:
            pass
        elif is_trouble(reply):
            lane.strikes += 1
            lane.limit = max(1.0, lane.limit / 2)
        else:
            lane.strikes = 0
            if lane.limit < self.connections:
                lane.limit = min(float(self.connections), lane.limit + 1 / lane.limit)
        paused = lane.strikes >= STRIKES
        if not paused and not lane.in_flight and not lane.waiting and lane.limit >= self.connections:
            del self._lanes[domain]
        return paused

    def clear(self, domain: str) -> list[T]:
        """Return the mails of a domain that wait, which they do no longer; it may begin slowly again."""
        lane = self._lanes.get(domain)
        if lane is None:
            return []
        lane.limit, lane.strikes, lane.cohort = 1.0, 0, lane.in_flight
        return self._empty(domain, lane)

    def clear_all(self) -> list[T]:
        """Return all mails that wait, which they do no longer."""
        return [one for domain, lane in self._lanes.items() for one in self._empty(domain, lane)]

    def crowded(self) -> list[str]:
        """Return the domains of which enough mails wait."""
        lanes = self._lanes.items()
        return [domain for domain, lane in lanes if lane.waiting >= lane.limit * WAITING_PER_CONNECTION]

    def has_ready(self, enough: int) -> bool:
        """Return whether so many mails wait in lanes that have room."""
        found = 0
        for lane in self._lanes.values():
            if self._has_room(lane):
                found += lane.waiting
                if found >= enough:
                    return True
        return False

    @property
    def waiting(self) -> int:
        """Return how many mails wait."""
        return sum(lane.waiting for lane in self._lanes.values())

    @property
    def is_empty(self) -> bool:
        """Return whether no mail waits."""
        return not any(self._turns)

    def _has_room(self, lane: _Lane[T]) -> bool:
        others = self.in_flight - lane.in_flight
        share = max(1, int((self.connections - others) * SHARE))
        return lane.in_flight < min(share, int(lane.limit))

    def _pop(self, lane: _Lane[T], domain: str, rank: int) -> T:
        """Take the first mail of a lane; its domain's next turn comes after all others."""
        turns = self._turns[rank]
        del turns[domain]
        mail = lane.queues[rank].popleft()
        if lane.queues[rank]:
            turns[domain] = None
        return mail

    def _wait_first(self, lane: _Lane[T], mail: T) -> None:
        lane.queues[mail.rank].appendleft(mail)
        self._turns[mail.rank].setdefault(mail.domain)

    def _leave(self, domain: str) -> _Lane[T]:
        lane = self._lanes[domain]
        lane.in_flight -= 1
        if lane.cohort:
            lane.cohort -= 1
        self.in_flight -= 1
        return lane

    def _empty(self, domain: str, lane: _Lane[T]) -> list[T]:
        found = [*(one for _, one in lane.followers), *(one for queue in lane.queues for one in queue)]
        lane.followers.clear()
        for queue, turns in zip(lane.queues, self._turns, strict=True):
            queue.clear()
            turns.pop(domain, None)
        return found
