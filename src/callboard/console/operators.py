"""The operators' console: Django's admin, for operators only, with the product's own sign-in and looks."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.http import require_POST

if TYPE_CHECKING:
    from django.http import HttpResponseBase

_View = Callable[..., Any]


class Console(AdminSite):
    """Answers 404 to people who are signed in and no operators."""

    site_header = "Callboard console"
    site_title = "Callboard console"
    index_title = "What needs an operator"
    site_url = "/settings"
    enable_nav_sidebar = False

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._pages: list[tuple[str, str, _View]] = []

    def page(self, route: str, name: str) -> Callable[[_View], _View]:
        """Add a page of our own under /console/, for operators only."""

        def add(view: _View) -> _View:
            self._pages.append((route, name, view))
            return view

        return add

    def get_urls(self) -> list[Any]:
        """Return our pages, then the tables'."""
        pages: list[URLPattern | URLResolver] = [
            path(route, self.admin_view(view), name=name) for route, name, view in self._pages
        ]
        return pages + super().get_urls()

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the person is an operator."""
        return request.user.is_active and request.user.is_staff

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: FBT001, FBT002 - Django's form
        """Let only operators into a view; whoever else is signed in finds nothing here."""
        inner = super().admin_view(view, cacheable)

        @wraps(inner)
        def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404("operators only")
            if settings.CONFIG.operator_mfa and request.user.is_authenticated and not is_mfa_enabled(request.user):
                return redirect("/settings/security")  # it says there what is missing
            return inner(request, *args, **kwargs)

        return gate

    def app_index(  # type: ignore[override]
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the overview: tables are not sorted by the rooms of the code."""
        del request, app_label, extra_context
        return redirect("/console/")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change the password where everybody does."""
        del request, extra_context
        return redirect("/settings/password")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the product's sign-in.

        Raises:
            Http404: the person is signed in and no operator.
        """
        del extra_context
        if self.has_permission(request):
            return redirect("/console/")
        if request.user.is_authenticated:
            raise Http404("operators only")
        return redirect_to_login(request.GET.get("next", "/console/"))

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        """Sign out where everybody does."""
        del extra_context
        return _sign_out(request)


@require_POST
def _sign_out(request: HttpRequest) -> HttpResponseBase:
    from django.contrib.auth import logout  # noqa: PLC0415 - its models need Django started

    logout(request)
    return redirect("/sign-in")


console = Console(name="admin")
