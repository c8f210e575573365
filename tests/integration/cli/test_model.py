"""`kakeru model …` without a model, with a broken one, and with one."""

from pathlib import Path

from recordings.transcribers.engines import ENGINES
from tests import toy_sherpa_model
from tests import toy_vosk_model as toy
from tests.integration.cli.test_gate_commands import Kakeru, kakeru

__all__ = ["kakeru"]


def test_without_a_model_it_says_where_to_get_one(kakeru: Kakeru) -> None:
    code, _, err = kakeru("model", "check")
    assert code == 1
    assert "transcripts.model" in err
    assert "alphacephei.com" in err


def test_a_model_of_the_settings_is_loaded(kakeru: Kakeru) -> None:
    toy.make(Path("config/var/models/toy"))
    settings = Path("config/kakeru.yaml")
    settings.write_text(settings.read_text() + "transcripts: {model: models/toy}\n")

    code, out, _ = kakeru("model", "check")

    assert code == 0
    assert str(Path("config/var/models/toy").absolute()) in out
    assert "vosk loads it" in out
    assert "silence is heard" in out


def test_what_is_no_model_is_named(kakeru: Kakeru, tmp_path: Path) -> None:
    code, _, err = kakeru("model", "check", str(tmp_path))
    assert code == 1
    assert str(tmp_path) in err
    assert "no Vosk model" in err


def test_another_engine_may_be_tried(kakeru: Kakeru, tmp_path: Path) -> None:
    model = toy_sherpa_model.make(tmp_path / "toy")

    code, out, _ = kakeru("model", "check", str(model), "--engine", "sherpa-onnx")

    assert code == 0
    assert "sherpa-onnx loads it" in out


def test_an_engine_that_there_is_not_is_named(kakeru: Kakeru, tmp_path: Path) -> None:
    code, _, err = kakeru("model", "check", str(tmp_path), "--engine", "abacus")
    assert code == 1
    assert "abacus" in err
    assert "sherpa-onnx" in err


def test_each_engine_says_where_its_models_are(kakeru: Kakeru) -> None:
    for engine in ENGINES:
        code, _, err = kakeru("model", "check", "--engine", engine)
        assert code == 1
        assert "Fetch a" in err
