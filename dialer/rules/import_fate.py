"""What becomes of a row of a list, from what is known of its numbers and what was chosen."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dialer.rules.import_choices import ImportChoices, InFile, InProject, Known
from dialer.rules.lead_problem import RowNote


class Fate(StrEnum):
    """What becomes of a row that is a lead."""

    CREATE = "create"
    SKIP = "skip"
    FILL = "fill"
    OVERWRITE = "overwrite"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class Met:
    """What a row meets: leads with its key or numbers, and what stands about its numbers."""

    in_file: bool = False  # a lead that an earlier row of this file made
    in_project: bool = False  # a lead that the project had before
    elsewhere: bool = False  # a lead of another project has the number
    prohibited: bool = False  # for somebody
    boxed: bool = False  # a lead with the number is in somebody's MyBox

    @property
    def code(self) -> str:
        """A letter for each that applies; `met_from` reads it."""
        return "".join(letter for letter, name in _LETTERS.items() if getattr(self, name))

    @property
    def notes(self) -> tuple[RowNote, ...]:
        """What there is to say about the row."""
        said = (
            (self.in_file, RowNote.DUPLICATE_IN_FILE),
            (self.in_project, RowNote.ALREADY_IN_PROJECT),
            (self.elsewhere, RowNote.IN_ANOTHER_PROJECT),
            (self.prohibited, RowNote.PROHIBITED),
            (self.boxed, RowNote.IN_A_BOX),
        )
        return tuple(note for applies, note in said if applies)


_LETTERS = {
    "f": "in_file",
    "p": "in_project",
    "e": "elsewhere",
    "x": "prohibited",
    "b": "boxed",
}


def met_from(code: str) -> Met:
    """The opposite of `Met.code`."""
    return Met(**{_LETTERS[letter]: True for letter in code})


def fates_of(met: Mapping[str, int], choices: ImportChoices) -> Counter[Fate]:
    """What becomes of rows, of which `met` counts how many met what, by `Met.code`."""
    fates: Counter[Fate] = Counter()
    for code, count in met.items():
        fates[fate_of(met_from(code), choices)] += count
    return fates


_IN_FILE = {InFile.CREATE: Fate.CREATE, InFile.MERGE: Fate.FILL, InFile.SKIP: Fate.SKIP}
_IN_PROJECT = {
    InProject.CREATE: Fate.CREATE,
    InProject.SKIP: Fate.SKIP,
    InProject.FILL: Fate.FILL,
    InProject.OVERWRITE: Fate.OVERWRITE,
    InProject.CONTACT: Fate.CONTACT,
}


def fate_of(met: Met, choices: ImportChoices) -> Fate:
    """What becomes of the row.

    A prohibition or a box keeps a row out before anything else; a lead of the file itself
    comes before one that was there.
    """
    if met.prohibited and choices.prohibited is Known.SKIP:
        return Fate.SKIP
    if met.boxed and choices.boxed is Known.SKIP:
        return Fate.SKIP
    if met.in_file:
        return _IN_FILE[choices.in_file]
    if met.in_project:
        return _IN_PROJECT[choices.in_project]
    if met.elsewhere and choices.elsewhere is Known.SKIP:
        return Fate.SKIP
    return Fate.CREATE
