"""The wire form of requests, and what becomes of those that wait."""

import asyncio
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry

from ari_app.ari import api
from ari_app.ari.errors import (
    AriError,
    BadRequest,
    Conflict,
    ConnectionLost,
    NotFound,
    PreconditionFailed,
    ProtocolError,
    RequestRefused,
    RequestTimeout,
    ServerFailed,
    Unprocessable,
    refusal,
)
from ari_app.ari.metrics import AriMetrics
from ari_app.ari.requests import AriRequest, PendingRequests, encode, ignore_body


def decoded(request: AriRequest[Any]) -> dict[str, Any]:
    message: dict[str, Any] = orjson.loads(encode(request, "7"))
    return message


def test_a_request_with_parameters() -> None:
    request = api.continue_in_dialplan("c-1", context="kakeru-record", extension="a-1")
    assert decoded(request) == {
        "type": "RESTRequest",
        "request_id": "7",
        "method": "POST",
        "uri": "channels/c-1/continue",
        "query_strings": [
            {"name": "context", "value": "kakeru-record"},
            {"name": "extension", "value": "a-1"},
            {"name": "priority", "value": "1"},
        ],
    }


def test_an_originate_carries_everything_in_its_body() -> None:
    request = api.originate(
        endpoint="PJSIP/100@trunk-main",
        channel_id="c-1",
        context="kakeru-customer",
        ring_seconds=20,
        caller_id="0312345678",
        variables={"KAKERU_MESSAGE": "営業時間外"},
    )
    message = decoded(request)
    assert (message["method"], message["uri"]) == ("POST", "channels")
    assert message["content_type"] == "application/json"
    assert orjson.loads(message["message_body"]) == {
        "endpoint": "PJSIP/100@trunk-main",
        "context": "kakeru-customer",
        "extension": "s",
        "priority": 1,
        "timeout": 20,
        "channelId": "c-1",
        "callerId": "0312345678",
        "variables": {"KAKERU_MESSAGE": "営業時間外"},
    }


def test_names_cannot_leave_their_place_in_the_path() -> None:
    assert api.get_channel("a/../b?x=1").uri == "channels/a%2F..%2Fb%3Fx%3D1"


def test_replies_always_pass_the_event_filter() -> None:
    body = api.filter_events("kakeru", ["StasisStart", "StasisStart"]).body
    assert body == {"allowed": [{"type": "StasisStart"}, {"type": "RESTResponse"}]}


def test_yes_and_no_are_written_as_ari_wants_them() -> None:
    request = AriRequest("POST", "x", ignore_body, {"a": True, "b": False, "c": 1.5})
    values = [each["value"] for each in decoded(request)["query_strings"]]
    assert values == ["true", "false", "1.5"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (404, NotFound),
        (409, Conflict),
        (412, PreconditionFailed),
        (422, Unprocessable),
        (500, ServerFailed),
        (503, ServerFailed),
        (406, RequestRefused),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[RequestRefused]) -> None:
    error = refusal(method="GET", uri="channels/x", status=status, message="why")
    assert type(error) is kind
    assert str(error) == f"GET channels/x was refused: {status} why"


class Book:
    """Pending requests with lists of what they ended in."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.pending = PendingRequests(
            loop=asyncio.get_running_loop(), metrics=AriMetrics(self.registry).of_node("n")
        )
        self.results: list[object] = []
        self.failures: list[AriError] = []

    def add(self, request: AriRequest[Any], *, seconds: float = 5.0) -> str:
        return self.pending.add(
            request,
            on_result=self.results.append,
            on_failure=self.failures.append,
            seconds=seconds,
        )

    def ended(self, status: str) -> float | None:
        return self.registry.get_sample_value(
            "kakeru_ari_requests_total", {"node": "n", "status": status}
        )


async def test_a_reply_reaches_the_one_who_asked() -> None:
    book = Book()
    first, second = book.add(api.get_variable("c-1", "A")), book.add(api.ping())
    book.pending.settle({"request_id": second, "status_code": 204})
    book.pending.settle({"request_id": first, "status_code": 200, "message_body": '{"value":"x"}'})
    assert book.results == [], "callbacks run from the event loop, not inside the reader"
    await asyncio.sleep(0)
    assert book.results == [None, "x"]
    assert len(book.pending) == 0
    assert book.ended("200") == book.ended("204") == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('{"message":"Channel not found"}', "Channel not found"),
        ('{"error":"Out of memory"}', "Out of memory"),
        ("[]", "Not Found"),
        ("<html>", "Not Found"),
        (None, "Not Found"),
    ],
)
async def test_a_refusal_has_asterisks_words(body: str | None, words: str) -> None:
    book = Book()
    request_id = book.add(api.ping())
    reply = {"request_id": request_id, "status_code": 404, "reason_phrase": "Not Found"}
    book.pending.settle(reply if body is None else {**reply, "message_body": body})
    await asyncio.sleep(0)
    (error,) = book.failures
    assert isinstance(error, NotFound)
    assert error.message == words


async def test_an_unreadable_reply_is_a_failure() -> None:
    book = Book()
    request_id = book.add(api.get_variable("c-1", "A"))
    book.pending.settle({"request_id": request_id, "status_code": 200, "message_body": "[1]"})
    await asyncio.sleep(0)
    assert isinstance(book.failures[0], ProtocolError)


async def test_a_request_without_reply_times_out_and_a_late_reply_is_only_counted() -> None:
    book = Book()
    request_id = book.add(api.ping(), seconds=0.01)
    book.add(api.ping(), seconds=60)
    await asyncio.sleep(0.02)
    book.pending.expire()
    await asyncio.sleep(0)
    (error,) = book.failures
    assert isinstance(error, RequestTimeout)
    assert "GET asterisk/ping within 0.01 s" in str(error)
    assert len(book.pending) == 1
    book.pending.settle({"request_id": request_id, "status_code": 200})
    assert book.registry.get_sample_value("kakeru_ari_late_replies_total", {"node": "n"}) == 1
    assert book.ended("timeout") == 1


async def test_a_lost_connection_fails_all_that_wait() -> None:
    book = Book()
    book.add(api.ping())
    book.add(api.hang_up("c-1"))
    book.pending.fail_all(ConnectionLost)
    await asyncio.sleep(0)
    assert [str(error) for error in book.failures] == ["GET asterisk/ping", "DELETE channels/c-1"]
    assert len(book.pending) == 0
    assert book.ended("lost") == 2
