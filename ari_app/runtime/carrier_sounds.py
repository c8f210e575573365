"""What is heard from the simulated carrier: customers, answering machines, agents.

Under their speech customers hum at CUSTOMER_HERTZ and agents at AGENT_HERTZ, also while they pause:
so the two sides of a recording can be told apart, and neither is ever silent.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ari_app.runtime import speech
from ari_app.runtime.debian_packages import cache_folder

AGENT_HERTZ = 440.0
CUSTOMER_HERTZ = 700.0
BEEP_HERTZ = 1400.0
_HUM_LEVEL = 0.03
_VERSION = 1  # of the sounds: to be raised when they change

# espeak-ng reads kana only, see ari_app.runtime.speech.
CUSTOMERS = (
    (
        "ja",
        "f2",
        ("はい、もしもし、やまだです。", "えーと、どちらさまですか。", "はい、わかりました。"),
    ),
    (
        "ja",
        "m3",
        (
            "はい、すずきでございます。",
            "いま、かいぎちゅうなんですが。",
            "またこんど、おねがいします。",
        ),
    ),
    (
        "ja",
        "f4",
        (
            "はい、たなかこうむてんです。",
            "しゃちょうは、いま、でかけております。",
            "もどりましたら、つたえます。",
        ),
    ),
    (
        "ja",
        "m7",
        (
            "もしもし。",
            "ああ、そのけんですか。",
            "しりょうを、おくってください。",
            "よろしくおねがいします。",
        ),
    ),
    (
        "ja",
        "f1",
        (
            "はい、さとうです。",
            "きょうみはありますが、ねだんはいくらですか。",
            "そうですか、けんとうします。",
        ),
    ),
    (
        "en",
        "f3",
        (
            "Hello, this is Jane speaking.",
            "I am in the car just now.",
            "Could you call me tomorrow?",
        ),
    ),
    (
        "en",
        "m1",
        (
            "Good morning, Smith and Sons.",
            "We are happy with what we have.",
            "Thank you for calling.",
        ),
    ),
    (
        "en",
        "m5",
        ("Yes, hello?", "That sounds interesting.", "What does it cost per month?", "I see."),
    ),
)
_MACHINES = (
    (
        "ja",
        "f5",
        "ただいま、るすにしております。ぴーというおとのあとに、おなまえとごようけんをおはなしください。",
    ),
    ("en", "m2", "You have reached the Tanaka family. Please leave a message after the tone."),
)
AGENTS = (
    (
        "ja",
        "f6",
        (
            "おせわになっております、かけるしょうじのきむらです。",
            "しんしょうひんのごあんないです。",
            "おじかんは、よろしいでしょうか。",
        ),
    ),
    (
        "ja",
        "m4",
        (
            "こんにちは、かけるしょうじのいとうです。",
            "しりょうをおおくりしても、よろしいですか。",
            "ありがとうございます。",
        ),
    ),
    (
        "en",
        "m6",
        (
            "Hello, this is Tom from Kakeru Trading.",
            "May I tell you about our new service?",
            "Thank you.",
        ),
    ),
)
_ANNOUNCEMENT = ("ja", "f1", "おつなぎしております。しょうしょうおまちください。")


def make_sounds() -> Path:
    """The folder of the carrier's sounds, made the first time (about a second)."""
    folder = cache_folder() / "speech" / f"carrier-{_VERSION}"
    complete = folder / "complete"
    if complete.exists():
        return folder
    for number, (language, voice, sentences) in enumerate(CUSTOMERS):
        samples = _talk(language, voice, sentences, hum=CUSTOMER_HERTZ)
        speech.write_ulaw(folder / f"customer-{number}.ulaw", samples)
    for number, (language, voice, sentences) in enumerate(AGENTS):
        samples = _talk(language, voice, sentences, hum=AGENT_HERTZ)
        speech.write_ulaw(folder / f"agent-{number}.ulaw", samples)
    beep = speech.tone(BEEP_HERTZ, 0.5, level=0.5)
    for number, (language, voice, sentence) in enumerate(_MACHINES):
        greeting = speech.speak(sentence, language=language, voice=voice)
        samples = np.concatenate([greeting, speech.silence(0.3), beep])
        speech.write_ulaw(folder / f"machine-{number}.ulaw", samples)
    language, voice, sentence = _ANNOUNCEMENT
    announcement = speech.speak(sentence, language=language, voice=voice)
    padding = speech.silence(max(0.0, 3.0 - len(announcement) / speech.SAMPLE_RATE))
    samples = np.concatenate([announcement, padding])[: 3 * speech.SAMPLE_RATE]
    speech.write_ulaw(folder / "announcement.ulaw", samples)
    speech.write_ulaw(folder / "silence.ulaw", speech.silence(10.0))
    complete.touch()
    return folder


def _talk(language: str, voice: str, sentences: Sequence[str], *, hum: float) -> speech.Samples:
    """Sentences with pauses between them, and a faint hum under all of it."""
    pieces: list[speech.Samples] = []
    for sentence in sentences:
        pieces += [speech.speak(sentence, language=language, voice=voice), speech.silence(0.8)]
    samples = np.concatenate(pieces)
    under = speech.tone(hum, len(samples) / speech.SAMPLE_RATE, level=_HUM_LEVEL)
    together: speech.Samples = samples[: len(under)] + under
    return together
