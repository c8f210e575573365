"""Vosk: Kaldi's recogniser, offline, with word times.

The model is always given by path: libvosk's other ways look for it in the network, and end the
program when it is not there.
"""

import json
from pathlib import Path
from typing import Any

import vosk

from dialer.rules.transcript import Word
from recordings.stereo import SAMPLE_RATE
from recordings.transcribers.port import Heard, ModelMissing

_SILENT = -1  # libvosk writes its log to standard error otherwise


def load(model: Path) -> "VoskTranscriber":
    """Loads the folder of a Vosk model. Raises ModelMissing."""
    vosk.SetLogLevel(_SILENT)
    if not (model / "conf").is_dir() and not (model / "mfcc.conf").is_file():
        raise ModelMissing(
            f"{model}: no Vosk model lies there; unpack one so that this folder holds am/ and conf/"
        )
    try:
        # libvosk says of a broken model only that it could not be made.
        loaded = vosk.Model(model_path=str(model))
    except Exception as error:
        raise ModelMissing(
            f"{model}: Vosk cannot load this model ({error}); fetch it again"
        ) from error
    return VoskTranscriber(model.name, loaded)


class VoskTranscriber:
    """Implements `Transcriber`."""

    engine = "vosk"

    def __init__(self, name: str, model: Any) -> None:
        self.model = name
        self._model = model

    def listen(self) -> "VoskListening":
        recogniser = vosk.KaldiRecognizer(self._model, SAMPLE_RATE)
        recogniser.SetWords(True)
        return VoskListening(recogniser)


class VoskListening:
    """Implements `Listening`; libvosk resamples to what the model was trained with."""

    def __init__(self, recogniser: Any) -> None:
        self._recogniser = recogniser

    def hear(self, samples: bytes) -> Heard:
        if self._recogniser.AcceptWaveform(samples):
            return Heard(_words(self._recogniser.Result()))
        return Heard(partial=json.loads(self._recogniser.PartialResult())["partial"])

    def end(self) -> Heard:
        return Heard(_words(self._recogniser.FinalResult()))


def _words(result: str) -> tuple[Word, ...]:
    return tuple(_word(said) for said in json.loads(result).get("result", ()))


def _word(said: dict[str, Any]) -> Word:
    return Word(
        text=said["word"],
        start_ms=round(said["start"] * 1000),
        end_ms=round(said["end"] * 1000),
        confidence=float(said["conf"]),
    )
