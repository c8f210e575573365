"""A conversation with words, comments and a good example, for browser tests and pictures."""

from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dialer import action_texts
from dialer.bookmarks import put_bookmark
from dialer.comments import add_comment
from dialer.good_examples import Chosen, choose_example
from dialer.rules.transcript import Word, conversation, to_json, utterances
from dialer.storage.tables import actions, recordings, transcripts
from tests.fakes.web_server import WebWorld

# Who says what from which second on; words apart by a space, doubtful ones with a question mark.
_SAID = (
    ("agent", 0.6, "お 世話 に なって おり ます 、 さくら 通信 の 佐藤 と 申し ます 。"),
    ("customer", 5.0, "はい 、 どう いった ご用件 ? でしょう か 。"),
    ("agent", 7.4, "インターネット 料金 の 見直し で 、 2 分 ほど お 時間 よろしい でしょう か 。"),
    ("customer", 11.0, "今 の 契約 を 解約 する と 、 違約 ? 金 が かかる と 聞い て い ます 。"),
    ("agent", 15.2, "ご 心配 です よ ね 。 違約 金 は 私ども が 負担 いたし ます 。"),
    ("customer", 19.0, "それ なら 、 資料 を 送って ください 。"),
)


async def speak(world: WebWorld) -> UUID:
    """Gives the longest recorded conversation its words and notes; its id."""
    team, now = world.team, world.clock.now()
    async with world.database.write() as connection:
        call_id = await longest(connection)
        sides = [utterances(side, _words(from_s, text)) for side, from_s, text in _SAID]  # type: ignore[arg-type]
        await connection.execute(
            insert(transcripts).values(
                call_id=call_id,
                engine="test",
                model="model-small-ja",
                language="ja",
                made_at=now,
                utterances=to_json(conversation(*sides)),
            )
        )
        await action_texts.refresh(connection, [call_id])
        for at_ms, text, by in (
            (15_200, "不安を受け止めてから答えている。真似したい切り返し。", team.admin),
            (None, "資料は本日中にメールで送りました。", team.agents[0]),
        ):
            await add_comment(connection, action_id=call_id, text=text, at_ms=at_ms, by=by, now=now)
        await put_bookmark(
            connection, call_id=call_id, at_ms=11_000, label="違約金の話", by=team.admin, now=now
        )
        await choose_example(
            connection,
            call_id=call_id,
            chosen=Chosen(
                "「違約金がかかる」への切り返し",
                "まず共感し、こちらの負担を短く言い切っている。",
                10_500,
                20_000,
            ),
            by=team.admin,
            now=now,
        )
    return call_id


async def longest(connection: AsyncConnection) -> UUID:
    """The longest recorded conversation."""
    query = (
        select(recordings.c.call_id)
        .join(actions, actions.c.id == recordings.c.call_id)
        .order_by(recordings.c.duration_ms.desc())
        .limit(1)
    )
    found: UUID = (await connection.execute(query)).scalar_one()
    return found


def _words(from_s: float, text: str) -> list[Word]:
    words: list[Word] = []
    for one in text.split():
        if one == "?":
            words[-1] = Word(words[-1].text, words[-1].start_ms, words[-1].end_ms, 0.44)
            continue
        start = words[-1].end_ms + 20 if words else round(from_s * 1000)
        words.append(Word(one, start, start + 90 * len(one), 0.95))
    return words
