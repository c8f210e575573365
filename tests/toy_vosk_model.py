"""A Vosk model of a few kilobytes, made here, in which a tone is a word.

    440 Hz  → moshimoshi          1500 Hz → rusuban

The real libvosk loads it as it loads any model: features, a neural network, a decoding graph. So
the tests drive the real recogniser without fetching anything. It proves the plumbing (audio in,
words with right times out, streaming and not), and nothing about how well speech is understood.

The network has one layer: it turns the cepstra back into the energies of 20 mel bands, and compares
the band of each tone with all the others. File formats: Kaldi's text form of models
(kaldi-asr.org/doc/io.html) and OpenFst's binary vector FST.
"""

import math
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

WORDS: Final = {"moshimoshi": 440.0, "rusuban": 1500.0}  # word: its tone in Hz

SAMPLE_RATE: Final = 8000
_BANDS: Final = 20
_LOWEST_HZ, _HIGHEST_HZ = 100.0, 3800.0
_THRESHOLD: Final = -3.0  # of a tone's word against silence
_WORD_COST: Final = 10.0  # to begin a word: short noise begins none

_MFCC: Final = f"""--sample-frequency={SAMPLE_RATE}
--num-mel-bins={_BANDS}
--num-ceps={_BANDS}
--use-energy=false
--cepstral-lifter=0
--low-freq={_LOWEST_HZ:.0f}
--high-freq={_HIGHEST_HZ:.0f}
--dither=1.0
--energy-floor=1.0
"""
# With a sub-sampling factor of 3 a frame of the graph is 30 ms, as libvosk reckons times.
_DECODING: Final = """--min-active=10
--max-active=200
--beam=50.0
--lattice-beam=8.0
--acoustic-scale=1.0
--frame-subsampling-factor=3
--endpoint.silence-phones=1
--endpoint.rule2.min-trailing-silence=0.5
--endpoint.rule3.min-trailing-silence=0.75
--endpoint.rule4.min-trailing-silence=1.0
"""


def make(folder: Path) -> Path:
    """Writes the model into `folder`, which it makes, and returns it."""
    for part in ("am", "conf", "graph/phones"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "conf/mfcc.conf").write_text(_MFCC)
    (folder / "conf/model.conf").write_text(_DECODING)
    (folder / "am/final.mdl").write_text(_acoustic_model())
    (folder / "graph/HCLG.fst").write_bytes(_decoding_graph())
    symbols = ("<eps>", *WORDS, "#0", "<s>", "</s>")
    (folder / "graph/words.txt").write_text(
        "".join(f"{symbol} {number}\n" for number, symbol in enumerate(symbols))
    )
    # Words are cut by it: without this file their times are those of the phones before them.
    boundaries = ("1 nonword", *(f"{phone} singleton" for phone in _phones()))
    (folder / "graph/phones/word_boundary.int").write_text("\n".join(boundaries) + "\n")
    return folder


def say(*parts: tuple[str | None, float], loudness: float = 0.25, seed: int = 0) -> bytes:
    """Audio as telephones carry it (16 bits, mono, 8 kHz): words, and silence where None.

    Each part is a word with its length in seconds. There is a little noise everywhere.
    """
    noise = np.random.default_rng(seed)
    pieces = []
    for word, seconds in parts:
        count = round(SAMPLE_RATE * seconds)
        at = np.arange(count) / SAMPLE_RATE
        tone = np.sin(2 * np.pi * WORDS[word] * at) * loudness * 32767 if word else np.zeros(count)
        pieces.append(tone + noise.normal(0, 30, count))
    return np.concatenate(pieces).astype("<i2").tobytes()


def _phones() -> range:
    return range(2, 2 + len(WORDS))  # 1 is silence


