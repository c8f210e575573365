"""The file of keys: made once, for nobody else to read, and changed by a line in front."""

from base64 import b64encode
from pathlib import Path

import pytest

from ari_app.runtime.errors import RuntimeFault
from ari_app.secret_keys import kept_secret_box
from dialer.secret_box import KEY_BYTES, CannotOpen, SecretBox


def test_a_first_key_is_made_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "secrets.key"
    sealed = kept_secret_box(file).seal(b"secret", "totp:1")
    assert kept_secret_box(file).open(sealed, "totp:1") == b"secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().strip() not in repr(kept_secret_box(file))


def test_a_line_in_front_seals_what_is_new_and_the_old_one_still_opens(tmp_path: Path) -> None:
    file = tmp_path / "secrets.key"
    old = kept_secret_box(file).seal(b"old", "totp:1")
    new = b"n" * KEY_BYTES
    file.write_text(f"{b64encode(new).decode()}\n\n{file.read_text()}")
    box = kept_secret_box(file)
    assert box.open(old, "totp:1") == b"old"
    assert SecretBox([new]).open(box.seal(b"new", "totp:1"), "totp:1") == b"new"


@pytest.mark.parametrize("text", ["", "\n", "short", "ａ", "=" * 44, "A" * 42 + "="])
def test_a_file_of_something_else_is_refused_with_the_remedy(tmp_path: Path, text: str) -> None:
    file = tmp_path / "secrets.key"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RuntimeFault, match="openssl rand"):
        kept_secret_box(file)


@pytest.mark.parametrize("change", ["another place", "another text", "another key", "no text"])
def test_what_was_moved_or_changed_is_not_opened(change: str) -> None:
    box = SecretBox([b"k" * KEY_BYTES])
    sealed = box.seal(b"secret", "totp:1")
    assert sealed != box.seal(b"secret", "totp:1")
    if change == "another text":
        sealed = sealed[:-1] + ("A" if sealed[-1] != "A" else "B")
    if change == "no text":
        sealed = "a"
    if change == "another key":
        box = SecretBox([b"o" * KEY_BYTES])
    with pytest.raises(CannotOpen):
        box.open(sealed, "totp:2" if change == "another place" else "totp:1")
