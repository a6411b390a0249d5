"""What a Python user would pick to send mail; each is a process of its own for `benchmarks.delivery`.

    python -m benchmarks.peers {smtplib|django|post_office|post_office_writing} PORT MAILS BYTES

Prints the seconds from the first mail to the last 250; `post_office` keeps its mails in a
database first, which is not counted. None of them checks or signs what it sends, and only
`post_office_writing` writes it: from a template and 41 items, when it is sent, as Callboard does.
"""

from __future__ import annotations

import smtplib
import sys
import tempfile
import time
from pathlib import Path

ITEMS = 41
"""Items of one mail, as in `benchmarks.outbox`."""
SENDER, RECIPIENT = "a@callboard.example", "b@callboard.example"


def with_smtplib(port: int, mails: int, size: int) -> float:
    """Ready-made mails over one connection."""
    raw = b"Subject: peer\r\n\r\n" + (b"x" * 70 + b"\r\n") * (size // 72)
    with smtplib.SMTP("127.0.0.1", port) as client:
        began = time.perf_counter()
        for _ in range(mails):
            client.sendmail(SENDER, [RECIPIENT], raw)
        return time.perf_counter() - began


def _set_up(port: int, folder: str, *apps: str) -> None:
    import django  # noqa: PLC0415 - a peer's own
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    settings.configure(
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=port,
        INSTALLED_APPS=["django.contrib.contenttypes", *apps],
        EMAIL_BACKEND="post_office.EmailBackend" if apps else "django.core.mail.backends.smtp.EmailBackend",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path(folder) / "db.sqlite3")}},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        USE_TZ=True,
    )
    django.setup()
    if apps:
        call_command("migrate", verbosity=0)


def with_django(port: int, mails: int, size: int) -> float:
    """Django's send_mail: a connection and a generated message for each."""
    from django.core.mail import send_mail  # noqa: PLC0415 - a peer's own

    with tempfile.TemporaryDirectory() as folder:
        _set_up(port, folder)
        text, html = _bodies(size)
        began = time.perf_counter()
        for _ in range(mails):
            send_mail("peer", text, SENDER, [RECIPIENT], html_message=html)
        return time.perf_counter() - began


def with_post_office(port: int, mails: int, size: int) -> float:
    """django-post_office as it comes: queued in SQLite, sent by its own command's function."""
    with tempfile.TemporaryDirectory() as folder:
        _set_up(port, folder, "post_office")
        from post_office import mail  # type: ignore[import-not-found]  # noqa: PLC0415 - a peer's own

        text, html = _bodies(size)
        one = {"sender": SENDER, "recipients": [RECIPIENT], "subject": "peer", "message": text, "html_message": html}
        mail.send_many([dict(one) for _ in range(mails)])
        began = time.perf_counter()
        mail.send_queued_mail_until_done()
        return time.perf_counter() - began


def with_post_office_writing(port: int, mails: int, size: int) -> float:
    """django-post_office that keeps references and writes mails of about this size when it sends them."""
    with tempfile.TemporaryDirectory() as folder:
        _set_up(port, folder, "post_office")
        from post_office import mail  # noqa: PLC0415 - a peer's own
        from post_office.models import EmailTemplate  # type: ignore[import-not-found]  # noqa: PLC0415

        note = "x" * (size // ITEMS // 4 - 42)  # mails of 25,292 to 25,297 bytes where 25,000 are asked for
        template = EmailTemplate.objects.create(
            name="digest",
            subject="{{ name }}: {{ items|length }} items",
            content="Hello {{ name }}\n{% for item in items %}\n"
            "{{ item.title }} ({{ item.severity }})\n{{ item.comment }}\n{% endfor %}",
            html_content="<p>Hello {{ name }}</p>{% for item in items %}<table><tr><td>"
            "<b>{{ item.title }}</b></td><td>{{ item.severity }}</td></tr><tr><td>{{ item.comment }}"
            "{{ item.comment }}{{ item.comment }}</td></tr></table>{% endfor %}",
        )
        items = [
            {"title": f"The Salt Cartographers, E{n}", "severity": "Blocker", "comment": note} for n in range(ITEMS)
        ]
        mail.send_many(
            [
                {
                    "sender": SENDER,
                    "recipients": [RECIPIENT],
                    "template": template,
                    "context": {"name": f"Person {number}", "items": items},
                    "render_on_delivery": True,
                }
                for number in range(mails)
            ]
        )
        began = time.perf_counter()
        mail.send_queued_mail_until_done()
        return time.perf_counter() - began


def _bodies(size: int) -> tuple[str, str]:
    line = "x" * 70 + "\n"
    return line * (size // 4 // 71), f"<p>{line * (size * 3 // 4 // 71)}</p>"


if __name__ == "__main__":
    chosen = {
        "smtplib": with_smtplib,
        "django": with_django,
        "post_office": with_post_office,
        "post_office_writing": with_post_office_writing,
    }
    print(chosen[sys.argv[1]](*map(int, sys.argv[2:5])))
