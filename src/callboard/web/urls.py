"""Addresses of the pages."""

from __future__ import annotations

from django.urls import path

from callboard.web.views import (
    again,
    filters,
    history,
    items,
    mailbox,
    me,
    mute,
    panel,
    signing,
    stand_in,
    start,
    window,
)

urlpatterns = [
    path("", start.start, name="start"),
    path("happened", start.happened, name="happened"),
    path("robots.txt", start.robots),
    path("favicon.ico", start.icon),
    path("sign-in", signing.sign_in, name="account_login"),  # the names are those that allauth leads to
    path("sign-in", signing.sign_in, name="account_request_login_code"),
    path("sign-in/code", signing.EnterCode.as_view(), name="account_confirm_login_code"),
    path("sign-in-as", signing.sign_in_as, name="sign-in-as"),
    path("sign-out", signing.SignOut.as_view(), name="account_logout"),
    path("set-password/<uidb64>/<token>/", signing.SetPassword.as_view(), name="set-password"),
    path("settings/password", signing.password, name="account_change_password"),
    path("settings/password", signing.password, name="account_set_password"),
    path("settings", panel.panel, name="settings"),
    path("settings/act", panel.act, name="settings-act"),
    path("settings/menu/<str:kind>/<path:notification_id>", panel.menu, name="settings-menu"),
    path("settings/new", window.create, name="settings-new"),
    path("settings/edit/<path:notification_id>", window.edit, name="settings-edit"),
    path("settings/duplicate/<str:kind>/<path:notification_id>", window.duplicate, name="settings-duplicate"),
    path("settings/draft", window.draft, name="settings-draft"),
    path("settings/preview", window.preview, name="settings-preview"),
    path("settings/save", window.save, name="settings-save"),
    path("settings/me", me.me, name="settings-me"),
    path("settings/stand-in", stand_in.stand_in, name="settings-stand-in"),
    path("settings/try-again", again.try_again, name="settings-try-again"),
    path("settings/filters", filters.filters, name="settings-filters"),
    path("settings/filters/<str:file_name>", filters.download, name="settings-filters-file"),
    path("csrf", panel.csrf, name="csrf"),
    path("history", history.history, name="history"),
    path("items/<str:key>", items.item, name="item"),
    path("mute/<str:token>", mute.mute, name="mute"),
    path("mailbox", mailbox.mailbox, name="mailbox"),
    path("mailbox/<int:mail_id>", mailbox.mail, name="mail"),
    path("mailbox/<int:mail_id>/html", mailbox.body, name="mail-body"),
    path("mailbox/<int:mail_id>/eml", mailbox.download, name="mail-download"),
]
