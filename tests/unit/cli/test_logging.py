"""Logs tell the story of a call, in lines for machines or people, and never a secret."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog

from ari_app.logging import MASK, about_call, configure, default_log_file, log_unexpected

CALL = UUID("0123456789abcdef0123456789abcdef")


@pytest.fixture(autouse=True)
def logging_left_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def logged(**values: Any) -> dict[str, Any]:
    stream = io.StringIO()
    configure(stream=stream)
    structlog.get_logger("dialer.floor").info("happened", **values)
    line: dict[str, Any] = json.loads(stream.getvalue())
    return line


def test_a_line_of_json_tells_when_where_and_what() -> None:
    line = logged(lead_id=7)
    assert line["event"] == "happened"
    assert line["level"] == "info"
    assert line["logger"] == "dialer.floor"
    assert line["lead_id"] == 7
    assert line["timestamp"].endswith("Z")


async def test_what_happens_to_a_call_carries_its_id_also_in_tasks() -> None:
    stream = io.StringIO()
    configure(stream=stream)
    log = structlog.get_logger()

    async def later() -> None:
        log.info("later")

    with about_call(CALL):
        log.info("now")
        task = asyncio.create_task(later())
    await task
    log.info("after")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line.get("call_id") for line in lines] == [str(CALL), str(CALL), None]


def test_lines_of_libraries_come_out_the_same_way() -> None:
    stream = io.StringIO()
    configure(stream=stream)
    logging.getLogger("aiohttp.web").warning("odd request from %s", "127.0.0.1")
    line = json.loads(stream.getvalue())
    assert line["event"] == "odd request from 127.0.0.1"
    assert line["level"] == "warning"


@pytest.mark.parametrize(
    "name",
    ["password", "ari_password", "Authorization", "cookie", "set-cookie", "session_key", "token"],
)
def test_values_under_secret_names_are_masked(name: str) -> None:
    assert logged(**{name: "s3cret"})[name] == MASK
    assert "s3cret" not in json.dumps(logged(headers={name: "s3cret"}, all=[{name: "s3cret"}]))


@pytest.mark.parametrize(
    "text",
    [
        "cannot reach postgresql://kakeru:s3cret@db/kakeru",
        "Authorization: Basic s3cret",
        "Cookie: session=s3cret; other=s3cret",
        "PUT /x?password=s3cret&y=1",
        "Fields(phone_password='s3cret')",
    ],
)
def test_secrets_within_texts_are_masked(text: str) -> None:
    line = logged(error=text, again=ValueError(text), many=(text,))
    assert "s3cret" not in json.dumps(line)
    assert line["error"] != MASK


def test_other_values_are_left_alone() -> None:
    line = logged(url="http://127.0.0.1:8088/ari", path=Path("/tmp/x"), none=None, at=("a", 1))
    assert line["url"] == "http://127.0.0.1:8088/ari"
    assert line["none"] is None
    assert line["at"] == ["a", 1]


def test_a_traceback_is_one_line_of_json_without_secrets() -> None:
    stream = io.StringIO()
    configure(stream=stream)
    try:
        raise ValueError("postgresql://kakeru:s3cret@db/kakeru")
    except ValueError:
        structlog.get_logger().exception("broken")
    line = json.loads(stream.getvalue())
    assert "Traceback" in line["exception"]
    assert "s3cret" not in line["exception"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_lines_for_people() -> None:
    terminal = Terminal()
    configure(stream=terminal)
    structlog.get_logger().warning("slow", password="s3cret")
    assert "slow" in terminal.getvalue()
    assert "{" not in terminal.getvalue()
    assert "s3cret" not in terminal.getvalue()


def test_a_file_gets_json_also_after_it_was_moved_away(tmp_path: Path) -> None:
    file = tmp_path / "log" / "kakeru.log"
    configure(file=file)
    structlog.get_logger().info("one")
    file.rename(tmp_path / "kakeru.log.1")
    structlog.get_logger().info("two")
    assert json.loads(file.read_text())["event"] == "two"


def test_without_a_place_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    configure()
    structlog.get_logger().error("nobody hears this")
    assert capsys.readouterr() == ("", "")


def test_an_unexpected_error_goes_where_it_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAKERU_CACHE", str(tmp_path))
    error = RuntimeError("cookie: s3cret")
    place = log_unexpected(error, Path("/proc/no/such/folder/kakeru.log"))
    assert place == default_log_file()
    line = json.loads(place.read_text())
    assert "RuntimeError" in line["exception"]
    assert "s3cret" not in line["exception"]
