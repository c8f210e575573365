"""Logs: JSON lines for machines, readable lines on a terminal, secrets masked in both.

Every part logs with `structlog.get_logger(__name__)`; libraries that use the standard
library's logging come out the same way. What happens to a call is logged within
`about_call`, so that one search for its id shows its whole story.
"""

import logging
import re
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from ari_app.runtime.debian_packages import cache_folder

MASK = "[masked]"

_SECRET_KEY = re.compile(r"passw|secret|token|authorization|cookie|api_?key|session_?key", re.I)
_SECRETS_IN_TEXT = (
    # Credentials in a URL: scheme://user:password@host
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*:)[^\s@/]+(?=@)", re.I), rf"\1{MASK}"),
    # Headers and assignments written out: Authorization: Basic …, Cookie: a=b, password=…
    (re.compile(r"\b((?:proxy-)?authorization:\s*\w+\s+)[^\s,;'\"]+", re.I), rf"\1{MASK}"),
    (re.compile(r"\b((?:set-)?cookie:\s*).*", re.I), rf"\1{MASK}"),
    (re.compile(r"\b(\w*(?:password|secret|api_key)=['\"]?)[^\s&,;'\")]+", re.I), rf"\1{MASK}"),
)
_QUIET_LIBRARIES = ("aiosqlite", "alembic", "asyncio", "sqlalchemy", "aiohttp.access")


def about_call(call_id: UUID) -> AbstractContextManager[None]:
    """Whatever is logged within carries the call's id, in tasks started within as well."""
    return structlog.contextvars.bound_contextvars(call_id=str(call_id))


def configure(
    *, stream: TextIO | None = None, file: Path | None = None, level: int = logging.INFO
) -> None:
    """Sends all logs to `stream` (lines for people if it is a terminal, else JSON) and `file`.

    Without either, nothing is logged. Raises OSError when the file cannot be written.
    """
    handlers: list[logging.Handler] = []
    if file is not None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handlers.append(_with_format(WatchedFileHandler(file, encoding="utf-8"), people=False))
    if stream is not None:
        handlers.append(_with_format(logging.StreamHandler(stream), people=stream.isatty()))
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    for handler in handlers or [logging.NullHandler()]:
        root.addHandler(handler)
    root.setLevel(level)
    for name in _QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def log_unexpected(error: BaseException, file: Path | None = None) -> Path:
    """Writes the error with its traceback to `file`, or where that is possible; tells where."""
    candidates = [file, default_log_file(), Path(tempfile.gettempdir()) / "kakeru.log"]
    for candidate in candidates:
        if candidate is not None and _append(candidate, error):
            return candidate
    raise error


def default_log_file() -> Path:
    """Where commands log that belong to no installation."""
    return cache_folder() / "log" / "kakeru.log"


def mask_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A structlog processor: values under secret names, and secrets within texts, are masked."""
    return {key: _masked(key, value) for key, value in event.items()}


def _masked(key: str, value: Any) -> Any:
    if _SECRET_KEY.search(key):
        return MASK
    match value:
        case str():
            for pattern, masked in _SECRETS_IN_TEXT:
                value = pattern.sub(masked, value)
            return value
        case Mapping():
            return {name: _masked(str(name), inner) for name, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked("", inner) for inner in value]
        case BaseException():
            return _masked("", str(value) or type(value).__name__)
    return value


def _append(file: Path, error: BaseException) -> bool:
    record = logging.LogRecord("kakeru", logging.CRITICAL, __file__, 0, "unexpected", None, None)
    record.exc_info = (type(error), error, error.__traceback__)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as stream:
            stream.write(_formatter(people=False).format(record) + "\n")
    except OSError:
        return False
    return True


def _with_format(handler: logging.Handler, *, people: bool) -> logging.Handler:
    handler.setFormatter(_formatter(people=people))
    return handler


def _formatter(*, people: bool) -> logging.Formatter:
    if people:
        last: list[Processor] = [
            mask_secrets,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    else:
        # The traceback becomes text first, because texts are masked.
        last = [
            structlog.processors.format_exc_info,
            mask_secrets,
            structlog.processors.JSONRenderer(serializer=_json),
        ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
    )


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _json(event: EventDict, **options: Any) -> str:
    return orjson.dumps(
        event, default=options.get("default", repr), option=orjson.OPT_NON_STR_KEYS
    ).decode()


def stream_for_people() -> TextIO:
    """Standard error, as it is now (tests and pagers replace it)."""
    return sys.stderr
