"""What all kinds of event have in common: typed fields, read strictly, each with its meaning."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of what an event tells. Immutable; nothing is guessed: ``"5"`` is no number.

    A field without a default is always there. A key that is not declared is
    left alone, so that a newer record can be read.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", populate_by_name=True, allow_inf_nan=False)

    def given(self) -> dict[str, Any]:
        """The fields that were given, by their names in the record."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class Kind(Part):
    """What an event of one kind tells; ``KIND`` is its name in the record."""

    KIND: ClassVar[str]

    @property
    def kind(self) -> str:
        """The kind's name in the record."""
        return self.KIND


class Unknown(Kind):
    """An event of a kind that this Heartbed does not know: kept, and read by nobody."""

    KIND: ClassVar[str] = ""
    name: str
    values: dict[str, Any] = {}

    @property
    def kind(self) -> str:
        """The kind's name as the record has it."""
        return self.name

    def given(self) -> dict[str, Any]:
        """All of it, as it was read."""
        return self.values
