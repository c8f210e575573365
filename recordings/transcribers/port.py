"""What every engine can do: words with their times from the audio of one side.

Audio is 16-bit little-endian mono at `recordings.stereo.SAMPLE_RATE`, in blocks of whole
samples and any length. Times are milliseconds from the first sample.

    TranscriberError        the base of all
    ├── ModelMissing        nothing that this engine can load lies at the path
    └── EngineMissing       the engine's library is not installed
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dialer.rules.transcript import Word


class TranscriberError(Exception):
    """Audio cannot be turned into words; the message names the place and the remedy."""


class ModelMissing(TranscriberError):
    """Nothing that this engine can load lies at the path."""


class EngineMissing(TranscriberError):
    """The engine's library is not installed here."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What is new since the last block: words that stand, and a guess at what comes after."""

    words: tuple[Word, ...] = ()
    partial: str = ""


class Listening(Protocol):
    """One side of one conversation, heard from its beginning."""

    def hear(self, samples: bytes) -> Heard:
        """Takes the next block. Words are told once, in order, when they stand."""

    def end(self) -> Heard:
        """The last words; nothing may be heard afterwards."""


class Transcriber(Protocol):
    """A loaded model. Any number of conversations may be heard one beside the other."""

    @property
    def engine(self) -> str:
        """As the table ``transcripts`` names it."""

    @property
    def model(self) -> str:
        """The model's name: that of its folder or file."""

    def listen(self) -> Listening: ...


class Loader(Protocol):
    """How an engine is begun; the functions in `recordings.transcribers.engines`."""

    def __call__(self, model: Path) -> Transcriber:
        """Loads the model, which may take seconds. Raises ModelMissing, EngineMissing."""
