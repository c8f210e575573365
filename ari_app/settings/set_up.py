"""What `kakeru setup apply` reads: a whole set-up, from workgroups to projects, in one file."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from ari_app.settings.problems import Problem, SettingsError
from ari_app.settings.validate import validate
from ari_app.settings.yaml_file import YamlFile, read_yaml
from dialer.campaign import HoursSettings
from dialer.campaign import Settings as Section
from dialer.default_results import ResultEffect
from dialer.rules.custom_field import FieldKind

Name = Annotated[str, Field(min_length=1, max_length=100)]
Colour = Literal[
    "grey", "green", "teal", "blue", "violet", "amber", "orange", "rose", "red", "brown"
]
Role = Literal["admin", "user"]
Delay = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,4} (minute|hour|day)s?$")]

PASSWORD_VARIABLE = "KAKERU_PASSWORD_"  # and the login in capitals
_SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}


class FieldEntry(Section):
    """A custom field."""

    name: Name = Field(description="what people call it")
    type: FieldKind = Field(FieldKind.TEXT, description="text, number, date, single_choice …")
    required: bool = Field(False, description="whether a lead needs a value")
    default: str = Field("", max_length=500, description="what a new lead gets")
    choices: list[Name] = Field(default_factory=list, description="of the two types of choice")


class StageEntry(Section):
    """How far a lead has come."""

    name: Name = Field(description="what people call it")
    colour: Colour = Field("grey", description="its colour on every page")


class ResultEntry(Section):
    """An action result."""

    name: Name = Field(description="what agents choose")
    does: ResultEffect = Field("none", description="what follows for the lead")
    after: Delay | None = Field(None, description="when it is called again, as 3 days")
    key: int | None = Field(None, ge=1, le=9, description="its key on the desk")
    stage: Name | None = Field(None, description="where it moves the lead")
    colour: Colour = Field("grey", description="its colour on every page")

    @property
    def seconds(self) -> int | None:
        if self.after is None:
            return None
        number, unit = self.after.split()
        return int(number) * _SECONDS[unit.removesuffix("s")]


class ResultSetEntry(Section):
    """A result set: the usual one to begin with, or its own."""

    standard: Literal["ja", "en"] | None = Field(
        None, description="begins as the usual set in this language"
    )
    stages: list[StageEntry] = Field(default_factory=list, description="in their order")
    results: dict[Name, list[ResultEntry]] = Field(
        default_factory=dict, description="results by their category, in their order"
    )


class UserEntry(Section):
    """Somebody who logs in."""

    name: Name = Field(description="what people call him")
    roles: list[Role] = Field(["user"], min_length=1, description="admin, user, or both")
    workgroups: list[Name] = Field(default_factory=list, description="those he belongs to")
    manages: list[Name] | None = Field(
        None, description="those of them whose conversations he may hear; left out: as it is"
    )
    phone: str | None = Field(
        None, max_length=40, description="account of his SIP phone, or browser"
    )
    phone_mode: Literal["held", "per_call"] = Field(
        "held", description="whether the line is held open for the shift"
    )


class ProjectEntry(Section):
    """A project; what is left out stays as it is."""

    time_zone: str | None = Field(None, description="IANA name, as Asia/Tokyo")
    result_set: str | None = Field(None, description="what its agents choose from")
    custom_fields: str | None = Field(None, description="set of fields of its leads")
    result_required: bool | None = Field(
        None, description="whether a result must be chosen after every conversation"
    )
    users: list[str] = Field(default_factory=list, description="logins of those who work in it")
    script: str | None = Field(None, max_length=20_000, description="what agents read from")
    hours: HoursSettings | None = Field(None, description="when its leads may be called")


class SetUp(Section):
    """The whole file."""

    workgroups: list[Name] = Field(default_factory=list, description="branches or teams")
    custom_fields: dict[Name, list[FieldEntry]] = Field(
        default_factory=dict, description="sets of custom fields by name"
    )
    result_sets: dict[Name, ResultSetEntry] = Field(
        default_factory=dict, description="result sets by name"
    )
    users: dict[str, UserEntry] = Field(default_factory=dict, description="users by login")
    projects: dict[Name, ProjectEntry] = Field(default_factory=dict, description="projects by name")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any((self.workgroups, self.custom_fields, self.result_sets, self.users)) and (
            not self.projects
        ):
            raise ValueError("describes nothing")
        return self


def load_set_up(
    path: Path, environment: Mapping[str, str] = os.environ
) -> tuple[SetUp, YamlFile, dict[str, SecretStr]]:
    """The file, with its lines to complain about, and the passwords of users by login.

    Raises SettingsError with everything that is wrong.
    """
    if not path.exists():
        raise SettingsError([Problem(str(path), 0, "", "there is no such file")])
    file = read_yaml(path)
    wanted = validate(SetUp, file) if file.values or not file.problems else None
    if wanted is None or file.problems:
        raise SettingsError(file.problems)
    passwords = {
        login: SecretStr(environment[variable])
        for login in wanted.users
        if (variable := PASSWORD_VARIABLE + login.upper().replace("-", "_")) in environment
    }
    return wanted, file, passwords
