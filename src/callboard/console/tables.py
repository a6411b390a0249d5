"""What all tables of the console share: they are read, filtered, searched, and acted on after a question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme

from callboard.console import store
from callboard.console.known import plural
from callboard.console.operators import console
from callboard.console.paging import MOST_LISTED, CappedPaginator

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[models.Model]
    from django.contrib.admin.views.main import ChangeList
else:
    _ModelAdmin = admin.ModelAdmin

_ID_DIGITS = 18
"""Digits that any number of a row has room for."""
MOST_AT_ONCE = 500
"""Rows of one act; each is named in the question before it."""
TABS = {
    "messages": (
        ("Messages", "/console/mail/mail/"),
        ("Letters", "/console/mail/postedletter/"),
        ("Suppressed addresses", "/console/mail/suppression/"),
        ("Pauses", "/console/mail/domainbreaker/"),
        ("Windows", "/console/decisions/window/"),
    ),
    "people": (
        ("Users", "/console/people/user/"),
        ("Partners", "/console/people/partner/"),
        ("Custom notifications", "/console/preferences/customnotification/"),
        ("Mutes", "/console/preferences/muterecord/"),
    ),
}
"""Tables that stand together under one word of the bar."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a table shows in one place. Texts are escaped where they are shown; `tone` colours a state."""

    label: str
    text: Any
    url: str = ""
    tone: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something an operator may do to rows, after a question.

    Attributes:
        verb: the button, "Send again".
        fits: which of the chosen rows it can be done to.
        says: the question's explanation, in one or two sentences.
        none: what is said when it fits none of the chosen rows.
        do: does it, and returns what there is to say: (words, whether all went well).
    """

    name: str
    verb: str
    noun: str
    says: str
    none: str
    fits: Callable[[QuerySet[Any]], QuerySet[Any]]
    do: Callable[[HttpRequest, Sequence[Any]], Iterable[tuple[str, bool]]]


class Choice(admin.SimpleListFilter):
    """A filter of one choice; the page shows it as a list to choose from."""

    choices_of: ClassVar[Callable[[], Iterable[tuple[str, str]]]]
    narrow: ClassVar[Callable[[QuerySet[Any], str], QuerySet[Any]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return value and words of each choice."""
        del request, model_admin
        return list(type(self).choices_of())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen value; a value that is no choice finds nothing."""
        del request
        value = self.value()
        if not value:
            return queryset
        return type(self).narrow(queryset, value) if value in dict(self.lookup_choices) else queryset.none()


def choice(
    title: str,
    key: str,
    choices: Callable[[], Iterable[tuple[str, str]]],
    narrow: Callable[[QuerySet[Any], str], QuerySet[Any]],
) -> type[Choice]:
    """Return a filter: `narrow` takes the rows and the chosen value."""
    names = {
        "title": title,
        "parameter_name": key,
        "choices_of": staticmethod(choices),
        "narrow": staticmethod(narrow),
    }
    return type(f"Choice_{key}", (Choice,), names)


class Table(_ModelAdmin):
    """A table to look at: what changes it goes through the product's own doors."""

    title: ClassVar[str]
    lead: ClassVar[str]
    noun: ClassVar[str]
    nouns: ClassVar[str] = ""
    section: ClassVar[str]
    asks: ClassVar[str] = ""
    deeds: ClassVar[Sequence[Deed]] = ()
    head_link: ClassVar[tuple[str, str] | None] = None

    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    list_display = ("__str__",)
    ordering: ClassVar[Any] = ("-pk",)
    change_list_template = "console/list.html"
    search_fields: ClassVar[Any] = ("pk",)

    # what a table says of its rows

    def cells(self, row: Any, context: dict[str, Any]) -> Sequence[Cell]:
        """Return a row as it stands in the list; the first cell leads to its page."""
        raise NotImplementedError

    def prepare(self, rows: Sequence[Any]) -> dict[str, Any]:
        """Read what the cells of these rows need besides, in a fixed number of queries."""
        del rows
        return {}

    def name_of(self, row: Any) -> str:
        """Return what a row is called in a sentence."""
        return str(row)

    def page_of(self, request: HttpRequest, row: Any) -> tuple[str, dict[str, Any]]:
        """Return the template of a row's own page, and what it shows."""
        raise NotImplementedError

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any] | None:
        """Return the rows that a text, which is not empty, asks for; None leaves it to `search_fields`."""
        del rows, text
        return None

    # the list

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Look rows up as the table says."""
        text = search_term.strip().replace("\x00", "")
        found = self.search(queryset, text) if text else queryset
        return super().get_search_results(request, queryset, search_term) if found is None else (found, False)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the rows, or do a deed to those that are chosen.

        Raises:
            Http404: one that is chosen is no row's number.
        """
        chosen = request.POST.getlist(helpers.ACTION_CHECKBOX_NAME)
        if not all(one.isascii() and one.isdecimal() and len(one) <= _ID_DIGITS for one in chosen):
            raise Http404("no such row")
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None)
        if context and "cl" in context and isinstance(response, TemplateResponse):
            context |= self._list_of(context["cl"])
        return response

    def _list_of(self, cl: ChangeList) -> dict[str, Any]:
        rows = list(cl.result_list)
        known = self.prepare(rows)
        filters = [one for one in cl.filter_specs if isinstance(one, Choice)]
        return {
            "table": self,
            "title": self.title,
            "section": self.section,
            "tabs": TABS.get(self.section, ()),
            "rows": [(row.pk, self.url_of(row), self.name_of(row), self.cells(row, known)) for row in rows],
            "headings": [one.label for one in self.cells(rows[0], known)] if rows else [],
            "filters": [(one.title, one.parameter_name, one.lookup_choices, one.value() or "") for one in filters],
            "is_narrowed": bool(cl.query or any(one.value() for one in filters)),
            "count": self._count_words(cl),
            "is_bounded": bool(cl.paginator.is_capped),
            "older": cl.get_query_string({"p": cl.page_num + 1}) if self._has_more(cl) else "",
            "newer": cl.get_query_string({"p": cl.page_num - 1}) if cl.page_num > 1 else "",
            "page_number": cl.page_num,
            "pages": cl.paginator.num_pages,
        }

    def _has_more(self, cl: ChangeList) -> bool:
        return bool(cl.page_num < cl.paginator.num_pages)

    def _count_words(self, cl: ChangeList) -> str:
        count = cl.result_count
        if count > MOST_LISTED:
            return f"Over {plural(MOST_LISTED, self.noun, self.nouns)}"
        return plural(count, self.noun, self.nouns)

    def url_of(self, row: Any) -> str:
        """Return the address of a row's own page."""
        meta = self.model._meta  # noqa: SLF001 - Django's documented door
        return f"/console/{meta.app_label}/{meta.model_name}/{row.pk}/change/"

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Return whether it is one of the table's own filters: any other could ask for what is not shown."""
        del value, request
        own = (one for one in self.list_filter if isinstance(one, type) and issubclass(one, Choice))
        return lookup in {one.parameter_name for one in own}

    # one row

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> models.Model | None:
        """Return the row; PostgreSQL takes no text with NUL, and no key has it."""
        return None if "\x00" in object_id else super().get_object(request, object_id, from_field)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show a row with what belongs to it; nothing is changed here.

        Raises:
            Http404: there is no such row.
        """
        del form_url, extra_context
        row = self.get_object(request, object_id) if request.method in ("GET", "HEAD") else None
        if row is None:
            raise Http404("no such row")
        template, shows = self.page_of(request, row)
        alone = self.get_queryset(request).filter(pk=row.pk)
        fitting = [one for one in self.deeds if one.fits(alone).exists()]
        context = {
            **console.each_context(request),
            "table": self,
            "row": row,
            "section": self.section,
            "list_url": self.url_of(row).removesuffix(f"{row.pk}/change/"),
            "here": request.path,
            "deeds_here": fitting,
            **shows,
        }
        return TemplateResponse(request, template, context)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the audit, where every operator's deeds stand."""
        del request, object_id, extra_context
        return HttpResponseRedirect("/console/audit")

    # deeds

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the deeds in Django's form."""
        del request
        return {one.name: (partial(_ask_or_do, deed=one), one.name, one.verb) for one in self.deeds}

    # who may

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the person is an operator."""
        return console.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return whether the person is an operator."""
        del obj
        return console.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return that nobody adds rows here."""
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return that nobody edits rows here."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return that nobody deletes rows here."""
        del request, obj
        return False


