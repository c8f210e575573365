"""What a number of the simulated carrier does: pure, the same for the same number and seed.

The last two digits of the called number decide. The carrier's dialplan is rendered from this
table, and a test compares docs/carrier.md with it.
"""

import hashlib
import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What happens when the number is called."""

    ANSWERS = "answers"
    ANSWERS_AND_WAITS = "answers_and_waits"
    EARLY_MEDIA = "early_media"
    HANGS_UP_AT_ONCE = "hangs_up_at_once"
    MACHINE = "machine"
    SILENT = "silent"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    RINGS_THEN_BUSY = "rings_then_busy"
    REJECTS = "rejects"
    NOT_IN_USE = "not_in_use"
    CONGESTION = "congestion"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: the two last digits `first` to `last`, both included.

    `sip_status` is the final answer to the INVITE (200: answered; 0: none, it just rings), `cause`
    the Q.850 cause that Kakeru's Asterisk reports when this side ends the call.
    """

    first: int
    last: int
    kind: Kind
    sip_status: int
    cause: int
    says: str

    @property
    def digits(self) -> str:
        """The two last digits as people read them: `00–27`."""
        first, last = f"{self.first:02d}", f"{self.last:02d}"
        return first if first == last else f"{first}–{last}"

    @property
    def share(self) -> int:
        """Percent of all numbers."""
        return self.last - self.first + 1


TABLE = (
    Row(0, 26, Kind.ANSWERS, 200, 16, "rings 1–8 s, answers, speaks 4–20 s and hangs up"),
    Row(27, 38, Kind.ANSWERS_AND_WAITS, 200, 16, "the same, but waits for the caller to hang up"),
    Row(39, 41, Kind.EARLY_MEDIA, 200, 16, "183 with an announcement for 3 s, then answers"),
    Row(42, 43, Kind.HANGS_UP_AT_ONCE, 200, 16, "rings 1–8 s, answers and hangs up within 0.3 s"),
    Row(44, 44, Kind.SILENT, 200, 16, "answers and never sends any audio"),
    Row(45, 54, Kind.MACHINE, 200, 16, "answering machine: greeting, beep, then 20 s of silence"),
    Row(55, 76, Kind.NO_ANSWER, 0, 19, "rings without an answer"),
    Row(77, 83, Kind.BUSY, 486, 17, "busy"),
    Row(84, 85, Kind.RINGS_THEN_BUSY, 486, 17, "rings 1–8 s, then busy"),
    Row(86, 88, Kind.REJECTS, 603, 21, "rings 1–8 s, then rejects the call"),
    Row(89, 94, Kind.NOT_IN_USE, 404, 1, "number not in use"),
    Row(95, 96, Kind.CONGESTION, 503, 34, "congestion in the network"),
    Row(97, 99, Kind.REFUSED, 403, 21, "the carrier refuses the call"),
)

LONGEST_WAIT_SECONDS = 90
SPEECHES = 8


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What one number does. Times in seconds.

    `talk_seconds` is how long it stays after answering (for those who wait for the caller: at
    most). `speech` is the number of what is said, 0 to SPEECHES - 1.
    """

    row: Row
    ring_seconds: int
    talk_seconds: int
    speech: int

    @property
    def kind(self) -> Kind:
        """What happens."""
        return self.row.kind

    @property
    def answers(self) -> bool:
        """Whether anybody, or a machine, answers."""
        return self.row.sip_status == 200


def behaviour_of(number: str, *, seed: int = 0) -> Behaviour:
    """What `number` does: national digits, or E.164 with or without `+`.

    Raises ValueError for a number of less than two digits.
    """
    match = re.fullmatch(r"\+?[0-9]*([0-9]{2})", number)
    if match is None:
        raise ValueError(f"{number!r} is no telephone number of digits")
    digits = int(match[1])
    row = next(row for row in TABLE if row.first <= digits <= row.last)
    ring, talk, speech = hashlib.sha256(f"{seed}:{digits}".encode()).digest()[:3]
    return Behaviour(
        row=row,
        ring_seconds=1 + ring % 8,
        talk_seconds=_talk_seconds(row.kind, talk),
        speech=speech % SPEECHES,
    )


def plan(*, seed: int = 0) -> dict[str, Behaviour]:
    """The behaviour of each of the hundred endings `00` to `99`."""
    return {f"{n:02d}": behaviour_of(f"{n:02d}", seed=seed) for n in range(100)}


def _talk_seconds(kind: Kind, random_byte: int) -> int:
    match kind:
        case Kind.ANSWERS_AND_WAITS | Kind.SILENT:
            return LONGEST_WAIT_SECONDS
        case Kind.MACHINE:
            return 20  # after the beep
        case _:
            return 4 + random_byte % 17
