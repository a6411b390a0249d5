"""The person's own settings. What is somebody else's answers like what does not exist."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.db import transaction
from django.http import HttpResponse
from ninja import Router
from ninja.responses import Status

from callboard.api import process
from callboard.api.access import SESSION, PersonRequest, Viewer
from callboard.api.bodies import read_object, unknown_keys
from callboard.api.described import json_body, problems
from callboard.api.problems import Problem, problem_of
from callboard.api.representation import notification_json
from callboard.api.schemas import NotificationOut, PreviewOut
from callboard.base.errors import Fault, RejectedError
from callboard.base.instants import parse_instant
from callboard.base.texts import kind_of
from callboard.insights.preview import Surroundings, preview
from callboard.preferences import actions
from callboard.preferences.file import read_mute
from callboard.preferences.rules import read_custom
from callboard.preferences.values import Kind, Notification, Ref

ASKED = ("name", "event_type", "where", "frequency")
MUTING = ("muted", "muted_until")
_READ = (401, 404, 500, 503)
_WRITE = (400, 401, 403, 404, 413, 415, 422, 500, 503)

router = Router(tags=["Notifications"], auth=SESSION)


@router.get(
    "/notifications",
    response=list[NotificationOut],
    operation_id="listNotifications",
    summary="List your notifications",
    openapi_extra={"responses": problems(401, 500, 503)},
)
def list_notifications(request: PersonRequest) -> list[dict[str, Any]]:
    """Return the Defaults of the roles held, then the Customs, oldest first."""
    viewer = request.auth
    return [notification_json(one, viewer) for one in actions.own(viewer.person, viewer.catalogue)]


@router.post(
    "/notifications",
    response={201: NotificationOut},
    operation_id="createNotification",
    summary="Make a Custom notification",
    openapi_extra={
        "requestBody": json_body("NotificationIn"),
        "responses": problems(400, 401, 403, 413, 415, 422, 500, 503),
    },
)
def create_notification(request: PersonRequest, response: HttpResponse) -> Status[Any]:
    """Store a Custom notification of the person who asks, with at least one condition."""
    viewer = request.auth
    raw = _known_keys(read_object(request), (*ASKED, *MUTING))
    return _created(_create(viewer, raw), viewer, response)


@router.post(
    "/notifications/preview",
    response=PreviewOut,
    operation_id="previewNotification",
    summary="Try conditions on the last 30 days",
    openapi_extra={
        "requestBody": json_body("PreviewIn"),
        "responses": problems(400, 401, 403, 413, 415, 422, 500, 503),
    },
)
def preview_notification(request: PersonRequest) -> dict[str, Any]:
    """Return how much a notification would have brought, with the latest samples; nothing is stored.

    The answer comes at once. Where that is too soon for all events, `counting` is true: the same
    question a second later is answered from more of them.
    """
    viewer = request.auth
    raw = _known_keys(read_object(request), ASKED)
    asked = read_custom(raw, viewer.catalogue, id="", user_id=viewer.person.id)
    if isinstance(asked, list):
        raise problem_of(asked)
    if not viewer.sees_type(asked.event_type):
        raise problem_of([Fault("/event_type", f"your roles do not see {asked.event_type}")])
    muted = frozenset(ref for ref, mute in viewer.mutes.items() if mute.is_muted(viewer.now))
    around = Surroundings(viewer.catalogue, viewer.directory, viewer.now, process.config().collapse_s, muted)
    return preview(asked, viewer.person, actions.own(viewer.person, viewer.catalogue), around)


@router.post(
    "/notifications/{path:notification_id}/mute",
    response=NotificationOut,
    operation_id="muteNotification",
    summary="Mute",
    openapi_extra={"requestBody": json_body("MuteIn", required=False), "responses": problems(*_WRITE)},
)
def mute_notification(request: PersonRequest, notification_id: str) -> dict[str, Any]:
    """Mute until unmuted, or until an instant in the future."""
    raw = read_object(request, required=False)
    return _set_mute(request.auth, notification_id, muted=True, until=_until(raw))


@router.post(
    "/notifications/{path:notification_id}/unmute",
    response=NotificationOut,
    operation_id="unmuteNotification",
    summary="Unmute",
    openapi_extra={"responses": problems(401, 403, 404, 415, 500, 503)},
)
def unmute_notification(request: PersonRequest, notification_id: str) -> dict[str, Any]:
    """End a mute; nothing happens when there is none."""
    return _set_mute(request.auth, notification_id, muted=False, until=None)


@router.post(
    "/notifications/{path:notification_id}/duplicate",
    response={201: NotificationOut},
    operation_id="duplicateNotification",
    summary="Duplicate",
    openapi_extra={"responses": problems(401, 403, 404, 415, 422, 500, 503)},
)
def duplicate_notification(request: PersonRequest, response: HttpResponse, notification_id: str) -> Status[Any]:
    """Store a copy as a Custom notification.

    A Default's copy says the scope of the person's account as a condition; where that gives
    none (studio), the answer is 422: make it with POST /notifications and a condition.
    """
    viewer = request.auth
    known = _find(viewer, notification_id)
    raw = actions.duplicate(viewer.person, known.ref, viewer.catalogue)
    if not raw["where"] and not known.inactive:
        said = "a copy would ask for every event of this type; a condition must be added: POST /api/v1/notifications"
        raise problem_of([Fault("/where", said)])
    return _created(_create(viewer, raw), viewer, response)


@router.get(
    "/notifications/{path:notification_id}",
    response=NotificationOut,
    operation_id="getNotification",
    summary="Read one",
    openapi_extra={"responses": problems(*_READ)},
)
def get_notification(request: PersonRequest, notification_id: str) -> dict[str, Any]:
    """Return one of the person's notifications. A Default's id holds a slash; it may come encoded or plain."""
    return notification_json(_find(request.auth, notification_id), request.auth)


@router.patch(
    "/notifications/{path:notification_id}",
    response=NotificationOut,
    operation_id="editNotification",
    summary="Edit a Custom notification",
    openapi_extra={"requestBody": json_body("NotificationPatch"), "responses": problems(*_WRITE, 409)},
)
def edit_notification(request: PersonRequest, notification_id: str) -> dict[str, Any]:
    """Change what the body names; the rest stays. With `version`, an edit made elsewhere since answers 409."""
    viewer = request.auth
    raw = _known_keys(read_object(request), (*ASKED, *MUTING, "version"))
    version = raw.pop("version", None)
    if version is not None and (not isinstance(version, int) or isinstance(version, bool)):
        raise problem_of([Fault("/version", f"must be a whole number, not {kind_of(version)}")])
    muting = _muting(raw)
    known = _find_custom(viewer, notification_id)
    with transaction.atomic():
        changed = known
        if version is not None or any(key in raw for key in ASKED):
            changed = actions.edit(viewer.person, known.id, raw, viewer.catalogue, viewer.now, version=version)
        _apply_muting(viewer, changed.ref, muting)
    return notification_json(changed, _fresh(viewer))


@router.delete(
    "/notifications/{path:notification_id}",
    response={204: None},
    operation_id="deleteNotification",
    summary="Delete a Custom notification",
    openapi_extra={"responses": problems(401, 403, 404, 415, 500, 503)},
)
def delete_notification(request: PersonRequest, notification_id: str) -> Status[Any]:
    """Delete it; what it asked for and was not sent yet is withdrawn when it is due (S5)."""
    viewer = request.auth
    known = _find_custom(viewer, notification_id)
    actions.delete(viewer.person, known.id, viewer.catalogue, viewer.now)
    return Status(204, None)


def _find(viewer: Viewer, notification_id: str) -> Notification:
    """Return the person's notification with this id; a Default's id is its own before a Custom's."""
    for one in actions.own(viewer.person, viewer.catalogue):
        if one.id == notification_id:
            return one
    raise Problem("not-found", "there is no such notification")


