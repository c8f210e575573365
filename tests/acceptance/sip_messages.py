"""SIP as text: as much of RFC 3261 as a phone on loopback needs."""

import hashlib
import re
from dataclasses import dataclass, field

Headers = list[tuple[str, str]]

_LONG = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a response; header names are in lower case, in the order in which they came."""

    first_line: str
    headers: Headers
    body: str = ""

    @property
    def method(self) -> str:
        """The method of a request; of a response, that of the request it answers."""
        if self.status:
            return self.header("cseq").split()[1]
        return self.first_line.split(" ", 1)[0]

    @property
    def uri(self) -> str:
        return self.first_line.split(" ")[1]

    @property
    def status(self) -> int:
        """0 for a request."""
        return int(self.first_line.split(" ")[1]) if self.first_line.startswith("SIP/") else 0

    def header(self, name: str) -> str:
        """The first value, empty when there is none."""
        return next((value for each, value in self.headers if each == name), "")

    def all(self, name: str) -> list[str]:
        return [value for each, value in self.headers if each == name]

    def encode(self) -> bytes:
        body = self.body.encode()
        lines = [self.first_line, *(f"{name}: {value}" for name, value in self.headers)]
        lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join([*lines, "", ""]).encode() + body


def parse(data: bytes) -> Message | None:
    """None for what is no SIP message, such as a keep-alive."""
    head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    if "SIP/2.0" not in first:
        return None
    headers: Headers = []
    for line in lines:
        name, _, value = line.partition(":")
        name = name.strip().lower()
        headers.append((_LONG.get(name, name), value.strip()))
    return Message(first, headers, body)


def response(request: Message, status: int, reason: str, *, to_tag: str = "") -> Message:
    """An answer without body."""
    to = request.header("to")
    if to_tag and "tag=" not in to:
        to = f"{to};tag={to_tag}"
    headers = [("Via", via) for via in request.all("via")]
    headers += [("Record-Route", route) for route in request.all("record-route")]
    headers += [
        ("From", request.header("from")),
        ("To", to),
        ("Call-ID", request.header("call-id")),
        ("CSeq", request.header("cseq")),
    ]
    return Message(f"SIP/2.0 {status} {reason}", headers)


@dataclass(frozen=True, slots=True)
class Offer:
    """A description of one audio stream (RFC 4566)."""

    port: int
    payload_types: tuple[int, ...] = (0,)
    direction: str = "sendrecv"
    host: str = "127.0.0.1"
    version: int = 1
    maps: dict[int, str] = field(default_factory=lambda: {0: "PCMU/8000", 8: "PCMA/8000"})

    def text(self) -> str:
        types = " ".join(str(one) for one in self.payload_types)
        maps = [f"a=rtpmap:{one} {self.maps[one]}" for one in self.payload_types]
        lines = [
            "v=0",
            f"o=- 1 {self.version} IN IP4 {self.host}",
            "s=-",
            f"c=IN IP4 {self.host}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {types}",
            *maps,
            "a=ptime:20",
            f"a={self.direction}",
        ]
        return "\r\n".join([*lines, ""])


def audio_address(sdp: str) -> tuple[str, int] | None:
    """Where the other side wants its audio."""
    host = re.search(r"^c=IN IP4 (\S+)", sdp, re.MULTILINE)
    port = re.search(r"^m=audio (\d+)", sdp, re.MULTILINE)
    return (host[1], int(port[1])) if host and port and int(port[1]) else None


def digest(challenge: str, *, method: str, uri: str, username: str, password: str) -> str:
    """The value of an Authorization header (RFC 2617; MD5, with or without qop)."""
    fields = dict(re.findall(r'(\w+)="?([^",]*)"?', challenge))
    realm, nonce = fields["realm"], fields["nonce"]
    secret = _md5(f"{username}:{realm}:{password}")
    asked = _md5(f"{method}:{uri}")
    parts = f'username="{username}", realm="{realm}", nonce="{nonce}", uri="{uri}"'
    if "qop" in fields:
        answer = _md5(f"{secret}:{nonce}:00000001:kakeru:auth:{asked}")
        parts += f', response="{answer}", qop=auth, nc=00000001, cnonce="kakeru"'
    else:
        parts += f', response="{_md5(f"{secret}:{nonce}:{asked}")}"'
    if "opaque" in fields:
        parts += f', opaque="{fields["opaque"]}"'
    return f"Digest {parts}, algorithm=MD5"


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
