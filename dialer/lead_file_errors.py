"""Why a list could not be read, in words that name the thing and the remedy."""

from enum import StrEnum


class FileProblem(StrEnum):
    """What is wrong with a file as a whole; nothing of such a file is imported."""

    UNREADABLE = "unreadable"
    EMPTY = "empty"
    ENCODING = "encoding"
    DAMAGED_UTF8 = "damaged UTF-8"
    UNKNOWN_ENCODING = "unknown encoding"
    BAD_BYTES = "bad bytes"
    NOT_TEXT = "not text"
    ANOTHER_KIND = "another kind"
    QUOTES = "quotes"
    TOO_LARGE = "too large"
    UNPACKS_TOO_LARGE = "unpacks too large"
    TOO_MANY_ROWS = "too many rows"
    TOO_MANY_COLUMNS = "too many columns"
    CELL_TOO_LONG = "cell too long"
    SPREADSHEET = "spreadsheet"
    NO_SUCH_SHEET = "no such sheet"
    NO_SUCH_COLUMN = "no such column"
    MAPPING = "mapping"


class LeadFileError(Exception):
    """The file cannot be imported. `str()` is the English text; `text` has both."""

    def __init__(self, problem: FileProblem, file_name: str, **details: object) -> None:
        self.problem = problem
        self.file_name = file_name
        self.details = details
        super().__init__(self.text("en"))

    def text(self, language: str = "en") -> str:
        """What is wrong and what to do about it; `language` is ``ja`` or ``en``."""
        japanese, english = _TEXTS[self.problem]
        words = (japanese if language == "ja" else english).format(**self.details)
        if self.details.get("looks_like") == "euc_jp":
            words += _EUC_JP_HINT[0] if language == "ja" else _EUC_JP_HINT[1]
        return f"{self.file_name}: {words}" if self.file_name else words


_TEXTS: dict[FileProblem, tuple[str, str]] = {
    FileProblem.UNREADABLE: (
        "読み込めません({error})。パスと権限を確認してください",
        "cannot be read ({error}); check the path and its permissions",
    ),
    FileProblem.EMPTY: (
        "中身がありません。見出しとリードの行が必要です",
        "is empty; it needs a header row and a row for each lead",
    ),
    FileProblem.ENCODING: (
        "UTF-8でもCP932(Shift_JIS)でもありません(UTF-8として{utf8_line}行目 {utf8_byte}バイト目、"
        "CP932として{cp932_line}行目 {cp932_byte}バイト目で失敗)。"
        "「CSV UTF-8」で保存し直すか、文字コードを選んでください(コマンドでは --encoding)",
        "is neither UTF-8 (line {utf8_line}, byte offset {utf8_byte}) nor CP932 "
        "(line {cp932_line}, byte offset {cp932_byte}); "
        "save it as “CSV UTF-8”, or choose its encoding (on the command line: --encoding)",
    ),
    FileProblem.DAMAGED_UTF8: (
        "UTF-8ですが、{line}行目({byte}バイト目)が壊れています。修正して保存し直してください",
        "is UTF-8 with damaged bytes in line {line} (byte offset {byte}); "
        "repair that line and save it again",
    ),
    FileProblem.UNKNOWN_ENCODING: (
        "文字コード {encoding} はありません({error})。別の文字コードを選んでください",
        "cannot be read as {encoding} ({error}); choose another encoding",
    ),
    FileProblem.BAD_BYTES: (
        "{encoding}として読めない文字が{line}行目({byte}バイト目)にあります。"
        "その行を直すか、別の文字コードを選んでください",
        "cannot be read as {encoding}: line {line} (byte offset {byte}) holds what is none of its "
        "characters; mend that line, or choose another encoding",
    ),
    FileProblem.NOT_TEXT: (
        "改行のない長いデータです。CSVまたは表計算ファイル(xlsx, xls, ods)を選んでください",
        "is one long run without line ends; choose a CSV file or a spreadsheet (xlsx, xls, ods)",
    ),
    FileProblem.ANOTHER_KIND: (
        "CSVでも表計算ファイルでもありません(Webページ・XML・PDFなど)。"
        "表計算ソフトで開き、xlsxまたはCSVで保存し直してください",
        "is neither a CSV file nor a spreadsheet (a web page, XML, PDF or the like); "
        "open it in a spreadsheet program and save it as xlsx or CSV",
    ),
    FileProblem.TOO_LARGE: (
        "大きすぎます(上限 {most}MB)。分割してください",
        "is too large (at most {most} MB); split it",
    ),
    FileProblem.UNPACKS_TOO_LARGE: (
        "展開すると大きすぎます({found}MB、上限 {most}MB)。CSVで保存し直すか、分割してください",
        "unpacks to {found} MB (at most {most} MB for its size); save it as CSV, or split it",
    ),
    FileProblem.TOO_MANY_ROWS: (
        "行が多すぎます(上限 {most}行)。分割してください",
        "has too many rows (at most {most}); split it",
    ),
    FileProblem.TOO_MANY_COLUMNS: (
        "{row}行目: 列が多すぎます(上限 {most}列)。余分な列を消してください",
        "row {row}: too many columns (at most {most}); delete those that are not needed",
    ),
    FileProblem.CELL_TOO_LONG: (
        "{row}行目 {column}列: 1つのセルの文字数が多すぎます({found}文字、上限 {most}文字)。"
        "短くしてください",
        "row {row}, column {column}: the cell is too long ({found} characters, at most {most}); "
        "shorten it",
    ),
    FileProblem.QUOTES: (
        '{row}行目: 引用符(")が閉じていないか、値の途中にあります。'
        '値の中の " は "" と書いてください',
        'row {row}: a quote (") is not closed or stands inside a value; '
        'write "" for a quote in a value',
    ),
    FileProblem.SPREADSHEET: (
        "表計算ファイルとして開けません({error})。"
        "パスワードを外し、xlsxまたはCSVで保存し直してください",
        "cannot be opened as a spreadsheet ({error}); "
        "remove its password and save it as xlsx or CSV",
    ),
    FileProblem.NO_SUCH_SHEET: (
        "シート「{sheet}」がありません。あるのは: {sheets}",
        "has no sheet “{sheet}”; its sheets are: {sheets}",
    ),
    FileProblem.NO_SUCH_COLUMN: (
        "--map の列「{missing}」がありません({row}行目の見出し: {columns})",
        "--map names the column “{missing}”, which is not there (header in row {row}: {columns})",
    ),
    FileProblem.MAPPING: (
        "--map {entry}: 「列名=項目」と書いてください。項目: {fields}",
        "--map {entry}: write COLUMN=FIELD, where FIELD is one of: {fields}",
    ),
}
_EUC_JP_HINT = (
    "。EUC-JPのようです: それを選んでください(--encoding euc_jp)",
    ". It looks like EUC-JP: choose that (--encoding euc_jp)",
)
