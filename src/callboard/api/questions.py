"""What a person asks: what can happen, which values there are, what became of an event. All under A1–A4."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Query, Router

from callboard.api.access import SESSION, PersonRequest, Viewer
from callboard.api.described import problems
from callboard.api.problems import Problem, problem_of
from callboard.api.schemas import EventTypeOut, ExplanationOut, LedgerOut, ValueOut
from callboard.base.errors import Fault
from callboard.base.reasons import Access
from callboard.catalogue.conditions import OPERATORS
from callboard.catalogue.values import Event, EventType
from callboard.insights import explain as insight
from callboard.insights import ledger, store
from callboard.insights.choices import search_values, visible_fields
from callboard.intake import store as log
from callboard.intake.cloudevents import event_key
from callboard.people.access import may_see
from callboard.preferences import store as preferences
from callboard.preferences.values import Book
from callboard.preferences.world import World

MAX_ROWS_READ = 2_000
"""Ledger rows one answer looks at; rows that the person may not see any more are passed over."""

Wanted = Annotated[str, Query(max_length=200, description="words of a value or of its label, letter case aside")]
Before = Annotated[int | None, Query(ge=1, le=2**53, description="from the Link header of the page before")]
Limit = Annotated[int, Query(ge=1, le=200)]
EventId = Annotated[str, Query(min_length=1, max_length=2000, description="the event's id")]
Source = Annotated[str | None, Query(max_length=2000, description="the event's source, when several sent this id")]

router = Router(tags=["Questions"], auth=SESSION)


@router.get(
    "/event-types",
    response=list[EventTypeOut],
    operation_id="listEventTypes",
    summary="What can happen",
    openapi_extra={"responses": problems(401, 500, 503)},
)
def list_event_types(request: PersonRequest) -> list[dict[str, Any]]:
    """Return the event types that the person's roles see (A2), with all that a condition can say."""
    viewer = request.auth
    return [_type_json(one, viewer) for one in viewer.catalogue.event_types.values() if viewer.sees_type(one.id)]


@router.get(
    "/fields/{key}/values",
    response=list[ValueOut],
    operation_id="searchValues",
    summary="Values of a field",
    openapi_extra={"responses": problems(401, 404, 422, 500, 503)},
)
def search_field_values(request: PersonRequest, key: str, q: Wanted = "") -> list[dict[str, str]]:
    """Return up to 50 values to choose: from the catalogue, or from events that the person may see (A1–A4).

    Those that begin with `q` come first, then the ones used last. Up to 100,000 events of a type
    are looked through; a server that has just started may need a few questions until it has read them.
    """
    viewer = request.auth
    if key not in visible_fields(viewer.person, viewer.catalogue):
        raise Problem("not-found", "there is no such field")
    found = search_values(viewer.catalogue.fields[key], q, viewer.person, viewer.catalogue, viewer.directory)
    return [{"value": one.value, "label": one.label} for one in found]


@router.get(
    "/ledger",
    response=list[LedgerOut],
    operation_id="readLedger",
    by_alias=True,
    summary="What was decided for you",
    openapi_extra={"responses": problems(401, 422, 500, 503)},
)
def read_ledger(
    request: PersonRequest, response: HttpResponse, before: Before = None, limit: Limit = 50
) -> list[dict[str, Any]]:
    """Return the person's ledger rows (4.4), newest first, of events that the person may see now.

    While there are more, a Link header with rel="next" names the next page.
    """
    viewer = request.auth
    found: list[dict[str, Any]] = []
    read = 0
    while len(found) < limit and read < MAX_ROWS_READ:
        rows = store.rows_of_user(viewer.person.id, before=before, limit=limit)
        read += len(rows)
        events = log.load_events(row["event_number"] for row in rows)
        for row in rows:
            before = row["id"]
            if _may_see(viewer, events[row["event_number"]]):
                found.append(ledger.as_json(row))
                if len(found) == limit:
                    break
        if len(rows) < limit:
            return found
    response["Link"] = f'</api/v1/ledger?before={before}&limit={limit}>; rel="next"'
    return found


@router.get(
    "/explain",
    response=ExplanationOut,
    operation_id="explainEvent",
    by_alias=True,
    summary="Why you did, or did not, get an event",
    openapi_extra={"responses": problems(401, 404, 422, 500, 503)},
)
def explain_event(request: PersonRequest, event: EventId, source: Source = None) -> dict[str, Any]:
    """Return each notification of the person, each condition, and every later step."""
    viewer = request.auth
    found = [one for one in _events(event, source) if _may_see(viewer, one)]
    if not found:
        raise Problem("not-found", "there is no such event")
    if len(found) > 1:
        sources = ", ".join(one.source for one in found)
        raise problem_of([Fault("", f"several sources sent this id; add source, one of {sources}")])
    return insight.explain(found[0], viewer.person, _world(viewer), viewer.now)


def _type_json(one: EventType, viewer: Viewer) -> dict[str, Any]:
    fields = [viewer.catalogue.fields[key] for key in one.fields]
    return {
        "id": one.id,
        "label": one.label,
        "description": one.description,
        "group": one.group,
        "importance": one.importance.value,
        "frequencies": [each.value for each in one.frequencies],
        "fields": [
            {
                "key": field.key,
                "label": field.label,
                "type": field.type.value,
                "multiple": field.multiple,
                "operators": list(OPERATORS[field.type]),
                "values": list(field.values),
            }
            for field in fields
        ],
    }


def _may_see(viewer: Viewer, event: Event) -> bool:
    return may_see(viewer.person, event, viewer.catalogue, viewer.directory) is Access.ALLOWED


def _events(event_id: str, source: str | None) -> list[Event]:
    """Return the stored events with this id, of one source or of all."""
    if "\x00" in event_id:  # PostgreSQL takes no text with it; no stored id has it
        return []
    sources = log.sources_of(event_id) if source is None else [source]
    found = [log.find_event(key=event_key(one, event_id)) for one in sources]
    return [one for one in found if one]


def _world(viewer: Viewer) -> World:
    """Return a world of the person alone: explaining needs no one else's settings."""
    world = World(viewer.catalogue)
    world.directory = viewer.directory
    book = Book()
    for one in preferences.customs_of(viewer.person.id, viewer.catalogue):
        book.put(one)
    for mute in viewer.mutes.values():
        book.put_mute(mute)
    world.book = book
    return world
