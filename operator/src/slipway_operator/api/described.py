"""Enumerations whose members carry their own documentation.

The reference page is made from them, so that a word in a status is never without its explanation.
"""

from enum import StrEnum
from typing import Self


class Described(StrEnum):
    """A string, what it means, what a user should do, and whether it is worth a warning."""

    meaning: str
    remedy: str
    is_warning: bool

    def __new__(
        cls, name: str, meaning: str = "", remedy: str = "", is_warning: bool = False
    ) -> Self:
        """Attach the documentation to the plain string."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.meaning = meaning
        member.remedy = remedy
        member.is_warning = is_warning
        return member
