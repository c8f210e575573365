"""The words for imports: states, what a column can become, what to do with duplicates."""

from collections.abc import Mapping, Sequence

from dialer.lead_imports.blockers import Obstacle
from dialer.lead_imports.jobs import WrongState
from dialer.rules.import_choices import ImportState, InFile, InProject, Known
from dialer.rules.lead_field import LeadField
from dialer.rules.list_shape import GuessedBy, ShapeNote
from webui.translations import marked

STATES: Mapping[str, str] = {
    ImportState.UPLOADED: marked("Not checked yet"),
    ImportState.CHECKING: marked("Checking"),
    ImportState.CHECKED: marked("Checked"),
    ImportState.IMPORTING: marked("Importing"),
    ImportState.DONE: marked("Imported"),
    ImportState.CANCELLED: marked("Cancelled"),
    ImportState.FAILED: marked("Failed"),
    ImportState.UNDOING: marked("Taking back"),
    ImportState.UNDONE: marked("Taken back"),
}
STATE_COLOURS: Mapping[str, str] = {
    ImportState.UPLOADED: "grey",
    ImportState.CHECKING: "blue",
    ImportState.CHECKED: "violet",
    ImportState.IMPORTING: "blue",
    ImportState.DONE: "green",
    ImportState.CANCELLED: "grey",
    ImportState.FAILED: "red",
    ImportState.UNDOING: "amber",
    ImportState.UNDONE: "grey",
}

# What a column can become, as the selection offers it: groups with their targets.
TARGETS: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (
    (
        marked("Name"),
        (
            (LeadField.NAME, marked("Lead name")),
            (LeadField.NAME_KANA, marked("Kana")),
            (LeadField.FAMILY_NAME, marked("Family name")),
            (LeadField.GIVEN_NAME, marked("Given name")),
            (LeadField.CONTACT_PERSON, marked("Contact person")),
        ),
    ),
    (
        marked("Contact points"),
        (
            (LeadField.PHONE, marked("Phone number")),
            (LeadField.MOBILE, marked("Mobile number")),
            (LeadField.FAX, marked("Fax number")),
            (LeadField.PHONE_AND_FAX, marked("Phone and fax in one column")),
            (LeadField.EMAIL, marked("E-mail")),
            (LeadField.LINE, marked("LINE")),
            (LeadField.AREA_CODE, marked("Area code")),
            (LeadField.EXCHANGE, marked("Local exchange")),
            (LeadField.SUBSCRIBER, marked("Subscriber number")),
            (LeadField.PHONE_NOTE, marked("Extension, note on the number")),
            (LeadField.CONTACT_EMAIL, marked("Contact point: e-mail")),
            (LeadField.NUMBER_LABEL, marked("Label of the number")),
            (LeadField.NUMBER_KIND, marked("Kind of the number")),
            (LeadField.NUMBER_NOTE, marked("Note on the number")),
            (LeadField.CONTACT_ORDER, marked("Order of the contact points")),
        ),
    ),
    (
        marked("Address"),
        (
            (LeadField.POSTAL_CODE, marked("Postal code")),
            (LeadField.ADDRESS, marked("Whole address")),
            (LeadField.PREFECTURE, marked("Prefecture")),
            (LeadField.CITY, marked("City and street")),
            (LeadField.BUILDING, marked("Building")),
        ),
    ),
    (
        marked("Other"),
        (
            (LeadField.WEBSITE, marked("Website")),
            (LeadField.NOTES, marked("Notes")),
        ),
    ),
)
GUESSES: Mapping[str, str] = {
    GuessedBy.NAME: marked("by its name"),
    GuessedBy.CONTENT: marked("by what it holds"),
    GuessedBy.REMEMBERED: marked("as you chose"),
    GuessedBy.NOTHING: "",
}
GUESS_COLOURS: Mapping[str, str] = {
    GuessedBy.NAME: "green",
    GuessedBy.CONTENT: "teal",
    GuessedBy.REMEMBERED: "violet",
    GuessedBy.NOTHING: "grey",
}
REMARKS: Mapping[str, str] = {
    ShapeNote.NO_HEADER: marked("No header was found; say what each column holds."),
    ShapeNote.NO_NAME_COLUMN: marked("No column holds the name: choose the one that does."),
    ShapeNote.NO_PHONE_COLUMN: marked("No column holds a phone number: choose the one that does."),
    ShapeNote.EMAIL_ONLY: marked("There are e-mail addresses but no phone numbers."),
    ShapeNote.SEVERAL_TABLES: marked("The sheet holds several tables; this one is read: choose."),
    ShapeNote.SEVERAL_SHEETS: marked("The file has several sheets; only one is read."),
    ShapeNote.ROWS_BELOW: marked("What stands below the table is left out."),
    ShapeNote.COLUMN_TWICE: marked("Several columns could be one field; the first is taken."),
    ShapeNote.JOINED_NUMBERS: marked("The number stands in several columns and is put together."),
    ShapeNote.NO_AREA_CODE: marked("The numbers have no area code: say which it is."),
    ShapeNote.LOOKS_LIKE_EUC_JP: marked("The text looks like EUC-JP: choose it above."),
    ShapeNote.DITTO_MARKS: marked("Marks like 〃 are read as what stands above them."),
    ShapeNote.FILLED_DOWN: marked("Empty cells of this column are read as what stands above."),
    ShapeNote.HIDDEN_ROWS: marked("Hidden rows are read, too; delete those not wanted."),
    ShapeNote.SIDE_BY_SIDE: marked(
        "Tables stand side by side; the first is read. Import once more for the next."
    ),
}
# What nobody can import with; the others are worth knowing.
HINDRANCES = frozenset({ShapeNote.NO_NAME_COLUMN, ShapeNote.NO_PHONE_COLUMN, ShapeNote.NO_HEADER})

