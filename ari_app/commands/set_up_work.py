"""What the parts of `kakeru setup apply` share."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import SecretStr

from ari_app.settings import Settings
from ari_app.settings.set_up import SetUp
from ari_app.settings.yaml_file import Place, YamlFile
from dialer.custom_fields import CustomFieldError
from dialer.projects import ProjectError
from dialer.result_set_errors import ResultSetError
from dialer.users import UserError
from dialer.workgroups import WorkgroupError

_REFUSALS = (CustomFieldError, ProjectError, ResultSetError, UserError, WorkgroupError)


@dataclass(slots=True)
class Work:
    """The file, and what was done so far.

    `zones` are projects that move to another time zone, which takes transactions of its own.
    """

    settings: Settings
    wanted: SetUp
    file: YamlFile
    passwords: Mapping[str, SecretStr]
    now: datetime
    changes: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    zones: list[tuple[int, str]] = field(default_factory=list)

    def changed(self, what: str) -> None:
        self.changes.append(what)

    @contextmanager
    def at(self, *place: str | int) -> Iterator[None]:
        """What is refused within is wrong with this place of the file; the others go on."""
        try:
            yield
        except _REFUSALS as error:
            self.complain(place, str(error))

    def complain(self, place: Place, message: str) -> None:
        self.file.complain(place, message)
