"""How mails look: the templates, compiled once, and the words of the shipped event types."""

from __future__ import annotations

import re
from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined, select_autoescape

PROSE = 78
"""Characters of a line of prose in the text part."""
LABEL_WIDTH = 20
"""Characters of the label column of facts in the text part."""


def prose(text: str, first: str = "") -> str:
    """Return text in lines of at most `PROSE` characters, each after `first`.

    Only spaces are broken at, so a longer word (an address, Japanese) stays whole.
    """
    lines = [""]
    room = PROSE - len(first)
    for word in text.split(" "):
        line = lines[-1]
        if line and len(line) + 1 + len(word) > room:
            lines.append(word)
        else:
            lines[-1] = f"{line} {word}" if line else word
    return "\n".join(first + line for line in lines)


def _sources() -> dict[str, str]:
    """Return the templates by name, the HTML ones with their styles written into them.

    Own few lines and not css-inline: an HTML parser moves Jinja's tags out of tables (text
    there is misplaced content), and dark mode needs the class names kept beside the styles.
    """
    folder = files(__name__)
    found = {
        name: folder.joinpath(name).read_text("utf-8")
        for name in (
            "frame.html",
            "one.html",
            "many.html",
            "frame.txt",
            "one.txt",
            "many.txt",
            "styles.css",
        )
    }
    rules = dict(re.findall(r"^\.([a-z0-9-]+) \{ (.*) \}$", found.pop("styles.css"), re.MULTILINE))
    hooks = set(re.findall(r"\.([a-z0-9-]+)", found["frame.html"].partition("</style>")[0]))

    def styled(match: re.Match[str]) -> str:
        names = match[1].split()
        kept = " ".join(name for name in names if name in hooks)
        style = ";".join(rules[name] for name in names if name in rules)
        return " ".join(filter(None, (kept and f'class="{kept}"', style and f'style="{style}"')))

    return {
        name: re.sub(r'class="([a-z0-9 -]+)"', styled, source) if name.endswith(".html") else source
        for name, source in found.items()
    }


def _environment(sources: dict[str, str]) -> Environment:
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=select_autoescape(["html"], default_for_string=True, default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["prose"] = prose
    environment.globals["label_width"] = LABEL_WIDTH
    return environment


_SOURCES = _sources()
STYLE = "".join(re.findall(r"<style>\n.*?</style>\n", _SOURCES["frame.html"], re.DOTALL)[:1])
"""The lines that are the same in every HTML part, so that they are encoded only once."""
_TEMPLATES = _environment(_SOURCES)
ONE_HTML = _TEMPLATES.get_template("one.html")
ONE_TEXT = _TEMPLATES.get_template("one.txt")
MANY_HTML = _TEMPLATES.get_template("many.html")
MANY_TEXT = _TEMPLATES.get_template("many.txt")
