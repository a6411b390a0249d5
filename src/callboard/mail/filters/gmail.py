"""A plan as a file that Gmail imports: Settings, Filters and blocked addresses, Import filters.

Gmail's filters see no X- headers, only addresses, words and the List-Id (`list:`). So a digest
over several event types can not be told from a critical one: digests get a label and stay in the
inbox. Only mail about an event type that is never critical, and that no Custom notification of
the person asks for, skips the inbox.

The format is the Atom feed that Gmail itself exports. Source: Google, "What is the XML format for
exported filters?" (2009) and published exports since.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from callboard.catalogue.values import EventType
from callboard.mail.filters.plan import DIGEST_FREQUENCIES, DIGESTS, TOP, Folder, Plan, may_be_critical

MAX_QUERY = 1_400
"""Characters of one filter's words: Gmail takes about 1,500. A longer one becomes two filters."""

_MARKED = ("shouldStar", "shouldAlwaysMarkAsImportant", "shouldNeverSpam")
_HEAD = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns='http://www.w3.org/2005/Atom' xmlns:apps='http://schemas.google.com/apps/2006'>
  <title>Mail Filters</title>
"""


def write_gmail(plan: Plan) -> str:
    """Return the file's text; it is to be stored as UTF-8 under the name mailFilters.xml."""
    entries = [f"  <!-- {_remark(plan)} -->\n"]
    entries += _entries(plan, plan.critical, dict.fromkeys(_MARKED, "true"))
    for folder in plan.folders:
        for types, skips in _parted(folder, plan):
            properties = {"label": f"{TOP}/{folder.name}"} | ({"shouldArchive": "true"} if skips else {})
            entries += _entries(plan, types, properties)
    digests = [f"digest.{one.value}" for one in DIGEST_FREQUENCIES]
    entries += _written(plan, digests, {"label": f"{TOP}/{DIGESTS}"})
    return f"{_HEAD}{''.join(entries)}</feed>\n"


def _remark(plan: Plan) -> str:
    """Return a comment; two hyphens would end it early. Source: XML 1.0 2.2, 2.5."""
    whose = f"for {plan.owner}" if plan.owner else "for everyone"
    text = re.sub("[\ufffe\uffff]", " ", f"Callboard's mail, sorted: {whose}")
    return escape(text).replace("--", "- -").rstrip("-")


def _parted(folder: Folder, plan: Plan) -> Iterator[tuple[list[EventType], bool]]:
    """Yield the folder's types whose mail may skip the inbox, then those whose mail may not."""
    skipping = [one for one in folder.types if _may_skip_inbox(one, plan)]
    yield skipping, True
    yield [one for one in folder.types if one not in skipping], False


def _may_skip_inbox(event_type: EventType, plan: Plan) -> bool:
    return not (plan.is_for_everyone or may_be_critical(event_type) or event_type.id in plan.custom_types)


def _entries(plan: Plan, types: Sequence[EventType], properties: dict[str, str]) -> list[str]:
    return _written(plan, [one.id for one in types], properties)


def _written(plan: Plan, list_names: Sequence[str], properties: dict[str, str]) -> list[str]:
    """Return an entry for the lists, or several where one would hold too many words."""
    entries: list[str] = []
    words: list[str] = []
    for name in list_names:
        word = f"list:{name}.{plan.host}"
        if words and len(" ".join([*words, word])) > MAX_QUERY:
            entries.append(_entry(plan, words, properties))
            words = []
        words.append(word)
    return [*entries, _entry(plan, words, properties)] if words else entries


def _entry(plan: Plan, words: list[str], properties: dict[str, str]) -> str:
    query = words[0] if len(words) == 1 else "{" + " ".join(words) + "}"  # braces: any of these
    lines = [
        f"    <apps:property name={quoteattr(name)} value={quoteattr(value)}/>\n"
        for name, value in {"from": plan.address, "hasTheWord": query, **properties}.items()
    ]
    start = "  <entry>\n    <category term='filter'/>\n    <title>Mail Filter</title>\n    <content/>\n"
    return f"{start}{''.join(lines)}  </entry>\n"