def _find_custom(viewer: Viewer, notification_id: str) -> Notification:
    known = _find(viewer, notification_id)
    if known.kind is Kind.DEFAULT:
        raise Problem("default-fixed", "a Default comes with your role; mute it, or duplicate it and edit the copy")
    return known


def _known_keys(raw: dict[str, Any], known: Collection[str]) -> dict[str, Any]:
    """Return the body, whose keys are all known."""
    faults = unknown_keys(raw, known)
    name = raw.get("name", "")
    if not isinstance(name, str):
        faults.append(Fault("/name", f"must be a text, not {kind_of(name)}"))
    if faults:
        raise problem_of(faults)
    return raw


def _muting(raw: dict[str, Any]) -> tuple[bool | None, datetime | None]:
    found = read_mute(raw, "")
    if isinstance(found, list):
        raise problem_of(found)
    return found


def _apply_muting(viewer: Viewer, ref: Ref, muting: tuple[bool | None, datetime | None]) -> None:
    muted, until = muting
    if muted is not None:
        actions.set_mute(viewer.person, ref, viewer.catalogue, viewer.now, muted=muted, until=until)


def _create(viewer: Viewer, raw: dict[str, Any]) -> Notification:
    muting = _muting(raw)
    with transaction.atomic():
        made = actions.create(viewer.person, raw, viewer.catalogue, viewer.now)
        if muting[0]:
            _apply_muting(viewer, made.ref, muting)
    return made


def _created(made: Notification, viewer: Viewer, response: HttpResponse) -> Status[Any]:
    response["Location"] = f"/api/v1/notifications/{quote(made.id, safe='')}"
    return Status(201, notification_json(made, _fresh(viewer)))


def _fresh(viewer: Viewer) -> Viewer:
    """Return the viewer without what it remembers of mutes."""
    return replace(viewer)


def _until(raw: dict[str, Any]) -> datetime | None:
    faults = unknown_keys(raw, ("until",))
    until = raw.get("until")
    found: datetime | None = None
    if until is not None and not isinstance(until, str):
        faults.append(Fault("/until", f"must be an instant like 2026-11-30T08:00:00Z, not {kind_of(until)}"))
    elif until is not None:
        try:
            found = parse_instant(until)
        except ValueError as exc:
            faults.append(Fault("/until", str(exc)))
    if faults:
        raise problem_of(faults)
    return found


def _set_mute(viewer: Viewer, notification_id: str, *, muted: bool, until: datetime | None) -> dict[str, Any]:
    known = _find(viewer, notification_id)
    try:
        actions.set_mute(viewer.person, known.ref, viewer.catalogue, viewer.now, muted=muted, until=until)
    except RejectedError as exc:
        # The action speaks of 4.2's muted_until; this body calls it until
        raise problem_of([replace(one, pointer="/until") for one in exc.faults], exc.type) from exc
    return notification_json(known, _fresh(viewer))
