"""Addresses of the pages."""

from __future__ import annotations

from django.urls import path

from callboard.web.views import history, items, mailbox, mute, panel, signing, start

urlpatterns = [
    path("", start.start, name="start"),
    path("happened", start.happened, name="happened"),
    path("robots.txt", start.robots),
    path("favicon.ico", start.icon),
    path("sign-in", signing.SignIn.as_view(), name="sign-in"),
    path("sign-in-as", signing.sign_in_as, name="sign-in-as"),
    path("sign-out", signing.SignOut.as_view(), name="sign-out"),
    path("set-password/<uidb64>/<token>/", signing.SetPassword.as_view(), name="set-password"),
    path("settings", panel.panel, name="settings"),
    path("settings/act", panel.act, name="settings-act"),
    path("history", history.history, name="history"),
    path("items/<str:key>", items.item, name="item"),
    path("mute/<str:token>", mute.mute, name="mute"),
    path("mailbox", mailbox.mailbox, name="mailbox"),
    path("mailbox/<int:mail_id>", mailbox.mail, name="mail"),
    path("mailbox/<int:mail_id>/html", mailbox.body, name="mail-body"),
    path("mailbox/<int:mail_id>/eml", mailbox.download, name="mail-download"),
]
