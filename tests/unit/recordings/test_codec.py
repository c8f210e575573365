"""Every form holds the whole conversation, with both sides where they were."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from recordings.codec import encode, listen, require_same
from recordings.errors import RecordingStoreError
from recordings.stereo import read_wav, wav_header

SECONDS = 5


def _conversation(folder: Path) -> Path:
    """A tone by the agent for a second, then another by the customer, and so on."""
    frames = np.arange(8000 * SECONDS)
    turn = (frames // 8000) % 2
    agent = np.where(turn == 0, 9000 * np.sin(2 * np.pi * 440 * frames / 8000), 0)
    customer = np.where(turn == 1, 7000 * np.sin(2 * np.pi * 620 * frames / 8000), 0)
    samples = np.stack([agent, customer], axis=1).astype("<i2")
    wav = folder / "made.wav"
    wav.write_bytes(wav_header(len(samples)) + samples.tobytes())
    return wav


@pytest.mark.parametrize("form", ["wav", "flac"])
def test_lossless_forms_give_back_every_sample(tmp_path: Path, form: str) -> None:
    wav = _conversation(tmp_path)
    with wav.open("rb") as file:
        written = read_wav(file)

    encode(wav, tmp_path / "kept", form)
    heard = listen(tmp_path / "kept")

    assert (heard.audio_sha256, heard.peaks) == (written.audio_sha256, written.peaks)
    require_same(listen(wav), heard, form)


def test_opus_keeps_length_sides_and_moments(tmp_path: Path) -> None:
    wav, kept = _conversation(tmp_path), tmp_path / "kept"

    encode(wav, kept, "opus")

    require_same(listen(wav), listen(kept), "opus")
    before, _ = soundfile.read(wav)
    after, rate = soundfile.read(kept)
    assert (len(after), rate) == (len(before), 8000)
    for second in range(SECONDS):
        part = after[second * 8000 + 800 : (second + 1) * 8000 - 800]
        loud = np.sqrt((part**2).mean(axis=0))
        assert loud[second % 2] > 20 * loud[1 - second % 2]
    # The turn from one to the other is heard when it happened, within 10 ms.
    agent = np.sqrt(np.convolve(after[:, 0] ** 2, np.ones(80) / 80, "same"))
    falls = int(np.argmax(agent[4000:] < 0.05)) + 4000
    assert abs(falls - 8000) <= 80


def test_opus_is_much_smaller(tmp_path: Path) -> None:
    wav = _conversation(tmp_path)
    encode(wav, tmp_path / "kept", "opus")
    assert (tmp_path / "kept").stat().st_size * 6 < wav.stat().st_size


def test_what_was_lost_on_the_way_is_noticed(tmp_path: Path) -> None:
    wav = _conversation(tmp_path)
    whole = listen(wav)
    data = wav.read_bytes()
    (tmp_path / "short.wav").write_bytes(wav_header(8000) + data[44 : 44 + 32_000])
    short = listen(tmp_path / "short.wav")
    for form in ("flac", "opus"):
        with pytest.raises(RecordingStoreError, match="original is kept"):
            require_same(whole, short, form)


@pytest.mark.parametrize("form", ["flac", "opus"])
def test_a_file_cut_in_the_middle_is_refused_or_seen_to_be_short(tmp_path: Path, form: str) -> None:
    wav, kept = _conversation(tmp_path), tmp_path / "kept"
    encode(wav, kept, form)
    kept.write_bytes(kept.read_bytes()[: kept.stat().st_size // 2])
    with pytest.raises(RecordingStoreError):
        require_same(listen(wav), listen(kept), form)


def test_what_is_no_audio_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.flac").write_bytes(b"nothing to hear")
    with pytest.raises(RecordingStoreError, match="cannot be decoded"):
        listen(tmp_path / "x.flac")
