"""What `kakeru model check` does."""

import time
from collections.abc import Iterator
from pathlib import Path

from ari_app.commands.failures import CommandFailed
from ari_app.commands.installation import settings_of
from recordings.stereo import SAMPLE_RATE
from recordings.transcribers import engines
from recordings.transcribers.port import Transcriber, TranscriberError

_MEGABYTE = 1024 * 1024
_SOURCES = {
    "vosk": "a Vosk model (alphacephei.com/vosk/models; vosk-model-small-ja for Japanese)",
    "sherpa-onnx": "a streaming transducer (k2-fsa.github.io/sherpa/onnx, pretrained models)",
}


def without_model(engine: str) -> str:
    """What that means, and what to do about it."""
    return (
        "no model: conversations are recorded and played, but there are no transcripts. "
        f"Fetch {_SOURCES[engine]}, unpack it, and write its folder into kakeru.yaml as "
        "transcripts.model"
    )


def check_model(config: Path, path: Path | None, engine: str | None) -> Iterator[str]:
    """Lines about the model. Raises CommandFailed where it cannot be used."""
    settings = settings_of(config)
    engine = engine or settings.transcripts.engine
    if engine not in engines.ENGINES:
        raise CommandFailed(f"{engine}: there is no such engine, but: {', '.join(engines.ENGINES)}")
    model = settings.model_path if path is None else path.absolute()
    if model is None:
        raise CommandFailed(without_model(engine))
    yield f"{model}: {_megabytes(model):.1f} MB"
    started = time.perf_counter()
    transcriber = _load(engine, model)
    yield f"{transcriber.engine} loads it in {time.perf_counter() - started:.1f} s"
    started = time.perf_counter()
    listening = transcriber.listen()
    listening.hear(bytes(2 * SAMPLE_RATE))
    listening.end()
    yield f"a second of silence is heard in {time.perf_counter() - started:.2f} s"


def _load(engine: str, model: Path) -> Transcriber:
    try:
        return engines.load(engine, model)
    except TranscriberError as error:
        raise CommandFailed(str(error)) from error


def _megabytes(model: Path) -> float:
    files = (file for file in model.rglob("*") if file.is_file())
    return sum(file.stat().st_size for file in files) / _MEGABYTE
