"""What is said about a row of a list: why it was not taken, or what to look at.

The words are here, in Japanese and English, so that the terminal, the page and the
file of refused rows say the same.
"""

from dataclasses import dataclass
from enum import StrEnum

from dialer.rules.custom_field import Misfit
from dialer.rules.phone_number import UnusableReason


class RowReason(StrEnum):
    """Why a row is not taken."""

    NO_NAME = "no name"
    NO_USABLE_PHONE = "no usable phone"
    TOO_LONG = "text too long"
    TOO_MANY_CELLS = "too many cells"
    BAD_VALUE = "value does not fit"

    def text(self, language: str = "en") -> str:
        """The reason in words; `language` is ``ja`` or ``en``."""
        japanese, english = _TEXTS[self]
        return japanese if language == "ja" else english


class RowNote(StrEnum):
    """What is worth a look about a row that is taken, or that is no lead at all."""

    ZERO_RESTORED = "zero restored"
    AREA_CODE_ADDED = "area code added"
    NUMBER_UNUSABLE = "number unusable"
    EMAIL_UNUSABLE = "e-mail unusable"
    EMAIL_ONLY = "e-mail only"
    NEVER_DIALLED = "never dialled"
    DUPLICATE_IN_FILE = "duplicate in file"
    ALREADY_IN_PROJECT = "already in project"
    IN_ANOTHER_PROJECT = "in another project"
    PROHIBITED = "prohibited"
    IN_A_BOX = "in a box"
    NOT_A_LEAD = "not a lead"

    def text(self, language: str = "en") -> str:
        """The note in words; `language` is ``ja`` or ``en``."""
        japanese, english = _TEXTS[self]
        return japanese if language == "ja" else english


_TEXTS: dict[RowReason | RowNote, tuple[str, str]] = {
    RowReason.NO_NAME: ("名称がありません", "no name"),
    RowReason.NO_USABLE_PHONE: ("発信できる電話番号がありません", "no usable phone"),
    RowReason.TOO_LONG: ("文字数が上限を超えています", "text too long"),
    RowReason.TOO_MANY_CELLS: (
        "見出しより列が多くあります(引用符のないカンマ?)",
        "more cells than the header has: a comma without quotes?",
    ),
    RowReason.BAD_VALUE: (
        "カスタム項目に入らない値があります",
        "a value does not fit its custom field",
    ),
    RowNote.ZERO_RESTORED: ("先頭の0を補いました", "leading zero restored"),
    RowNote.AREA_CODE_ADDED: ("市外局番を補いました", "area code added"),
    RowNote.EMAIL_UNUSABLE: (
        "メールアドレスではありません",
        "this is not an e-mail address",
    ),
    RowNote.EMAIL_ONLY: (
        "電話番号がないため発信されません",
        "without a number it is never dialled",
    ),
    RowNote.NUMBER_UNUSABLE: ("発信できない番号があります", "a number that cannot be called"),
    RowNote.NEVER_DIALLED: (
        "課金される番号(0990・0570)のため発信されません",
        "a number that charges the caller (0990, 0570) is never dialled",
    ),
    # By number, or by the custom field that was chosen as the key.
    RowNote.DUPLICATE_IN_FILE: (
        "前の行と同じリードです",
        "the same lead as in an earlier row",
    ),
    RowNote.ALREADY_IN_PROJECT: (
        "プロジェクトにすでにあるリードです",
        "the project has this lead already",
    ),
    RowNote.IN_ANOTHER_PROJECT: (
        "同じ番号のリードが別のプロジェクトにあります",
        "another project has a lead with this number",
    ),
    RowNote.PROHIBITED: ("禁止されている番号です", "the number is prohibited"),
    RowNote.IN_A_BOX: (
        "同じ番号のリードがマイボックスに入っています",
        "a lead with this number is in somebody's MyBox",
    ),
    RowNote.NOT_A_LEAD: ("注記または見出しの繰り返しです", "a note or a repeated header, no lead"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that a problem or a warning is about."""

    column: str
    text: str
    why: UnusableReason | Misfit | None = None

    def describe(self, language: str = "en") -> str:
        """Column, text and, for a number, why it cannot be called."""
        flat = " ".join(self.text.split())
        short = flat if len(flat) <= 60 else f"{flat[:59]}…"
        shown = " ".join(filter(None, (self.column, f"“{short}”" if short else "")))
        return f"{shown} ({_why(self.why, language)})" if self.why else shown


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that was not taken: its number as a spreadsheet shows it, why, and its cells."""

    row: int
    reason: RowReason
    detail: tuple[Cell, ...] = ()
    cells: tuple[str, ...] = ()

    def text(self, language: str = "en") -> str:
        """The reason in words, with the cells that it is about."""
        return _with_detail(self.reason, self.detail, language)


@dataclass(frozen=True, slots=True)
class RowWarning:
    """Something about a row that a person may want to check."""

    row: int
    note: RowNote
    detail: tuple[Cell, ...] = ()
    other_row: int | None = None  # with DUPLICATE_IN_FILE: the first row with the number

    def text(self, language: str = "en") -> str:
        """The warning in words, with the cells or the row that it is about."""
        words = _with_detail(self.note, self.detail, language)
        if self.other_row is None:
            return words
        place = f"{self.other_row}行目" if language == "ja" else f"row {self.other_row}"
        return f"{words} ({place})"


_MISFIT_TEXTS = {
    Misfit.REQUIRED: ("必須です", "it is required"),
    Misfit.NOT_A_NUMBER: ("数値ではありません", "this is not a number"),
    Misfit.NOT_A_DATE: ("日付ではありません", "this is not a date"),
    Misfit.NOT_A_TIME: ("日時ではありません", "this is not a date and time"),
    Misfit.NOT_A_CHOICE: ("選択肢にありません", "this is none of the choices"),
    Misfit.NOT_YES_OR_NO: ("はい・いいえのどちらでもありません", "this is neither yes nor no"),
    Misfit.NOT_A_URL: ("URLではありません", "this is not a web address"),
    Misfit.NOT_A_PHONE: ("電話番号ではありません", "this is not a telephone number"),
    Misfit.NOT_AN_EMAIL: ("メールアドレスではありません", "this is not an e-mail address"),
    Misfit.NOT_A_POSTAL_CODE: ("郵便番号ではありません", "this is not a postal code"),
    Misfit.NOT_A_PREFECTURE: ("都道府県ではありません", "this is not a prefecture"),
    Misfit.TOO_LONG: ("長すぎます", "this is too long"),
}


def _why(why: UnusableReason | Misfit, language: str) -> str:
    if isinstance(why, UnusableReason):
        return why.text(language)
    japanese, english = _MISFIT_TEXTS[why]
    return japanese if language == "ja" else english


def _with_detail(
    what: RowReason | RowNote,
    detail: tuple[Cell, ...],
    language: str,
) -> str:
    words = what.text(language)
    parts = [cell.describe(language) for cell in detail]
    return f"{words}: {'; '.join(parts)}" if parts else words