ENCODINGS: Sequence[tuple[str, str]] = (
    ("utf-8", "UTF-8"),
    ("cp932", "Shift_JIS (CP932)"),
    ("euc_jp", "EUC-JP"),
    ("iso2022_jp", "JIS (ISO-2022-JP)"),
    ("utf-16", "UTF-16"),
)
DELIMITERS: Sequence[tuple[str, str]] = (
    (",", marked("Comma")),
    ("\t", marked("Tab")),
    (";", marked("Semicolon")),
    ("|", marked("Vertical bar")),
)

IN_FILE: Mapping[str, str] = {
    InFile.CREATE: marked("A lead of its own for each row"),
    InFile.MERGE: marked("Merge into the first row's lead"),
    InFile.SKIP: marked("Only the first row"),
}
IN_PROJECT: Mapping[str, str] = {
    InProject.SKIP: marked("Leave the lead as it is, skip the row"),
    InProject.FILL: marked("Fill its empty fields"),
    InProject.OVERWRITE: marked("Overwrite it with what the row says"),
    InProject.CONTACT: marked("Add the row's numbers as contact points"),
    InProject.CREATE: marked("Make another lead"),
}
KNOWN: Mapping[str, Mapping[str, str]] = {
    "elsewhere": {
        Known.TAKE: marked("Take it into this project too"),
        Known.SKIP: marked("Skip the row"),
    },
    "prohibited": {
        Known.TAKE: marked("Take it; nobody will call it"),
        Known.SKIP: marked("Skip the row"),
    },
    "boxed": {
        Known.TAKE: marked("Take it; only the holder may call it"),
        Known.SKIP: marked("Skip the row"),
    },
}
OBSTACLES: Mapping[str, str] = {
    Obstacle.CALLED: marked("called"),
    Obstacle.MEMO: marked("a memo or another action"),
    Obstacle.BOXED: marked("in a MyBox"),
    Obstacle.CALLBACK: marked("a callback was agreed"),
    Obstacle.CHANGED: marked("changed since"),
    Obstacle.MERGED: marked("merged with another lead"),
}


def wrong_state(error: WrongState) -> str:
    """What to say to whoever pressed a button of a page that is out of date."""
    return {
        ImportState.CHECKING: marked("The list is being checked."),
        ImportState.IMPORTING: marked("The list is being imported."),
        ImportState.UNDOING: marked("The import is being taken back."),
    }.get(error.state, marked("The import has gone on meanwhile. Reload the page."))
