"""JSON Schemas of the YAML files, for editors that complete and check while typing.

python -m ari_app.settings.schemas      writes config/schemas/*.json anew
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ari_app.settings.models import KakeruSettings
from ari_app.settings.set_up import SetUp
from dialer.campaign import CampaignSettings

FOLDER = Path(__file__).parents[2] / "config" / "schemas"


def schemas() -> Mapping[str, str]:
    """The text of each schema by its file name."""
    campaign = _schema(CampaignSettings)
    del campaign["properties"]["name"]  # the file's name says it
    campaign["required"].remove("name")
    return {
        "kakeru.schema.json": _text(_schema(KakeruSettings)),
        "campaign.schema.json": _text(campaign),
        "set-up.schema.json": _text(_schema(SetUp)),
    }


def write_schemas(folder: Path = FOLDER) -> None:
    """Writes them into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, encoding="utf-8")


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **model.model_json_schema(mode="validation"),
    }


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    write_schemas()
