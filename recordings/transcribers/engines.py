"""The engines that there are, by the name that settings and transcripts give them.

A new engine is one module with a `load`, and a line here; its library is imported only when
the engine is asked for.
"""

from importlib import import_module
from pathlib import Path
from typing import Final

from recordings.transcribers.port import EngineMissing, Transcriber

ENGINES: Final = {
    "vosk": "recordings.transcribers.vosk",
    "sherpa-onnx": "recordings.transcribers.sherpa",
}
"""Named like the packages that they need."""


def load(engine: str, model: Path) -> Transcriber:
    """Raises EngineMissing, ModelMissing, KeyError for an engine that there is not."""
    try:
        module = import_module(ENGINES[engine])
    except ImportError as error:
        raise EngineMissing(
            f"transcripts: {engine} is not installed here ({error}): .venv/bin/pip install {engine}"
        ) from error
    transcriber: Transcriber = module.load(model)
    return transcriber
