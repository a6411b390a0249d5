"""A plan as steps for Outlook, whose rules no file brings in: a few rules on message headers.

Outlook looks for words anywhere in the headers, so each word is a whole header line or its start.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import wrap

from callboard.mail.filters.plan import DIGEST_FREQUENCIES, DIGESTS, TOP, Plan

WIDTH = 88
"""Columns of the text."""

_NEW = "Outlook on the web and new Outlook: Settings, Mail, Rules, Add new rule"
_CLASSIC = "Classic Outlook: File, Manage Rules & Alerts, New Rule, Apply rule on messages I receive"
OPENING = (
    f"{_NEW}; the condition is called “Message header includes”.",
    f"{_CLASSIC}; the condition is called “with specific words in the message header”.",
    f"First make a folder {TOP} with the folders that the rules below name.",
    "Make the rules in this order, and choose “Stop processing more rules” in each.",
    "Enter each line of a rule as words of its own; one of them is enough for the rule to apply.",
)
CLOSING = "Mail that no rule names stays in the inbox."


@dataclass(frozen=True, slots=True)
class OutlookRule:
    """One rule: its name, the words to look for in the headers (any of them), and what to do."""

    name: str
    words: tuple[str, ...]
    action: str


def outlook_rules(plan: Plan) -> tuple[OutlookRule, ...]:
    """Return the rules in the order in which they must stand."""
    rules = [
        OutlookRule(
            "Critical",
            ("X-Callboard-Importance: critical",),
            "Mark with importance High, and flag the message (classic) or pin it to the top (new). "
            "Do not move it: it stays in the inbox.",
        ),
        OutlookRule(
            "Digests", tuple(f"X-Callboard-Frequency: {one.value}" for one in DIGEST_FREQUENCIES), _move_to(DIGESTS)
        ),
    ]
    if plan.has_customs:
        kinds = ("X-Callboard-Kind: custom", "X-Callboard-Kind: default, custom")
        rules.append(OutlookRule("Custom", kinds, f"Categorize: {TOP}. Do not move it: it stays in the inbox."))
    rules += [
        OutlookRule(
            folder.name, tuple(f"List-Id: <{one.id}.{plan.host}>" for one in folder.types), _move_to(folder.name)
        )
        for folder in plan.folders
    ]
    return tuple(rules)


def write_outlook(plan: Plan) -> str:
    """Return the steps as plain text, with LF line ends."""
    whose = f"for {plan.owner}" if plan.owner else "for everyone"
    lines = [*wrap(f"Outlook rules for Callboard's mail, {whose}", WIDTH), ""]
    for number, step in enumerate(OPENING, 1):
        lines += wrap(f"{number}. {step}", WIDTH, subsequent_indent="   ")
    for number, rule in enumerate(outlook_rules(plan), 1):
        lines += ["", f"Rule {number}: {TOP}, {rule.name}", "  When the message header includes any of"]
        lines += [f"    {one}" for one in rule.words]
        lines += wrap(f"Do: {rule.action}", WIDTH, initial_indent="  ", subsequent_indent="  ")
    return "\n".join([*lines, "", CLOSING, ""])


def _move_to(name: str) -> str:
    return f"Move to {TOP}/{name}."
