"""Errors, in three families by what the caller must do.

    CallboardError
    ├── RejectedError    tell the sender; never retry
    ├── TransientError   keep the work, try again later
    └── PermanentError   park the work where a person sees it

A negative outcome of a step is not an error but a value with a `Reason`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with an input, said for the person who sent it.

    Attributes:
        pointer: JSON pointer (RFC 6901) of the faulty value; "" is the whole input.
        message: what is wrong and what to do, one sentence without the pointer.
        index: position of the faulty record in a batch, counted from 0.
    """

    pointer: str
    message: str
    index: int | None = None

    def __str__(self) -> str:
        if self.index is None and not self.pointer:
            return self.message
        where = "" if self.index is None else f"line {self.index + 1}: "
        return f"{where}{self.pointer or '/'}: {self.message}"


class CallboardError(Exception):
    """Anything Callboard reports as a failure."""


class RejectedError(CallboardError):
    """The input is wrong: tell the sender, change nothing, do not retry."""

    def __init__(self, faults: str | Fault | list[Fault], *, type: str = "invalid") -> None:  # noqa: A002 - RFC 9457's word
        if isinstance(faults, str):
            faults = [Fault("", faults)]
        elif isinstance(faults, Fault):
            faults = [faults]
        self.faults = tuple(faults)
        self.type = type
        super().__init__("\n".join(map(str, faults)))


class TransientError(CallboardError):
    """Something outside is not available now: keep the work and retry."""


class PermanentError(CallboardError):
    """Retrying cannot help: park the work and show it to a person."""
