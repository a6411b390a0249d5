"""An index as plain arrays, so that a new process need not make it again. Safe to lose.

What people may see is not in it: scopes are made anew from the directory, so that no change of
people can be missed. Texts are JSON in arrays of bytes; nothing is ever unpickled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias
from unicodedata import unidata_version

import numpy as np
import numpy.typing as npt

from callboard.catalogue.values import Catalogue
from callboard.matching.codes import CodeColumn
from callboard.matching.columns import Place
from callboard.matching.index import Index
from callboard.matching.numbers import NumberColumn
from callboard.matching.postings import Postings
from callboard.matching.shelf import Shelf
from callboard.matching.texts import TextColumn
from callboard.people.values import Directory
from callboard.preferences.values import Book

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]
FORMAT = 4
_WORN = 4
"""An index is worn when more than one slot of so many is buried: they are not used again."""


def pack(index: Index, revision: int, token: str) -> Arrays:
    """Return an index that knows all changes up to a revision; `token` names what is packed."""
    arrays: Arrays = {}
    shelves = [_pack_shelf(shelf, f"{number}", arrays) for number, shelf in enumerate(index.shelves.values())]
    head = {
        "format": FORMAT,
        "catalogue": fingerprint(index.catalogue),
        "revision": revision,
        "token": token,
        "shelves": shelves,
    }
    return arrays | {"head": _as_bytes(head)}


def revision_of(arrays: Mapping[str, Any], catalogue: Catalogue) -> int | None:
    """Return the revision of a snapshot that can be used with this catalogue, else None."""
    head = _from_bytes(arrays["head"])
    if (head["format"], head["catalogue"]) != (FORMAT, fingerprint(catalogue)):
        return None
    return int(head["revision"])


def token_of(arrays: Mapping[str, Any]) -> str:
    """Return the name that a snapshot was given."""
    return str(_from_bytes(arrays["head"])["token"])


def is_worn(index: Index) -> bool:
    """Return whether so many slots are buried that making the index anew is better."""
    slots = sum(len(one.ids) for one in index.shelves.values())
    return (slots - len(index)) * _WORN > slots


def unpack(
    arrays: Mapping[str, Any], catalogue: Catalogue, directory: Directory, book: Book, changed: Iterable[str]
) -> Index:
    """Return the index of a snapshot, brought up to date with a book.

    Args:
        arrays: what `pack` returned.
        catalogue: the one it was made with.
        directory: everybody, as it is now.
        book: everybody's notifications, as they are now.
        changed: ids of the notifications that changed after the snapshot's revision.
    """
    index = Index(catalogue, directory)
    stale = set(changed)
    for number, told in enumerate(_from_bytes(arrays["head"])["shelves"]):
        shelf = Shelf(told["type"], catalogue, directory, index.budget)
        _unpack_shelf(shelf, f"{number}", told, arrays)
        for id_ in [id_ for id_ in shelf.slots if id_ in stale or _type_of(id_, book) != shelf.event_type]:
            shelf.bury(id_)
        shelf.unsure = {slot: book.customs[shelf.ids[slot]] for slot in told["unsure"] if shelf.ids[slot]}
        shelf.settle()
        index.shelves[shelf.event_type] = shelf
    for event_type, customs in book.by_type.items():
        known = index.shelves[event_type].slots if event_type in index.shelves else {}
        for missing in [one for id_, one in customs.items() if id_ not in known]:
            index.change(None, missing)
    index.warm()
    return index


def _type_of(id_: str, book: Book) -> str | None:
    custom = book.customs.get(id_)
    return custom.event_type if custom and custom.inactive is None else None


def fingerprint(catalogue: Catalogue) -> str:
    """Return what changes with anything in the catalogue that an index depends on."""
    said = repr((catalogue.fields, catalogue.event_types, catalogue.roles, unidata_version))  # of folded texts
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def _pack_shelf(shelf: Shelf, name: str, arrays: Arrays) -> dict[str, Any]:
    arrays[f"{name}/ids"] = _as_bytes(shelf.ids)
    arrays[f"{name}/owners"] = np.array(shelf.owners, np.int64)
    posted: dict[Place, CodeColumn | TextColumn] = {**shelf.codes, **shelf.texts}
    for place, column in posted.items():
        at = f"{name}/{'/'.join(map(str, place))}"
        for part, postings in enumerate(column.postings):
            _pack_postings(postings, f"{at}/{part}", arrays)
    for place, numbers in shelf.numbers.items():
        at = f"{name}/{'/'.join(map(str, place))}"
        arrays[f"{at}/low"], arrays[f"{at}/high"] = numbers.low, numbers.high
    return {
        "type": shelf.event_type,
        "words": shelf.words,
        "columns": [*shelf.codes, *shelf.texts, *shelf.numbers],
        "unsure": list(shelf.unsure),
    }


def _unpack_shelf(shelf: Shelf, name: str, told: dict[str, Any], arrays: Mapping[str, Any]) -> None:
    shelf.restore(told["words"], _from_bytes(arrays[f"{name}/ids"]), arrays[f"{name}/owners"])
    for place in (Place(*one) for one in told["columns"]):
        column = shelf.column(place)
        at = f"{name}/{'/'.join(map(str, place))}"
        if isinstance(column, NumberColumn):
            column.restore(np.array(arrays[f"{at}/low"]), np.array(arrays[f"{at}/high"]))
        elif isinstance(column, CodeColumn | TextColumn):
            for part, postings in enumerate(column.postings):
                _unpack_postings(postings, f"{at}/{part}", arrays)


def _pack_postings(postings: Postings, name: str, arrays: Arrays) -> None:
    slots = list(postings.slots.values())
    arrays[f"{name}/keys"] = _as_bytes(list(postings.slots))
    arrays[f"{name}/ends"] = np.cumsum([len(one) for one in slots], dtype=np.int64)
    arrays[f"{name}/slots"] = np.frombuffer(b"".join(one.tobytes() for one in slots), np.uint32)


def _unpack_postings(postings: Postings, name: str, arrays: Mapping[str, Any]) -> None:
    postings.fill(_from_bytes(arrays[f"{name}/keys"]), arrays[f"{name}/ends"], arrays[f"{name}/slots"])


def _as_bytes(value: Any) -> npt.NDArray[np.uint8]:
    return np.frombuffer(json.dumps(value, ensure_ascii=False).encode(), np.uint8)


def _from_bytes(text: npt.NDArray[np.uint8]) -> Any:
    return json.loads(text.tobytes())
