"""What a number in a spreadsheet's cell looks like to a person: a day, or digits with zeros.

A telephone number that was typed as a number has lost its zero, but when the cell's format
shows ``0352542287`` or ``(03) 5254-2287``, that is what the list says.
"""

import re
from datetime import datetime, timedelta

# The built-in formats of days; 27 to 36 and 50 to 58 are Japan's (元号 included).
_DAY_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_UNSEEN = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
_DAY_LETTERS = re.compile(r"[ymdhsge年月日]", re.IGNORECASE)
_PLACEHOLDERS = re.compile(r"[0#\-() ]+")
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's day has no zone
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_SECONDS = 86_400


def is_day_format(number: int, code: str) -> bool:
    """Whether a cell with this format (its number, and its code if it is the file's own)
    shows a day or a time."""
    if not code:
        return number in _DAY_FORMATS
    return bool(_DAY_LETTERS.search(_UNSEEN.sub("", code.split(";")[0]))) and "#" not in code


def digits_format(code: str) -> str:
    """The placeholders of a format that only arranges digits: ``000\\-0000`` → ``000-0000``.

    Empty for every other one, and for one without leading zeros to show. Of several
    sections the last is meant: ``[<=99999999]####\\-####;\\(00\\)\\ ####\\-####`` is how
    spreadsheets call 電話番号.
    """
    if "0" not in code or code in {"0", "#,##0"}:
        return ""
    sections = code.split(";")
    if len(sections) > 1 and not sections[0].startswith("[<"):
        sections = sections[:1]  # for positive numbers, negative ones and zero
    last = re.sub(r"\[[^\]]*\]", "", sections[-1]).replace("\\", "").replace('"', "")
    ordinary = _PLACEHOLDERS.fullmatch(last) and last.count("0") + last.count("#") > 1
    return last.strip() if ordinary else ""


def arranged(digits: str, form: str) -> str:
    """``352542287`` in ``(00) 0000-0000`` → ``(03) 5254-2287``; more digits go before."""
    left = list(digits)
    shown: list[str] = []
    for sign in reversed(form):
        if sign not in "0#":
            shown.append(sign)
        elif left:
            shown.append(left.pop())
        elif sign == "0":
            shown.append("0")
    if left:
        # Beyond the first placeholder: but a sign that opens the form stays at its front.
        front = form[: len(form) - len(form.lstrip("( "))]
        rest = "".join(reversed(shown))[len(front) :]
        return front + "".join(left) + rest
    return "".join(reversed(shown)).strip("- ")


def plain_number(text: str) -> str:
    """A number as XML writes it, as people do: ``3.12345678E8`` → ``312345678``."""
    if text.isdigit():
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.15g}"


def day_or_time(text: str, *, since_1904: bool = False) -> str:
    """A spreadsheet's count of days as ISO 8601: ``46113`` → ``2026-04-01``."""
    try:
        days = float(text)
        if not 0 <= days < 2_958_466:  # the year 9999
            return plain_number(text)
    except ValueError:
        return text
    seconds = round(days * _SECONDS)
    if days < 1:
        return f"{seconds // 3600:02}:{seconds % 3600 // 60:02}"
    if days < 60 and not since_1904:
        days_off = 1  # before the 29th of February 1900, which spreadsheets believe in
    else:
        days_off = 0
    moment = (_EPOCH_1904 if since_1904 else _EPOCH) + timedelta(days=days_off, seconds=seconds)
    if moment.time() == datetime.min.time():
        return moment.date().isoformat()
    return moment.isoformat(timespec="minutes" if moment.second == 0 else "seconds")