def _ask_or_do(table: Table, request: HttpRequest, chosen: QuerySet[Any], *, deed: Deed) -> HttpResponse | None:
    """Ask whether the deed is meant, and do it when the answer says so."""
    rows = list(deed.fits(chosen).order_by("pk")[: MOST_AT_ONCE + 1])
    more, rows = len(rows) > MOST_AT_ONCE, rows[:MOST_AT_ONCE]
    back = _way_back(request)
    if not rows:
        table.message_user(request, deed.none, messages.WARNING)
        return HttpResponseRedirect(back) if back else None
    named = [(row, table.name_of(row)) for row in rows]
    if request.POST.get("confirmed") != "yes":
        context = {
            **console.each_context(request),
            "title": f"{deed.verb}?",
            "deed": deed,
            "section": table.section,
            "named": [(row.pk, name) for row, name in named],
            "count": plural(len(rows), deed.noun),
            "more": more,
            "most": MOST_AT_ONCE,
            "back": back,
            "here": request.get_full_path(),
            "checkbox": helpers.ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "console/confirm.html", context)
    store.record(request.user.pk or 0, named, deed.verb)
    for words, is_well in deed.do(request, rows):
        table.message_user(request, words, messages.SUCCESS if is_well else messages.ERROR)
    return HttpResponseRedirect(back) if back else None


def _way_back(request: HttpRequest) -> str:
    """Return where a page of the console wants to be returned to; "" for the list."""
    asked = request.POST.get("back", "")
    is_ours = asked.startswith("/console/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if is_ours else ""
