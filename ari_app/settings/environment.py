"""Settings that may come from the environment, secrets above all.

Each variable wins over the file. With ``_FILE`` after its name it names a file that
holds the value, as container platforms hand out secrets.
"""

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path

from ari_app.settings.problems import Problem
from ari_app.settings.yaml_file import Place, YamlFile

VARIABLES: Mapping[str, Place] = {
    "KAKERU_DATABASE_URL": ("database", "url"),
    "KAKERU_DATA_FOLDER": ("data_folder",),
    "KAKERU_WEB_HOST": ("web", "host"),
    "KAKERU_WEB_PORT": ("web", "port"),
    "KAKERU_WEB_PUBLIC_URL": ("web", "public_url"),
    "KAKERU_ARI_URL": ("asterisk", "ari_url"),
    "KAKERU_ARI_USERNAME": ("asterisk", "ari_username"),
    "KAKERU_ARI_PASSWORD": ("asterisk", "ari_password"),
    "KAKERU_RECORDING_KEYS": ("recordings", "keys"),
    "KAKERU_S3_ACCESS_KEY": ("recordings", "s3", "access_key"),
    "KAKERU_S3_SECRET_KEY": ("recordings", "s3", "secret_key"),
}


def apply_environment(file: YamlFile, environment: Mapping[str, str]) -> None:
    """Puts what the environment says into the values of kakeru.yaml."""
    known = dict(_known(file))
    for name, place in known.items():
        text = _text_of(name, environment, file)
        if text is not None:
            _put(file, place, int(text) if name.endswith("_PORT") and text.isdecimal() else text)
            file.origins[place] = f"environment variable {name}"
    for name in environment:
        _complain_of_misspelt(name, known, file)


def trunk_password_variable(trunk: str) -> str:
    """The variable that holds the password of a trunk."""
    return f"KAKERU_TRUNK_{trunk.upper().replace('-', '_')}_PASSWORD"


def _known(file: YamlFile) -> Iterator[tuple[str, Place]]:
    yield from VARIABLES.items()
    trunks = file.values.get("trunks")
    if isinstance(trunks, dict):
        for trunk, settings in trunks.items():
            if isinstance(settings, dict):
                yield trunk_password_variable(trunk), ("trunks", trunk, "password")


def _text_of(name: str, environment: Mapping[str, str], file: YamlFile) -> str | None:
    if name in environment:
        return environment[name]
    path = environment.get(f"{name}_FILE")
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        problem = f"{path} cannot be read: {reason}"
        file.problems.append(Problem(f"environment variable {name}_FILE", 0, "", problem))
        return None


def _put(file: YamlFile, place: Place, value: object) -> None:
    holder = file.values
    for step in place[:-1]:
        inner = holder.get(str(step))
        if inner is None:
            inner = holder[str(step)] = {}
        if not isinstance(inner, dict):
            return  # the file is wrong there, and that is told
        holder = inner
    holder[str(place[-1])] = value


def _complain_of_misspelt(name: str, known: Mapping[str, Place], file: YamlFile) -> None:
    """A variable that is nearly one of ours would be passed over in silence otherwise."""
    plain = name.removesuffix("_FILE")
    if not plain.startswith("KAKERU_") or plain in known:
        return
    close = difflib.get_close_matches(plain, known, n=1, cutoff=0.8)
    if close or plain.startswith("KAKERU_TRUNK_"):
        meant = f"; did you mean {close[0]}?" if close else "; no trunk has that name"
        problem = Problem(f"environment variable {name}", 0, "", f"is not known{meant}")
        file.problems.append(problem)
