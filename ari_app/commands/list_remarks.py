"""What there is to say about a list as a whole, on the terminal."""

from collections.abc import Mapping

from dialer.rules.list_shape import ListShape, ShapeNote

_WORDS: Mapping[ShapeNote, tuple[str, str]] = {
    ShapeNote.NO_HEADER: (
        "見出しが見つかりません。--header か --map で指定できます",
        "no header was found; --header or --map says it",
    ),
    ShapeNote.NO_NAME_COLUMN: (
        "名称の列がありません。--map 列=name で指定してください",
        "no column holds the name: choose it with --map COLUMN=name",
    ),
    ShapeNote.NO_PHONE_COLUMN: (
        "電話番号の列がありません。--map 列=phone で指定してください",
        "no column holds a phone number: choose it with --map COLUMN=phone",
    ),
    ShapeNote.EMAIL_ONLY: (
        "メールアドレスはありますが、電話番号がありません",
        "there are e-mail addresses but no phone numbers",
    ),
    ShapeNote.SEVERAL_TABLES: (
        "シートに複数の表があります。--header でほかの表を選べます",
        "the sheet holds several tables; --header chooses another",
    ),
    ShapeNote.SEVERAL_SHEETS: (
        "シートが複数あります。--sheet でほかのシートを選べます",
        "the file has several sheets; --sheet chooses another",
    ),
    ShapeNote.ROWS_BELOW: (
        "表の下の注記などは読み込みません",
        "what stands below the table is left out",
    ),
    ShapeNote.COLUMN_TWICE: (
        "同じ項目になりうる列が複数あります。先の列を取り込みます",
        "several columns could be one field; the first is taken",
    ),
    ShapeNote.JOINED_NUMBERS: (
        "複数の列に分かれた電話番号をつないで読み込みます",
        "the number stands in several columns and is put together",
    ),
    ShapeNote.NO_AREA_CODE: (
        "市外局番のない番号があります。次のように指定してください: --area-code",
        "the numbers have no area code: say which with --area-code",
    ),
    ShapeNote.LOOKS_LIKE_EUC_JP: (
        "EUC-JPのようです。--encoding euc_jp を指定してください",
        "the text looks like EUC-JP: --encoding euc_jp",
    ),
    ShapeNote.DITTO_MARKS: (
        "「〃」などは上の行と同じ内容として読み込みます",
        "marks like 〃 are read as what stands above them",
    ),
    ShapeNote.FILLED_DOWN: (
        "この列の空欄は、上のセルと同じ内容として読み込みます",
        "empty cells of this column are read as what stands above",
    ),
    ShapeNote.HIDDEN_ROWS: (
        "非表示の行も読み込みます",
        "hidden rows are read, too",
    ),
    ShapeNote.SIDE_BY_SIDE: (
        "表が横に並んでいます。読み込むのは左端の表だけです",
        "tables stand side by side; only the first is read",
    ),
}


def remarks_of(shape: ListShape, language: str) -> list[str]:
    """One line for each remark, with what it is about; `language` is ``ja`` or ``en``."""
    return [_line(remark.note, remark.about, shape, language) for remark in shape.remarks]


def _line(note: ShapeNote, about: str, shape: ListShape, language: str) -> str:
    text = _WORDS[note][language != "ja"]
    if note is ShapeNote.NO_AREA_CODE and shape.suggested_area_code:
        text = f"{text} {shape.suggested_area_code}"
    return f"{text} ({about})" if about else text
