"""sherpa-onnx: streaming transducers (Zipformer and others) on ONNX Runtime, offline.

Only models that stream can be heard block by block; an offline one is refused by name, which the
library itself would end the program for. It tells when each token begins and how sure it was, not
when it ends: a word's end is a guess from its last token.
"""

import math
import mmap
import re
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import numpy as np
import sherpa_onnx
import soxr

from dialer.rules.transcript import Word, join_words
from recordings.stereo import SAMPLE_RATE
from recordings.transcribers.port import Heard, ModelMissing

_MODEL_RATE: Final = 16_000  # of practically all of these models
_TAIL_SECONDS: Final = 1.0  # a model decides once it has heard what comes after, at most so much
_LAST_TOKEN_MS: Final = 120  # about a mora
_PAUSE_SECONDS: Final = 0.8  # after which words stand
_STREAMS: Final = b"decode_chunk_len"  # in the metadata of every streaming transducer
_BYTE: Final = re.compile(r"<0x([0-9A-F]{2})>")  # of a character that the model has no token for


def load(model: Path) -> "SherpaTranscriber":
    """Loads the folder of a streaming transducer. Raises ModelMissing."""
    parts = {name: _part(model, name) for name in ("encoder", "decoder", "joiner")}
    tokens = model / "tokens.txt"
    if not tokens.is_file():
        raise ModelMissing(f"{model}: tokens.txt is missing; unpack the model anew")
    if not _streams(parts["encoder"]):
        raise ModelMissing(f"{model}: no streaming model; fetch one that has streaming in its name")
    try:
        recogniser = sherpa_onnx.OnlineRecognizer.from_transducer(
            **{name: str(file) for name, file in parts.items()},
            tokens=str(tokens),
            num_threads=1,  # processes are what works side by side
            enable_endpoint_detection=True,
            rule2_min_trailing_silence=_PAUSE_SECONDS,
        )
    except Exception as error:  # the library raises what ONNX Runtime says, of no one kind
        raise ModelMissing(
            f"{model}: sherpa-onnx cannot load this model ({error}); fetch it again"
        ) from error
    return SherpaTranscriber(model.name, recogniser)


class SherpaTranscriber:
    """Implements `Transcriber`."""

    engine = "sherpa-onnx"

    def __init__(self, name: str, recogniser: Any) -> None:
        self.model = name
        self._recogniser = recogniser

    def listen(self) -> "SherpaListening":
        return SherpaListening(self._recogniser)


class SherpaListening:
    """Implements `Listening`."""

    def __init__(self, recogniser: Any) -> None:
        self._recogniser = recogniser
        self._stream = recogniser.create_stream()
        self._resampled = soxr.ResampleStream(SAMPLE_RATE, _MODEL_RATE, 1, dtype="float32")

    def hear(self, samples: bytes) -> Heard:
        block = np.frombuffer(samples, dtype="<i2").astype(np.float32) / 32768
        return self._heard(self._resampled.resample_chunk(block))

    def end(self) -> Heard:
        tail = np.zeros(round(SAMPLE_RATE * _TAIL_SECONDS), dtype=np.float32)
        heard = self._heard(self._resampled.resample_chunk(tail, last=True))
        self._stream.input_finished()
        return Heard((*heard.words, *self._decoded(), *self._so_far()))

    def _heard(self, block: np.ndarray) -> Heard:
        self._stream.accept_waveform(_MODEL_RATE, block)
        return Heard(self._decoded(), join_words([word.text for word in self._so_far()]))

    def _decoded(self) -> tuple[Word, ...]:
        """The words before each pause."""
        stand: list[Word] = []
        while self._recogniser.is_ready(self._stream):
            self._recogniser.decode_stream(self._stream)
            if self._recogniser.is_endpoint(self._stream):
                stand += self._so_far()
                self._recogniser.reset(self._stream)
        return tuple(stand)

    def _so_far(self) -> tuple[Word, ...]:
        """Since the last pause."""
        said = self._recogniser.get_result_all(self._stream)
        return words_of(said.tokens, said.timestamps, said.ys_probs, since=said.start_time)


@dataclass(slots=True)
class _Piece:
    text: str
    start_ms: int
    confidence: float


def words_of(
    tokens: list[str], seconds: list[float], log_probabilities: list[float], *, since: float
) -> tuple[Word, ...]:
    """Tokens, with their beginnings in seconds after `since`, joined to words.

    A token that begins with a space begins a word; so does one that is written without a space
    before it, as in Japanese.
    """
    words: list[list[_Piece]] = []
    for piece in _pieces(tokens, seconds, log_probabilities, since):
        if not words or _begins_word(words[-1][-1].text, piece.text):
            words.append([piece])
        else:
            words[-1].append(piece)
    starts = [word[0].start_ms for word in words[1:]]
    return tuple(_word(word, until_ms) for word, until_ms in zip_longest(words, starts))


def _pieces(
    tokens: list[str], seconds: list[float], log_probabilities: list[float], since: float
) -> list[_Piece]:
    pieces = []
    held = b""
    for token, start, log in zip(tokens, seconds, log_probabilities, strict=True):
        byte = _BYTE.fullmatch(token)
        held = held + bytes.fromhex(byte[1]) if byte else b""
        text = held.decode(errors="ignore") if byte else token
        if text.strip():
            pieces.append(_Piece(text, round(1000 * (since + start)), math.exp(log)))
            held = b""
    return pieces


def _begins_word(before: str, text: str) -> bool:
    return text.startswith(" ") or join_words([before, text]) == before + text


def _word(pieces: list[_Piece], until_ms: int | None) -> Word:
    end_ms = pieces[-1].start_ms + _LAST_TOKEN_MS
    return Word(
        text="".join(piece.text for piece in pieces).strip(),
        start_ms=pieces[0].start_ms,
        end_ms=end_ms if until_ms is None else min(end_ms, until_ms),
        confidence=min(1.0, sum(piece.confidence for piece in pieces) / len(pieces)),
    )


def _part(model: Path, name: str) -> Path:
    """Models come in two sizes, often both in one folder: the smaller is the faster."""
    found = sorted(model.glob(f"{name}*.onnx"), key=lambda file: ("int8" not in file.name, file))
    if not found:
        raise ModelMissing(
            f"{model}: no model for sherpa-onnx lies there; unpack a streaming transducer so that "
            f"this folder holds encoder, decoder and joiner (.onnx) and tokens.txt"
        )
    return found[0]


def _streams(encoder: Path) -> bool:
    with encoder.open("rb") as file:
        if encoder.stat().st_size == 0:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return data.rfind(_STREAMS) >= 0