def _acoustic_model() -> str:
    count = 1 + len(WORDS)
    triples = "".join(f"{phone} 0 {phone - 1} \n" for phone in (1, *_phones()))
    # Every state stays or goes on with the same probability.
    halves = " ".join(["0", *[f"{math.log(0.5):.6f}"] * (2 * count)])
    weights = _scores() @ _inverse_cosine_transform()
    bias = [0.0, *[_THRESHOLD] * len(WORDS)]
    phones = " ".join(map(str, (1, *_phones())))
    return (
        "<TransitionModel> \n<Topology> \n<TopologyEntry> \n<ForPhones> \n"
        f"{phones} \n</ForPhones> \n"
        "<State> 0 <PdfClass> 0 <Transition> 0 0.5 <Transition> 1 0.5 </State> \n"
        "<State> 1 </State> \n</TopologyEntry> \n</Topology> \n"
        f"<Triples> {count} \n{triples}</Triples> \n"
        f"<LogProbs> \n [ {halves} ]\n</LogProbs> \n</TransitionModel> \n"
        f"<Nnet3> \ninput-node name=input dim={_BANDS}\n"
        "component-node name=bands component=bands input=input\n"
        "output-node name=output input=bands objective=linear\n\n"
        "<NumComponents> 1 \n<ComponentName> bands <FixedAffineComponent> "
        f"<LinearParams> {_matrix(weights)}<BiasParams> {_row(bias)}</FixedAffineComponent> \n"
        "</Nnet3> <LeftContext> 0 <RightContext> 0 <Priors>  [ ]\n"
    )


def _scores() -> np.ndarray:
    """One row for silence and each word: the word's band against the mean of the others."""
    rows = np.zeros((1 + len(WORDS), _BANDS))
    for row, tone in enumerate(WORDS.values(), start=1):
        rows[row] = -1.0 / (_BANDS - 1)
        rows[row, _band_of(tone)] = 1.0
    return rows


def _band_of(hertz: float) -> int:
    def mel(frequency: float) -> float:
        return 1127.0 * math.log(1.0 + frequency / 700.0)

    centres = np.linspace(mel(_LOWEST_HZ), mel(_HIGHEST_HZ), _BANDS + 2)[1:-1]
    return int(np.abs(centres - mel(hertz)).argmin())


def _inverse_cosine_transform() -> np.ndarray:
    """From cepstra to log energies: Kaldi's transform is orthonormal, so its transpose."""
    band, order = np.meshgrid(np.arange(_BANDS), np.arange(_BANDS), indexing="ij")
    transform: np.ndarray = np.sqrt(2 / _BANDS) * np.cos(np.pi / _BANDS * (band + 0.5) * order)
    transform[:, 0] = np.sqrt(1 / _BANDS)
    return transform


def _matrix(rows: np.ndarray) -> str:
    lines = "\n".join("  " + " ".join(f"{value:.6f}" for value in row) for row in rows)
    return f" [\n{lines} ]\n"


def _row(values: Sequence[float]) -> str:
    return " [ " + " ".join(map(str, values)) + " ]\n"


def _decoding_graph() -> bytes:
    """Silence loops in state 0; each word has a state that enters, loops and goes back.

    An arc reads a transition of the acoustic model (two for each phone) and writes a word.
    """
    states: list[list[tuple[int, int, float, int]]] = [[(2, 0, 0.0, 1)], [(1, 0, 0.0, 1)]]
    states[1].append((0, 0, 0.0, 0))
    for number, _ in enumerate(WORDS, start=1):
        enter = 2 * number + 2
        states[0].append((enter, number, _WORD_COST, number + 1))
        states.append([(enter - 1, 0, 0.0, number + 1), (0, 0, 0.0, 0)])
    magic, vector, arcs = 2125659606, b"vector", b"standard"
    header = struct.pack("<i", magic)
    for name in (vector, arcs):
        header += struct.pack("<i", len(name)) + name
    count = sum(map(len, states))
    header += struct.pack("<iiQqqq", 2, 0, 3, 0, len(states), count)
    body = b""
    for leaving in states:
        body += struct.pack("<fq", 0.0, len(leaving))
        body += b"".join(struct.pack("<iifi", *arc) for arc in leaving)
    return header + body
