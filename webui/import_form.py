"""The form of an import: how its list is read, what the columns are, what duplicates become."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from dialer.rules.import_choices import (
    BY_NUMBER,
    ImportChoices,
    InFile,
    InProject,
    Known,
)
from dialer.rules.lead_field import LeadField
from dialer.rules.list_shape import ReadingChoices
from webui.forms import an_id

_TARGET = "target-"  # before the place of a column


def plan_of(form: Mapping[str, Any], before: ImportChoices) -> ImportChoices:
    """What the form says. Read otherwise, the list has other columns: they are found anew."""
    reading = _reading(form, before.reading)
    if asdict(reading) != asdict(before.reading):
        return replace(before, reading=reading, targets={}, key=BY_NUMBER)
    chosen = _text(form, "chosen")  # the column whose selection was just used
    targets = dict(before.targets)
    for name in form:
        place = an_id(name.removeprefix(_TARGET)) if name.startswith(_TARGET) else None
        target = _text(form, name)
        if place is not None and (name == chosen or place in targets) and _is_target(target):
            targets[place] = target
    key = _text(form, "key")
    return replace(before, targets=targets, key=key if key.startswith("custom:") else BY_NUMBER)


def decisions_of(form: Mapping[str, Any], before: ImportChoices) -> ImportChoices:
    """What the form says about duplicates; what it leaves out stays."""
    return replace(
        before,
        in_file=InFile(_one_of(form, "in_file", InFile, before.in_file)),
        in_project=InProject(_one_of(form, "in_project", InProject, before.in_project)),
        elsewhere=Known(_one_of(form, "elsewhere", Known, before.elsewhere)),
        prohibited=Known(_one_of(form, "prohibited", Known, before.prohibited)),
        boxed=Known(_one_of(form, "boxed", Known, before.boxed)),
    )


def _reading(form: Mapping[str, Any], before: ReadingChoices) -> ReadingChoices:
    first, last = _number(form, "header_first"), _number(form, "header_last")
    header = before.header_rows
    if "header_first" in form:
        header = None if first is None else (first, max(first, last or first))
    return replace(
        before,
        encoding=_text(form, "encoding"),
        delimiter={"tab": "\t"}.get(_text(form, "delimiter"), _text(form, "delimiter")),
        sheet=_text(form, "sheet"),
        header_rows=header,
        first_row=_number(form, "first_row"),
        last_row=_number(form, "last_row"),
        area_code=_text(form, "area_code"),
    )


def _is_target(target: str) -> bool:
    kind, _, what = target.partition(":")
    return target in list(LeadField) or (kind in ("custom", "new") and bool(what))


def _one_of(form: Mapping[str, Any], name: str, known: Any, usual: str) -> str:
    said = _text(form, name)
    return said if said in list(known) else usual


def _number(form: Mapping[str, Any], name: str) -> int | None:
    return an_id(_text(form, name))


def _text(form: Mapping[str, Any], name: str) -> str:
    return str(form.get(name, "")).strip()
