"""Group commits: what all connections ask is recorded and begun in one short transaction."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from callboard.mail.desk import Desk, Draft
from callboard.mail.feeding import Feed
from callboard.mail.models import MailState
from callboard.mail.outcomes import Outcomes
from callboard.mail.store import Result
from callboard.mail.threads import Threads

ENOUGH = 0.5
"""Part of the connections with a mail that have to ask for a commit: the server is busy with the others."""
LONGEST_GATHERING_S = 0.003
"""Seconds a commit waits for them."""
COMMIT_TRIES = 6
"""A database that is away for some seconds costs nothing but these."""


@dataclass(slots=True)
class _Turn:
    """What a connection asks of the next commit: record `result`, begin `draft`."""

    result: Result | None
    draft: Draft | None
    answer: asyncio.Future[Draft | None]


class Groups:
    """The commits of one round of delivering."""

    def __init__(self, threads: Threads, desk: Desk, outcomes: Outcomes, feed: Feed) -> None:
        self.threads = threads
        self.desk = desk
        self.outcomes = outcomes
        self.feed = feed
        self.lanes = feed.lanes
        self._turns: list[_Turn] = []
        self._asked = asyncio.Event()
        self._enough_asked = asyncio.Event()

    async def turn(self, result: Result | None, draft: Draft | None) -> Draft | None:
        """Wait until the result is committed and the next mail is begun; None when it may not leave."""
        if result is None and draft is None:
            return None
        turn = _Turn(result, draft, asyncio.get_running_loop().create_future())
        self._turns.append(turn)
        self._asked.set()
        if self._have_enough_asked:
            self._enough_asked.set()
        return await turn.answer

    @property
    def _have_enough_asked(self) -> bool:
        """Return whether most of the connections that carry a mail wait for a commit."""
        return len(self._turns) >= self.lanes.in_flight * ENOUGH

    async def run(self) -> None:
        """Commit the turns of the connections together, as they come."""
        loop = asyncio.get_running_loop()
        while True:
            await self._asked.wait()
            if not self._have_enough_asked:
                timer = loop.call_later(LONGEST_GATHERING_S, self._enough_asked.set)
                await self._enough_asked.wait()
                timer.cancel()
            self._asked.clear()
            self._enough_asked.clear()
            turns, self._turns = self._turns, []
            try:
                begun = await self._commit(turns)
                for domain in self.outcomes.take_opened():
                    await self.threads.at_outbox(self.outcomes.let_go, domain, self.feed.clear(domain))
            except Exception as exc:  # noqa: BLE001 - handed to every connection that waits for this commit
                for turn in turns:
                    turn.answer.set_exception(exc)
            else:
                for turn in turns:
                    turn.answer.set_result(begun.get(turn.draft.mail.id) if turn.draft else None)

    async def _commit(self, turns: list[_Turn]) -> dict[int, Draft]:
        """Record and begin what these turns ask; return what may leave now, by mail id."""
        commit, seen = self.outcomes.commit, self.outcomes.revision
        results = [one.result for one in turns if one.result]
        drafts = [one.draft for one in turns if one.draft]
        if any(one.revision < seen for one in drafts):
            drafts = await self.threads.at_desk(self.desk.renew, drafts)
        is_short = all(one.state is MailState.SENT for one in results)  # what a refusal means takes looks at many rows
        wanted = self.feed.wanted() if is_short else 0
        crowded = self.lanes.crowded() if wanted else ()
        at_outbox, asked = self.threads.at_outbox, (wanted, crowded, self.feed.write_meanwhile)
        done = await at_outbox(commit, results, drafts, *asked, tries=COMMIT_TRIES, is_short=is_short)
        if wanted:
            self.feed.take(done.leased)
        begun, stale = done.begun, done.stale
        while stale:
            renewed = await self.threads.at_desk(self.desk.renew, stale)
            done = await at_outbox(commit, [], renewed, tries=COMMIT_TRIES)
            begun, stale = begun | done.begun, done.stale
        return begun
