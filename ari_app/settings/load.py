"""Reading the folder of settings: ``kakeru.yaml`` and ``campaigns/*.yaml`` next to it."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ari_app.settings.environment import apply_environment, trunk_password_variable
from ari_app.settings.models import KakeruSettings, Settings
from ari_app.settings.problems import Problem, SettingsError
from ari_app.settings.validate import did_you_mean, validate
from ari_app.settings.yaml_file import YamlFile, key_of, read_yaml
from dialer.campaign import CampaignSettings


def load_settings(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Reads `path` (kakeru.yaml) and every campaign in the folder ``campaigns`` beside it.

    Raises SettingsError with all problems of all files.
    """
    main = read_yaml(path)
    installation = None
    if main.values or not main.problems:
        apply_environment(main, environment)
        installation = validate(KakeruSettings, main)
        _check_asterisk(main)
        _check_trunks(main)
        _check_ports(main)
    problems = main.problems
    campaigns = []
    for file in _campaign_files(path.parent / "campaigns", problems):
        campaign = _read_campaign(file, main, problems)
        if campaign is not None:
            campaigns.append(campaign)
    if problems or installation is None:
        raise SettingsError(problems)
    # Paths are meant from where they are written; all else is validated already.
    found = dict(installation)
    found["data_folder"] = (path.parent.absolute() / installation.data_folder).resolve()
    settings = Settings.model_construct(**found, campaigns=tuple(campaigns))
    return settings.with_campaign_folder(path.parent / "campaigns")


def _campaign_files(folder: Path, problems: list[Problem]) -> Iterator[Path]:
    try:
        files = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        problems.append(Problem(str(folder), 0, "", f"cannot be read: {error.strerror}"))
        return
    for file in files:
        if file.suffix == ".yml":
            problems.append(Problem(str(file), 0, "", "must end in .yaml"))
        elif file.suffix == ".yaml" and not file.name.startswith("."):
            yield file


def _read_campaign(path: Path, main: YamlFile, problems: list[Problem]) -> CampaignSettings | None:
    file = read_yaml(path)
    campaign = None
    if file.values or not file.problems:
        if "name" in file.values:
            file.complain(("name",), "is taken from the file's name; remove this line")
        file.values["name"] = path.stem
        campaign = validate(CampaignSettings, file)
        _check_trunk_of_campaign(file, main)
        campaign = _with_sounds(campaign, file, path.parent.absolute())
    problems.extend(file.problems)
    return campaign if not file.problems else None


def _with_sounds(
    campaign: CampaignSettings | None, file: YamlFile, folder: Path
) -> CampaignSettings | None:
    """The campaign with its sounds as absolute paths; they are meant from the file's folder."""
    if campaign is None:
        return None
    sounds: dict[str, Path] = {}
    for name in ("abandoned_sound", "recording_notice_sound"):
        if (given := getattr(campaign, name)) is not None:
            sounds[name] = folder / given
            if not sounds[name].is_file():
                file.complain((name,), f"there is no such file: {sounds[name]}")
    return campaign.model_copy(update=sounds)


def _check_trunk_of_campaign(file: YamlFile, main: YamlFile) -> None:
    trunk = file.values.get("trunk")
    trunks = main.values.get("trunks")
    if isinstance(trunk, str) and (main.values or not main.problems):
        known = list(trunks) if isinstance(trunks, dict) else []
        if trunk not in known:
            hint = did_you_mean(trunk, known) or f"; {main.name} has no trunks"
            file.complain(("trunk",), f"no trunk is called {trunk!r}{hint}")


def _check_asterisk(main: YamlFile) -> None:
    asterisk = main.values.get("asterisk")
    if not isinstance(asterisk, dict) or asterisk.get("mode") != "external":
        return
    for key, variable in (("ari_url", "KAKERU_ARI_URL"), ("ari_password", "KAKERU_ARI_PASSWORD")):
        if not asterisk.get(key):
            problem = f"is missing: mode external needs it here or in {variable}"
            main.complain(("asterisk", key), problem)


def _check_trunks(main: YamlFile) -> None:
    trunks = main.values.get("trunks")
    if not isinstance(trunks, dict):
        return
    variables: dict[str, str] = {}
    for name, trunk in trunks.items():
        variable = trunk_password_variable(name)
        if variable in variables:
            problem = f"differs too little from {variables[variable]!r}: both take {variable}"
            main.complain(("trunks", name), problem)
        variables[variable] = name
        if isinstance(trunk, dict):
            _check_trunk(main, name, trunk)


def _check_trunk(main: YamlFile, name: str, trunk: Mapping[str, Any]) -> None:
    if trunk.get("registers") is True and not trunk.get("username"):
        main.complain(("trunks", name, "registers"), "needs a username to register with")
    if trunk.get("username") and not trunk.get("password"):
        problem = f"is missing: username needs it here or in {trunk_password_variable(name)}"
        main.complain(("trunks", name, "password"), problem)


_LISTENING: tuple[tuple[tuple[str, str], int], ...] = (
    (("web", "port"), 8080),
    (("asterisk", "ari_port"), 8088),
    (("asterisk", "sip_port"), 5060),
)


def _check_ports(main: YamlFile) -> None:
    """Two servers of ours cannot listen on one port."""
    asterisk = main.values.get("asterisk")
    if isinstance(asterisk, dict) and asterisk.get("mode") == "external":
        return
    taken: dict[int, tuple[str, str]] = {}
    for place, default in _LISTENING:
        holder = main.values.get(place[0])
        port = holder.get(place[1], default) if isinstance(holder, dict) else default
        if not isinstance(port, int):
            continue
        if port in taken:
            # Told where it is written: the other of the two may be left out.
            pair = (place, taken[port]) if place in main.lines else (taken[port], place)
            main.complain(pair[0], f"port {port} is already that of {key_of(pair[1])}")
        taken[port] = place
