"""The processes that listen to conversations, as this installation's settings want them."""

from collections.abc import Mapping
from typing import Any

from ari_app.live_audio import LiveAudio
from ari_app.settings.models import Settings
from ari_app.worker_processes import WorkerProcesses


def live_audio_workers(settings: Settings, audio: LiveAudio) -> WorkerProcesses | None:
    """None without a model; they run as long as a campaign wants words."""
    model = settings.model_path
    if model is None:
        return None

    def told(holder: str) -> Mapping[str, Any]:
        return {
            "holder": holder,
            "secret": audio.new_worker(holder).hex(),
            "log_file": str(settings.log_folder / "live_words.log"),
            "engine": settings.transcripts.engine,
            "model": str(model),
            "host": settings.live_words.host,
        }

    async def anything_waits() -> bool:
        return any(campaign.live_words for campaign in settings.campaigns)

    return WorkerProcesses(
        "ari_app.live_audio_worker",
        count=settings.live_words.workers,
        told=told,
        anything_waits=anything_waits,
        free=audio.worker_died,
        on_news=audio.told,
    )
