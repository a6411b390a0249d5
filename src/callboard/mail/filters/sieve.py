"""A plan as a Sieve script: for servers such as Dovecot, Cyrus or Fastmail, and for ManageSieve programs.

Source: RFC 5228 (Sieve, fileinto), RFC 5232 (imap4flags), RFC 5490 (mailbox: `:create`),
RFC 5229 (variables: one line to change where folders are separated by dots).
"""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from callboard.base.texts import shown
from callboard.mail.filters.plan import DIGEST_FREQUENCIES, DIGESTS, TOP, Folder, Plan

WIDTH = 100
"""Columns of a comment."""


def write_sieve(plan: Plan) -> str:
    """Return the script, with LF line ends."""
    whose = f"by the notifications of {plan.owner}" if plan.owner else "for everyone"
    lines = [
        *_comment(f"Callboard's mail, sorted {whose}.", ""),
        *_comment("Place it before other rules. It deletes and forwards nothing, and touches no other mail.", ""),
        'require ["fileinto", "imap4flags", "mailbox", "variables"];',
        "",
        *_comment("Where the folders are. On a server that separates folders by dots, write a dot for the slash.", ""),
        f'set "under" "{TOP}/";',
        *(['set "dollar" "$";'] if "${" in plan.address else []),
        "",
        f'if allof (address :is "from" {_quoted(plan.address)},',
        f'          header :contains "list-id" {_quoted(f".{plan.host}>")}) {{',
        "",
        *_rule(
            "Critical mail is never filed: it stays in the inbox, flagged.",
            'header :is "x-callboard-importance" "critical"',
            'keep :flags "\\\\Flagged";',
        ),
        *_rule(
            "Digests.",
            f'header :is "x-callboard-frequency" {_list(one.value for one in DIGEST_FREQUENCIES)}',
            _file_into(DIGESTS),
        ),
    ]
    if plan.has_customs:
        lines += _rule(_customs(plan), 'header :contains "x-callboard-kind" "custom"', "keep;")
    for folder in plan.folders:
        lines += _folder(folder)
    return "\n".join([*lines, "}", "", "# Callboard's mail that no rule names stays in the inbox.", ""])


def _customs(plan: Plan) -> str:
    named = f": {', '.join(plan.customs)}" if plan.customs else ""
    return f"What a Custom notification asks for at once stays in the inbox{named}."


def _folder(folder: Folder) -> list[str]:
    labels = ", ".join(shown(one.label) for one in folder.types)
    test = f'header :is "x-callboard-event-type" {_list(one.id for one in folder.types)}'
    return _rule(f"{labels}.", test, _file_into(folder.name))


def _rule(comment: str, test: str, action: str) -> list[str]:
    """Return one rule; what it takes is not looked at by any rule after it."""
    return [*_comment(comment), f"    if {test} {{", f"        {action}", "        stop;", "    }", ""]


def _file_into(name: str) -> str:
    # The variable is the script's own, the name can hold none: `folder_name` leaves no dollar in it.
    return f'fileinto :create "${{under}}{name}";'


def _comment(text: str, indent: str = "    ") -> list[str]:
    """Return a text as comment lines; it can not leave them, for it holds no line end."""
    return [f"{indent}# {line}" for line in wrap(shown(text), WIDTH - len(indent) - 2)]


def _list(words: Iterable[str]) -> str:
    """Return a string list, on several lines when it is long."""
    quoted = [_quoted(one) for one in words]
    line = f"[{', '.join(quoted)}]"
    return line if len(line) < WIDTH // 2 else "[\n            " + ",\n            ".join(quoted) + "]"


def _quoted(text: str) -> str:
    """Return a quoted string that says exactly `text`. Source: RFC 5228 2.4.2, RFC 5229 3."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("${", "${dollar}{") + '"'
