"""Where a column of a list goes: the fields of a lead that lists speak of."""

from enum import StrEnum


class LeadField(StrEnum):
    """Where a column's text goes; the values are what ``--map COLUMN=FIELD`` takes."""

    NAME = "name"
    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    NAME_KANA = "name_kana"
    CONTACT_PERSON = "contact_person"
    POSTAL_CODE = "postal_code"
    PREFECTURE = "prefecture"
    CITY = "city"
    ADDRESS = "address"
    BUILDING = "building"
    EMAIL = "email"
    WEBSITE = "website"
    NOTES = "notes"
    PHONE = "phone"
    MOBILE = "mobile"
    FAX = "fax"
    PHONE_AND_FAX = "phone_and_fax"  # 電話・FAX in one column: the first number is called
    LINE = "line"
    # A number that a list keeps in three columns: 市外局番, 市内局番, 加入者番号.
    AREA_CODE = "area_code"
    EXCHANGE = "exchange"
    SUBSCRIBER = "subscriber"
    PHONE_NOTE = "phone_note"  # 内線番号: kept as the note of the number before it
    # What exports of leads write beside a number, or an address, about it.
    NUMBER_LABEL = "number_label"
    NUMBER_KIND = "number_kind"
    NUMBER_NOTE = "number_note"
    CONTACT_EMAIL = "contact_email"  # a contact point beside the lead's own address
    CONTACT_ORDER = "contact_order"  # names of columns, in the order of the contact points
    EXTRA = "extra"  # kept under the column's name
    IGNORE = "ignore"


CALLED_FIELDS = frozenset({LeadField.PHONE, LeadField.MOBILE, LeadField.PHONE_AND_FAX})
NAME_FIELDS = frozenset({LeadField.NAME, LeadField.FAMILY_NAME, LeadField.GIVEN_NAME})
# One place of a lead in several columns: that of the owner must not be mixed in.
ADDRESS_FIELDS = frozenset(
    {
        LeadField.POSTAL_CODE,
        LeadField.PREFECTURE,
        LeadField.CITY,
        LeadField.ADDRESS,
        LeadField.BUILDING,
    }
)
TOLD_OF_NUMBERS = frozenset(
    {
        LeadField.NUMBER_LABEL,
        LeadField.NUMBER_KIND,
        LeadField.NUMBER_NOTE,
        LeadField.CONTACT_ORDER,
    }
)
NUMBER_PARTS = (LeadField.AREA_CODE, LeadField.EXCHANGE, LeadField.SUBSCRIBER)
# These may stand in several columns: each is a contact point, or a part of one text.
REPEATABLE_FIELDS = frozenset(
    {
        LeadField.PHONE,
        LeadField.MOBILE,
        LeadField.FAX,
        LeadField.PHONE_AND_FAX,
        LeadField.LINE,
        LeadField.PHONE_NOTE,
        LeadField.CONTACT_EMAIL,
        *(TOLD_OF_NUMBERS - {LeadField.CONTACT_ORDER}),
        *NUMBER_PARTS,
        LeadField.CITY,
        LeadField.ADDRESS,
        LeadField.BUILDING,
        LeadField.NOTES,
        LeadField.EXTRA,
        LeadField.IGNORE,
    }
)
