"""How one source request lives: from its creation to acceptance, or to its end on the way."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from callboard.demo import phrases
from callboard.demo.hours import at_work, clock_run, later
from callboard.demo.inspection import category_of, inspection_failures, kind_of_work
from callboard.demo.orders import SITES, TERRITORIES
from callboard.demo.phrases import phrase
from callboard.demo.stage import STUDIO, Actor, Happening, happening

if TYPE_CHECKING:
    from datetime import date

    from callboard.demo.orders import Request
    from callboard.demo.stage import Stage

STUDIO_ZONE = "America/Los_Angeles"
"""Where the studio's reviews are read."""
WITH_STATUS = {
    "source_request.unassigned", "source_request.canceled", "source_request.due_date_changed",
    "source_request.due_soon", "source_request.overdue", "source_request.accepted",
    "delivery.processed", "comment.added",
}  # fmt: skip
MATERIALS = {
    "Subtitle": ("Locked Proxy", "Final Proxy", "Dialogue List", "Terminology (KNP)"),
    "Secondary Audio": ("Locked Proxy", "M&E", "Script", "Show Guide"),
    "Audio Description": ("Final Proxy", "Printmaster"),
}
_ANY_MATERIALS = ("Locked Proxy", "Final Proxy", "Printmaster", "Reference Subtitle")
_THRESHOLDS = (7, 3, 1)
_REDELIVERY_DAYS = {"Timed Text": 5, "Audio": 7, "Video": 7}
_QC_PARTNERS = ("plumbline", "plumbline", "plumbline-porto", "secondpass")


