"""Whose page opens a WebSocket: browsers say so in `Origin`, and ask nobody before they connect."""

import pytest
from aiohttp.test_utils import make_mocked_request

from webui.security import is_own_origin


@pytest.mark.parametrize(
    ("origin", "host", "public_url", "own"),
    [
        ("http://127.0.0.1:8080", "127.0.0.1:8080", "", True),
        ("https://kakeru.example.jp", "kakeru.example.jp", "", True),  # the proxy passes Host on
        ("https://kakeru.example.jp", "127.0.0.1:8080", "https://kakeru.example.jp", True),
        ("https://kakeru.example.jp", "127.0.0.1:8080", "https://kakeru.example.jp/", True),
        ("http://kakeru.example.jp", "127.0.0.1:8080", "https://kakeru.example.jp", False),
        ("https://kakeru.example.jp", "127.0.0.1:8080", "", False),
        ("https://kakeru.example.jp.evil.example", "kakeru.example.jp", "", False),
        ("https://evil.example", "kakeru.example.jp", "https://kakeru.example.jp", False),
        ("http://127.0.0.1:9999", "127.0.0.1:8080", "", False),
        ("null", "null", "", False),
        ("file://", "", "", False),
        ("", "", "", False),
        ("", "127.0.0.1:8080", "", False),
    ],
)
def test_only_our_own_address_is_ours(origin: str, host: str, public_url: str, own: bool) -> None:
    headers = {"Host": host} | ({"Origin": origin} if origin else {})
    request = make_mocked_request("GET", "/desk/phone/line", headers=headers)
    assert is_own_origin(request, public_url) is own
