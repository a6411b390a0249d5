"""The operators' console: Django's admin, for operators only, with the product's own sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

if TYPE_CHECKING:
    from django.http import HttpResponseBase


class Console(AdminSite):
    """Answers 404 to people who are signed in and no operators."""

    site_header = "Callboard console"
    site_title = "Callboard console"
    index_title = "What needs an operator"
    site_url = "/settings"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the person is an operator."""
        return request.user.is_active and request.user.is_staff

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
