"""Why a result set, or what is in it, is not changed."""

from collections.abc import Sequence


class ResultSetError(Exception):
    """What was asked of a result set cannot be done; the message says why."""


class UnknownResultSet(ResultSetError):
    """There is no such set, or nothing like this in it (any more)."""


class BadName(ResultSetError):
    """The name is empty or too long."""


class NameTaken(ResultSetError):
    """Another set, result, category or stage of the set is called so."""


class SetInUse(ResultSetError):
    """Projects use the set, `projects` are their names; or history needs it: without names."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"in use: {', '.join(names) or 'by what was done'}")
        self.projects = tuple(names)


class HotkeyTaken(ResultSetError):
    """Another result of the set has this key; `by` is its name."""

    def __init__(self, hotkey: str, by: str) -> None:
        super().__init__(f"key {hotkey} belongs to {by!r}")
        self.hotkey = hotkey
        self.by = by


class BadDelay(ResultSetError):
    """A lead is called again after a minute at the earliest and a year at the latest."""


class TooMany(ResultSetError):
    """A set takes so many results, categories and stages."""


class NotEmpty(ResultSetError):
    """The category still has results."""


class ResultInUse(ResultSetError):
    """History has the result: it can be retired, but not deleted."""


class StageInUse(ResultSetError):
    """Leads are in the stage."""

    def __init__(self, leads: int) -> None:
        super().__init__(f"{leads} leads are in the stage")
        self.leads = leads
