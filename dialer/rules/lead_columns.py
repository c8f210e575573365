"""Which column of a list is what: by what a person said, by its name, and by its cells.

Columns nobody knows are kept by their name. Of two columns for a field that holds one
text, one is taken and the other kept by its name, and the list's shape says so.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from dialer.rules.column_names import Meaning, bare_key, exact_key, is_person, meaning_of_parts
from dialer.rules.custom_field import CustomField, FieldKind
from dialer.rules.lead_field import (
    ADDRESS_FIELDS,
    CALLED_FIELDS,
    REPEATABLE_FIELDS,
    LeadField,
)
from dialer.rules.list_shape import GuessedBy, ListColumn, Remark, ShapeNote


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """The columns as far as their names tell, and what there is to say about them."""

    columns: tuple[ListColumn, ...]
    remarks: tuple[Remark, ...] = ()


def columns_by_name(
    names: Sequence[Sequence[str]],
    *,
    remembered: Mapping[str, str] | None = None,
    fields: Sequence[CustomField] = (),
) -> NamedColumns:
    """One column for each of `names`, which are the texts of its header from top to bottom.

    `remembered` are targets by column name: they win. A column that is called like one of
    the custom `fields` holds it.
    """
    told = {exact_key(name): target for name, target in (remembered or {}).items()}
    custom = {exact_key(field.name): field for field in fields}
    ids = {field.id for field in fields}
    beside = _beside(names)
    columns: list[ListColumn] = []
    meanings: dict[int, Meaning] = {}
    taken: set[str] = set()
    for index, parts in enumerate(names):
        shown = [" ".join(part.split()) for part in parts if part.strip()]
        name = _unique(" ".join(dict.fromkeys(shown)) or f"[{column_letter(index)}]", taken)
        target, by = LeadField.EXTRA.value, GuessedBy.NOTHING
        wanted = told.get(exact_key(name), "")
        if wanted and _is_possible(wanted, ids):
            target, by = wanted, GuessedBy.REMEMBERED
        elif own := custom.get(exact_key(name)) or custom.get(
            exact_key(shown[-1] if shown else "")
        ):
            target, by = f"custom:{own.id}", GuessedBy.NAME
        elif shown and index < beside and (meaning := meaning_of_parts(shown)):
            meanings[index] = meaning
        columns.append(ListColumn(index, name, target, by))
    found = _settled(columns, meanings)
    if beside == len(names):
        return found
    about = ", ".join(column.name for column in columns[beside:] if names[column.index])
    return NamedColumns(found.columns, (*found.remarks, Remark(ShapeNote.SIDE_BY_SIDE, about)))


def column_letter(index: int) -> str:
    """The letters over a spreadsheet's column: 0 → ``A``, 26 → ``AA``."""
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def unknown_names(columns: Sequence[ListColumn], names: Collection[str]) -> tuple[str, ...]:
    """Those of `names` that no column has."""
    present = {exact_key(column.name) for column in columns}
    return tuple(name for name in names if exact_key(name) not in present)


def _beside(names: Sequence[Sequence[str]]) -> int:
    """Where the columns begin again, with the same names: a table beside the first one.

    The number of columns where there is one table. Only names of leads with their numbers
    are one: 電話番号 may well stand several times in a table.
    """
    kinds = [meaning.field if (meaning := _meant(parts)) else None for parts in names]
    for first, kind in enumerate(kinds):
        if kind is not LeadField.NAME:
            continue
        for second in range(first + 2, len(names)):
            if tuple(names[second]) != tuple(names[first]):
                continue
            step, start = second - first, first
            while start > 0 and names[start - 1] and names[start - 1] == names[start - 1 + step]:
                start -= 1
            if _repeats(names, kinds, start, step):
                return start + step
    return len(names)


def _meant(parts: Sequence[str]) -> Meaning | None:
    shown = [" ".join(part.split()) for part in parts if part.strip()]
    return meaning_of_parts(shown) if shown else None


def _repeats(
    names: Sequence[Sequence[str]], kinds: Sequence[LeadField | None], start: int, step: int
) -> bool:
    """All names from `start` are those of `step` columns before, numbers to call among them."""
    again = range(start + step, len(names))
    return any(kinds[at] in CALLED_FIELDS for at in again) and all(
        tuple(names[at]) == tuple(names[at - step]) for at in again
    )


def _is_possible(target: str, custom_ids: Collection[int]) -> bool:
    """A custom field may have gone since somebody chose it."""
    kind, _, rest = target.partition(":")
    if kind == "custom":
        return rest.isdigit() and int(rest) in custom_ids
    if kind == "new":
        return rest in set(FieldKind)
    return target in set(LeadField)


