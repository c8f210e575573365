"""What an import is asked to do, and the states that it goes through."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from dialer.rules.list_shape import ReadingChoices


class ImportState(StrEnum):
    """How far an import is."""

    UPLOADED = "uploaded"  # the file is here; its columns are being looked at
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    CANCELLED = "cancelled"  # by a person; what was in by then may have stayed
    FAILED = "failed"  # `error` says why; what was in by then stays
    UNDOING = "undoing"
    UNDONE = "undone"


AT_WORK = frozenset({ImportState.CHECKING, ImportState.IMPORTING, ImportState.UNDOING})
# From these states the work may be begun.
MAY_CHECK = frozenset({ImportState.UPLOADED, ImportState.CHECKED})
MAY_IMPORT = frozenset({ImportState.CHECKED})
MAY_UNDO = frozenset({ImportState.DONE, ImportState.CANCELLED, ImportState.FAILED})


class InFile(StrEnum):
    """What to do with a row whose lead an earlier row of the file already made."""

    CREATE = "create"
    MERGE = "merge"  # into the first: its empty fields are filled, other numbers added
    SKIP = "skip"


class InProject(StrEnum):
    """What to do with a row whose lead the project already has."""

    SKIP = "skip"
    FILL = "fill"  # only fields that are empty
    OVERWRITE = "overwrite"  # every field that the row fills
    CONTACT = "contact"  # only ways to reach it that it has not
    CREATE = "create"


class Known(StrEnum):
    """What to do with a row whose number is known elsewhere: another project, 禁止, a box."""

    TAKE = "take"
    SKIP = "skip"


BY_NUMBER = ""  # as `ImportChoices.key`


@dataclass(frozen=True, slots=True)
class ImportChoices:
    """How the file is read, what its columns mean, and what happens to duplicates.

    `targets` are the columns that a person has decided on, by place (from 0). `key` is what
    tells that a row is about a lead that is there: `BY_NUMBER`, or ``custom:<field id>``.
    """

    reading: ReadingChoices = field(default_factory=ReadingChoices)
    targets: Mapping[int, str] = field(default_factory=dict)
    in_file: InFile = InFile.CREATE
    in_project: InProject = InProject.SKIP
    elsewhere: Known = Known.TAKE
    prohibited: Known = Known.TAKE
    boxed: Known = Known.TAKE
    key: str = BY_NUMBER

    @property
    def key_field(self) -> int | None:
        """The id of the custom field that is the key; None: the number is."""
        return int(self.key.partition(":")[2]) if self.key else None

    def as_json(self) -> dict[str, Any]:
        """As ``lead_imports.choices`` keeps it."""
        return {
            "reading": asdict(self.reading),
            "targets": {str(place): target for place, target in self.targets.items()},
            "in_file": self.in_file.value,
            "in_project": self.in_project.value,
            "elsewhere": self.elsewhere.value,
            "prohibited": self.prohibited.value,
            "boxed": self.boxed.value,
            "key": self.key,
        }


def choices_from(kept: Mapping[str, Any]) -> ImportChoices:
    """The opposite of `ImportChoices.as_json`; what is missing is as in new choices."""
    reading = dict(kept.get("reading", {}))
    if reading.get("header_rows"):
        reading["header_rows"] = tuple(reading["header_rows"])
    usual = ImportChoices()
    return ImportChoices(
        reading=ReadingChoices(**reading),
        targets={int(place): str(target) for place, target in kept.get("targets", {}).items()},
        in_file=InFile(kept.get("in_file", usual.in_file)),
        in_project=InProject(kept.get("in_project", usual.in_project)),
        elsewhere=Known(kept.get("elsewhere", usual.elsewhere)),
        prohibited=Known(kept.get("prohibited", usual.prohibited)),
        boxed=Known(kept.get("boxed", usual.boxed)),
        key=str(kept.get("key", usual.key)),
    )
