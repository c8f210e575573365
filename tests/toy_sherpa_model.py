"""A model for sherpa-onnx of a few kilobytes, made here, in which a tone is a word.

The words and tones are those of `toy_vosk_model`. The real library loads it as it loads any
streaming transducer; its encoder looks whether a tone's mel band is loud, and louder than the
other's. Where a tone begins it says the word's first syllables, and 0.12 s before its end the last
ones, so that there are several tokens to a word as in real models. It remembers from one chunk to
the next whether the tone was there.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import numpy_helper

from tests.toy_vosk_model import WORDS

TOKENS: Final = {"moshimoshi": ("▁moshi", "moshi"), "rusuban": ("▁rusu", "ban")}

_BANDS: Final = 80
_LOWEST_HZ, _HIGHEST_HZ = 20.0, 7600.0  # what sherpa-onnx reckons with at 16 kHz
_CHUNK: Final = 16  # frames of 10 ms; each fourth is looked at
_STEPS: Final = _CHUNK // 4  # what comes out of a chunk, 40 ms each
_AHEAD: Final = 3  # steps that are heard beforehand: the last syllables take so long
_SIZE: Final = 1 + 2 * len(WORDS)  # the blank, first and last syllables

# A tone's step is `now`; the step before it and those after tell whether a word begins or ends.
_ENCODER: Final = f"""<ir_version: 8, opset_import: ["": 17]>
encoder (float[N, T, {_BANDS}] x, float[1, N, {len(WORDS)}] h, float[1, N, 1] c) =>
    (float[N, {_STEPS}, {_SIZE}] out, float[1, N, {len(WORDS)}] next_h, float[1, N, 1] next_c)
{{
    energy = MatMul(x, bands)
    others = MatMul(energy, swapped)
    difference = Sub(energy, others)
    louder = Greater(difference, clearly)
    loud = Greater(energy, silence)
    both = And(louder, loud)
    each = Cast<to: int = 1>(both)
    heard = Slice(each, at_0, at_end, time, every_fourth)
    remembered = Transpose<perm = [1, 0, 2]>(h)
    steps = Concat<axis = 1>(remembered, heard)
    before = Slice(steps, at_0, at_{_STEPS}, time)
    now = Slice(steps, at_1, at_{1 + _STEPS}, time)
    soon = Slice(steps, at_{_AHEAD}, at_{_AHEAD + _STEPS}, time)
    after = Slice(steps, at_{1 + _AHEAD}, at_{1 + _AHEAD + _STEPS}, time)
    not_before = Sub(one, before)
    begins = Mul(now, not_before)
    not_after = Sub(one, after)
    ends = Mul(soon, not_after)
    syllables = Concat<axis = 2>(begins, ends)
    any = ReduceSum<keepdims = 1>(syllables, axis_2)
    blank = Sub(half, any)
    out = Concat<axis = 2>(blank, syllables)
    last = Slice(heard, at_{_STEPS - 1}, at_{_STEPS}, time)
    next_h = Transpose<perm = [1, 0, 2]>(last)
    next_c = Identity(c)
}}"""
_DECODER: Final = f"""<ir_version: 8, opset_import: ["": 17]>
decoder (int64[N, 2] y) => (float[N, {_SIZE}] out)
{{
    said = Cast<to: int = 1>(y)
    out = MatMul(said, nothing)
}}"""
_JOINER: Final = f"""<ir_version: 8, opset_import: ["": 17]>
joiner (float[N, {_SIZE}] heard, float[N, {_SIZE}] said) => (float[N, {_SIZE}] logit)
{{
    sum = Add(heard, said)
    logit = Mul(sum, sure)
}}"""


def make(folder: Path) -> Path:
    """Writes the model into `folder`, which it makes, and returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    _write(
        folder / "encoder.onnx",
        _ENCODER,
        {
            "bands": _bands(),
            "swapped": np.eye(len(WORDS), dtype=np.float32)[::-1].copy(),
            "clearly": np.float32(2.0),
            "silence": np.float32(0.0),
            "half": np.float32(0.5),
            "one": np.float32(1.0),
            "time": np.array([1]),
            "axis_2": np.array([2]),
            "every_fourth": np.array([4]),
            "at_end": np.array([4 * (_STEPS + _AHEAD)]),
            **{f"at_{step}": np.array([step]) for step in range(2 + _AHEAD + _STEPS)},
        },
        model_type="lstm",
        num_encoder_layers=1,
        T=4 * (_STEPS + _AHEAD),
        decode_chunk_len=_CHUNK,
        rnn_hidden_size=1,
        d_model=len(WORDS),
    )
    nothing = np.zeros((2, _SIZE), dtype=np.float32)
    _write(
        folder / "decoder.onnx", _DECODER, {"nothing": nothing}, vocab_size=_SIZE, context_size=2
    )
    _write(folder / "joiner.onnx", _JOINER, {"sure": np.float32(10.0)})
    first, last = zip(*(TOKENS[word] for word in WORDS), strict=True)
    tokens = ("<blk>", *first, *last)
    (folder / "tokens.txt").write_text(
        "".join(f"{token} {number}\n" for number, token in enumerate(tokens)), encoding="utf-8"
    )
    return folder


def _write(file: Path, graph: str, constants: Mapping[str, Any], **metadata: object) -> None:
    model = onnx.parser.parse_model(graph)
    for name, value in constants.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    onnx.helper.set_model_props(model, {name: str(value) for name, value in metadata.items()})
    onnx.checker.check_model(model)
    onnx.save(model, file)


def _bands() -> np.ndarray:
    """From the energies of all mel bands to those of the tones' bands."""
    chosen = np.zeros((_BANDS, len(WORDS)), dtype=np.float32)
    centres = np.linspace(_mel(_LOWEST_HZ), _mel(_HIGHEST_HZ), _BANDS + 2)[1:-1]
    for word, tone in enumerate(WORDS.values()):
        chosen[int(np.abs(centres - _mel(tone)).argmin()), word] = 1.0
    return chosen


def _mel(hertz: float) -> float:
    return float(1127.0 * np.log(1.0 + hertz / 700.0))