def _unique(name: str, names: set[str]) -> str:
    candidate, number = name, 2
    while candidate in names:
        candidate, number = f"{name} ({number})", number + 1
    names.add(candidate)
    return candidate


# --- one column for each field that holds one text --------------------------------------


def _settled(columns: list[ListColumn], meanings: Mapping[int, Meaning]) -> NamedColumns:
    chosen_once = {
        column.target for column in columns if column.target not in REPEATABLE_FIELDS
    } - {LeadField.EXTRA.value}
    named = _without_foreign_readings(_people_apart(columns, meanings, chosen_once))
    named = _with_own_address(named, chosen_once)
    kept: dict[int, LeadField] = {}
    twice: list[str] = []
    for field in dict.fromkeys(meaning.field for meaning in named.values()):
        rivals = [index for index, meaning in named.items() if meaning.field is field]
        if field in ADDRESS_FIELDS:
            rivals = _of_one_party(rivals, named)
        if field in REPEATABLE_FIELDS:
            if field is LeadField.ADDRESS:
                rivals, others = _parts_of_one(rivals, columns)
                twice += [columns[index].name for index in others]
            kept.update(dict.fromkeys(rivals, field))
        elif field.value not in chosen_once:
            best = _best(rivals, named)
            kept[best] = field
            twice += [
                columns[index].name
                for index in rivals
                if index != best and named[index].rank == named[best].rank
            ]
    remarks = (Remark(ShapeNote.COLUMN_TWICE, ", ".join(twice)),) if twice else ()
    return NamedColumns(
        tuple(
            replace(column, target=kept[column.index].value, guessed_by=GuessedBy.NAME)
            if column.index in kept
            else column
            for column in columns
        ),
        remarks,
    )


def _people_apart(
    columns: Sequence[ListColumn], meanings: Mapping[int, Meaning], chosen_once: Collection[str]
) -> dict[int, Meaning]:
    """In a list of companies, 氏名 is the person to ask for; in one of people, the lead itself."""
    company = LeadField.NAME in chosen_once or any(
        meaning.field is LeadField.NAME and not is_person(columns[index].name)
        for index, meaning in meanings.items()
    )
    if not company:
        return dict(meanings)
    return {
        index: replace(meaning, field=LeadField.CONTACT_PERSON, rank=0)
        if meaning.field is LeadField.NAME and is_person(columns[index].name)
        else meaning
        for index, meaning in meanings.items()
    }


def _with_own_address(
    meanings: Mapping[int, Meaning], chosen_once: Collection[str]
) -> dict[int, Meaning]:
    """連絡先メールアドレス is the lead's own where there is no other: the first of several."""
    known = dict(meanings)
    if LeadField.EMAIL in chosen_once or any(
        meaning.field is LeadField.EMAIL for meaning in known.values()
    ):
        return known
    for index, meaning in known.items():
        if meaning.field is LeadField.CONTACT_EMAIL:
            known[index] = replace(meaning, field=LeadField.EMAIL)
            break
    return known


def _of_one_party(rivals: list[int], meanings: Mapping[int, Meaning]) -> list[int]:
    """The places of the lead; those of its owner only where there is no other."""
    own = [index for index in rivals if not meanings[index].of_owner]
    any_place = any(
        meaning.field in ADDRESS_FIELDS and not meaning.of_owner for meaning in meanings.values()
    )
    return own if own or any_place else rivals


def _parts_of_one(rivals: list[int], columns: Sequence[ListColumn]) -> tuple[list[int], list[int]]:
    """住所1 and 住所2 are parts of one address; 住所 and 送付先住所 are two."""
    bases = [bare_key(columns[index].name) for index in rivals]
    return (
        [index for index, base in zip(rivals, bases, strict=True) if base == bases[0]],
        [index for index, base in zip(rivals, bases, strict=True) if base != bases[0]],
    )


def _best(rivals: Sequence[int], meanings: Mapping[int, Meaning]) -> int:
    """The lowest rank, the first of equals."""
    return min(rivals, key=lambda index: (meanings[index].rank, index))


def _without_foreign_readings(meanings: Mapping[int, Meaning]) -> dict[int, Meaning]:
    """法人名カナ is no reading of 事業所名, nor 氏名カナ that of 会社名."""
    ranks = [meaning.rank for meaning in meanings.values() if meaning.field is LeadField.NAME]
    return {
        index: meaning
        for index, meaning in meanings.items()
        if meaning.field is not LeadField.NAME_KANA
        or not meaning.base
        or not ranks
        or meaning.rank == min(ranks)
    }