class Life:
    """Plays one request. What happened is in `told`, in no order.

    Everything up to the first delivery is played by `work`; what follows, by `finish`, so
    that the deliveries of many requests can be played in the order of `delivery_at`.
    """

    def __init__(self, stage: Stage, request: Request) -> None:
        self.stage, self.request, self.dice = stage, request, stage.dice
        self.told: list[Happening] = []
        self.delivery_at: datetime | None = None

    def tell(
        self,
        at: datetime,
        type_: str,
        actor: Actor | None = None,
        *,
        assigned: bool = True,
        **data: Any,
    ) -> None:
        """Add what happened, with the request's fields and those of `data`."""
        said = self.request.scope(assigned=assigned) | data
        if type_ in WITH_STATUS:
            said["request_status"] = self.request.status
        if actor:
            said["actor"] = actor.email
        self.told.append(happening(at, type_, self.request.subject, said))

    def create(self, at: datetime, actor: Actor) -> None:
        """Open the request; no house knows of it yet."""
        due = self.request.due.isoformat()
        territory = self.dice.choice(TERRITORIES[:6] if self.stage.chance(0.7) else TERRITORIES)
        self.tell(at, "source_request.created", actor, assigned=False, due_date=due, territory=territory)

    def assign(self, at: datetime, actor: Actor) -> None:
        """Give the request to its house."""
        due = self.request.due.isoformat()
        self.tell(at, "source_request.assigned", actor, due_date=due)

    def work(self, assigned_at: datetime) -> None:
        """Play everything between the assignment and the first delivery."""
        at = assigned_at
        if self.stage.reassigned():
            at = self._reassign(at)
        self._comment(at, 5, 0.2)
        ready = self._receive_materials(at)
        if self.stage.moved():
            self._move_due(ready)
        if self.stage.canceled():
            self._cancel(later(self.dice, ready, 2, self._client().zone))
            return
        delivered = self._delivery(ready)
        if self.stage.chance(0.25):
            self._estimate(ready, delivered)
        self._watch_dates(at, ready, delivered)
        self._comment(ready, 6, 0.25)
        self.delivery_at = delivered

    def finish(self) -> None:
        """Play the first delivery and what follows, unless the request never comes to that."""
        if self.delivery_at:
            self._deliver(self.delivery_at, round_=0)

    def _client(self) -> Actor:
        return self.stage.person(self.request.show.content_partner)

    def _maker(self) -> Actor:
        return self.stage.person(self.request.doer)

    def _reassign(self, at: datetime) -> datetime:
        actor = self._client()
        gone = later(self.dice, at, 1, actor.zone)
        note = phrase(self.dice, phrases.REASSIGNMENTS)
        self.tell(gone, "source_request.unassigned", actor, reason=note)
        house = self.request.fulfillment_partner
        sites = next(sites for sites in SITES.values() if house in sites)
        others = [one for one in sites if one != house]
        self.request.fulfillment_partner = self.dice.choice(others or ["copperglass"])
        self.request.sub_assignee = None
        again = gone + timedelta(minutes=self.dice.randint(2, 50))
        self.assign(again, actor)
        return again

    def _receive_materials(self, at: datetime) -> datetime:
        """Play the materials' arrival; return when work can start."""
        kinds = MATERIALS.get(self.request.source_type, _ANY_MATERIALS)
        client, maker = self._client(), self._maker()
        ready = later(self.dice, at, self.dice.uniform(0.5, 4), client.zone)
        if self.stage.chance(0.04):
            late = at_work(self.dice, self.request.due - timedelta(days=4), client.zone)
            ready = max(ready, late)
        for kind in self.dice.sample(kinds, self.dice.choice((1, 1, 2))):
            self.tell(ready, "material.available", client, material_type=kind)
        if self.stage.chance(0.05):
            refused = later(self.dice, ready, 1, maker.zone)
            note = phrase(self.dice, phrases.MATERIAL_FAULTS)
            status = "Redelivery Requested"
            self.tell(refused, "material.rejected", maker, material_status=status, comment=note)
            ready = later(self.dice, refused, 1.5, client.zone)
            self.tell(ready, "material.available", client, material_type=kinds[0])
        if self.stage.chance(0.18):
            self._update_material(ready, client, self.dice.choice(kinds))
        return ready

    def _update_material(self, ready: datetime, client: Actor, kind: str) -> None:
        self.tell(
            later(self.dice, ready, self.dice.uniform(1, 5), client.zone),
            "material.updated",
            client,
            material_type=kind,
            material_state="Upgraded",
            previously_downloaded=self.stage.chance(0.6),
            note=phrase(self.dice, phrases.MATERIAL_NEWS),
        )

    def _move_due(self, at: datetime) -> None:
        actor = self.stage.person(STUDIO)
        days = self.dice.choice((-4, -3, -2, 3, 5, 7, 7, 10, 14))
        self.request.due += timedelta(days=days)
        self.tell(
            later(self.dice, at, 1, actor.zone),
            "source_request.due_date_changed",
            actor,
            due_date=self.request.due.isoformat(),
            delta_days=days,
            reason=phrase(self.dice, phrases.DATE_MOVES),
        )

    def _cancel(self, at: datetime) -> None:
        self.request.status = "Canceled"
        reason = phrase(self.dice, phrases.CANCELLATIONS)
        self.tell(at, "source_request.canceled", self._client(), reason=reason)

    def _delivery(self, ready: datetime) -> datetime:
        """Return when the first delivery is sent: mostly just before it is due."""
        late = self.stage.chance(0.06)
        days = -self.dice.randint(1, 5) if late else self.dice.randint(0, 9)
        sent = at_work(self.dice, self.request.due - timedelta(days=days), self._maker().zone)
        return sent if sent > ready else later(self.dice, ready, 1, self._maker().zone)

    def _estimate(self, ready: datetime, delivered: datetime) -> None:
        reason = self.dice.choice(tuple(phrases.DELAYS))
        maker = self._maker()
        at = later(self.dice, ready, self.dice.uniform(0.5, 5), maker.zone)
        if at >= delivered:
            return
        days = self.dice.choice((-2, 1, 1, 2, 2, 3, 4, 7, 9))
        estimate = self.request.due + timedelta(days=days)
        self.tell(
            at,
            "source_request.est_delivery_changed",
            maker,
            est_delivery_date=estimate.isoformat(),
            delta_days=days,
            delay_reason=reason,
            note=phrase(self.dice, phrases.DELAYS[reason]),
        )

    def _watch_dates(self, assigned_at: datetime, ready: datetime, delivered: datetime) -> None:
        """Play what the portal's clock finds between assignment and delivery."""
        due = self.request.due
        for days in _THRESHOLDS:
            at = clock_run(self.dice, due - timedelta(days=days))
            if assigned_at < at < delivered:
                got = "Received" if ready < at else "Not Received"
                self.tell(at, "source_request.due_soon", days_to_due=days, material_status=got)
        at = clock_run(self.dice, due - timedelta(days=5))
        if assigned_at < at < ready:
            self._insight(at, "At Risk", "No materials 5 days before due")
            self._insight(ready + timedelta(minutes=3), "On Track")
        at = clock_run(self.dice, due + timedelta(days=1))
        if at < delivered:
            self.tell(at, "source_request.overdue", days_overdue=1)
            self._insight(at, "Critical", "Estimated delivery date passed")
            self._insight(delivered + timedelta(hours=1), "On Track")

    def watch_assignment(self, created: datetime, assigned: datetime) -> None:
        """Play what the clock says of a request that nobody has ten days before it is due."""
        at = clock_run(self.dice, self.request.due - timedelta(days=10))
        if created < at < assigned:
            reason = "Not assigned 10 days before due"
            self._insight(at, "Critical", reason, assigned=False)
            self._insight(assigned + timedelta(minutes=5), "On Track")

    def _insight(self, at: datetime, insight: str, reason: str | None = None, *, assigned: bool = True) -> None:
        why: dict[str, Any] = {"insight_reason": reason} if reason else {}
        type_ = "source_request.insight_changed"
        self.tell(at, type_, assigned=assigned, insight=insight, **why)

    def _deliver(self, at: datetime, round_: int) -> None:
        """Play one delivery: inspection, then its acceptance or a redelivery."""
        if self.stage.chance(0.14):
            for failed_at, data in inspection_failures(self.dice, at, self.request):
                self.tell(failed_at, "delivery.inspection_failed", **data)
            at += timedelta(hours=self.dice.randint(2, 9))
        processed = at + timedelta(minutes=self.dice.randint(20, 170))
        self.request.status = "Processed"
        self.tell(processed, "delivery.processed")
        again = self.stage.redelivered() if round_ == 0 else self.stage.redelivered_again()
        if again and round_ < 2:  # noqa: PLR2004 - rounds one and two
            self._ask_again(processed, round_ + 1)
        else:
            self._accept(processed, round_)

    def _ask_again(self, processed: datetime, round_: int) -> None:
        category = category_of(self.dice, self.request)
        by = self.dice.choice(("Manual QC", "Manual QC", "Auto QC", "User"))
        severity = self.dice.choice(("Blocker", "Blocker", "Issue"))
        words = phrases.FINDINGS if by == "Auto QC" else phrases.REJECTIONS
        note = phrase(self.dice, words[category])
        found: dict[str, Any] = {"severity": severity, "qc_category": category}
        found["redelivery_round"] = round_
        actor = None if by == "Auto QC" else self.stage.person(STUDIO)
        at = processed + timedelta(minutes=self.dice.randint(6, 40))
        if by != "Auto QC":
            at = later(self.dice, processed, self.dice.uniform(0.5, 2), STUDIO_ZONE)
        if by == "Manual QC":
            actor = self._report(at - timedelta(minutes=4), "Rejected", note, found)
        due = (at + timedelta(days=_REDELIVERY_DAYS.get(category, 4))).date()
        self.request.status = "Redelivery Requested"
        extra: dict[str, Any] = {"rejected_by": by, "due_date": due.isoformat(), "note": note}
        self.tell(at, "delivery.redelivery_requested", actor, **found, **extra)
        self._comment(at, 2, 0.8)
        self._redeliver(at, due, round_)

    def _redeliver(self, at: datetime, due: date, round_: int) -> None:
        maker = self._maker()
        late = self.stage.chance(0.2)
        day = due + timedelta(days=2) if late else due - timedelta(days=1)
        sent = at_work(self.dice, day, maker.zone)
        if late:
            passed = clock_run(self.dice, due + timedelta(days=1))
            self._insight(passed, "Critical", "Redelivery past SLA")
            self._insight(sent + timedelta(hours=1), "On Track")
        self._deliver(max(sent, at + timedelta(hours=5)), round_)

    def _report(self, at: datetime, outcome: str, note: str, found: dict[str, Any]) -> Actor:
        qc_partner = self.dice.choice(_QC_PARTNERS)
        actor = self.stage.person(qc_partner)
        self.tell(
            at, "qc.report_ready", actor, qc_partner=qc_partner, qc_outcome=outcome, note=note,
            **found,
        )  # fmt: skip
        return actor

    def _accept(self, processed: datetime, round_: int) -> None:
        studio = self.stage.person(STUDIO)
        checked = later(self.dice, processed, self.dice.uniform(0.7, 2), STUDIO_ZONE)
        if round_ or self.stage.chance(0.5):
            category = category_of(self.dice, self.request)
            outcome = "Fix Notes Needed" if self.stage.chance(0.2) else "Passed"
            severity = "Issue" if outcome != "Passed" else "FYI"
            found = {"severity": severity, "qc_category": category, "redelivery_round": round_}
            note = phrase(self.dice, phrases.REJECTIONS[category])
            self._report(checked, outcome, note if outcome != "Passed" else "No findings.", found)
        self._comment(checked, 2, 0.12)
        self.request.status = "Accepted"
        at = later(self.dice, checked, self.dice.uniform(1, 6), studio.zone)
        self.tell(at, "source_request.accepted", studio)

    def _comment(self, at: datetime, days: float, share: float) -> None:
        """Play, in `share` of all cases, a burst of one to four comments within some hours."""
        if not self.stage.chance(share):
            return
        client = self.stage.person(STUDIO) if self.stage.chance(0.3) else self._client()
        sides = [self._maker(), client]
        choices = phrases.ANY_COMMENTS + phrases.COMMENTS[kind_of_work(self.request)]
        at = later(self.dice, at, self.dice.uniform(0.1, days), sides[0].zone)
        for _ in range(self.dice.choice((1, 1, 1, 2, 2, 3, 4))):
            author, other = sides
            text = phrase(self.dice, choices, who=other.first_name)
            mentions = [other.email] if other.first_name in text else []
            said: dict[str, Any] = {"author_org": author.partner, "comment": text}
            self.tell(at, "comment.added", author, mentions=mentions, **said)
            sides.reverse()
            at += timedelta(minutes=self.dice.randint(2, 90))
