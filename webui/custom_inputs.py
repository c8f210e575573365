"""Reading what the inputs of custom fields sent (templates/parts/custom_input.html)."""

from multidict import MultiMapping

from dialer.rules.custom_field import CustomField, Misfit, Value, read_input


def custom_value(form: MultiMapping[object], field: CustomField) -> Value | Misfit | None:
    """The value that a form gives a field, None for none, or why it does not fit."""
    texts = [str(one) for one in form.getall(f"custom-{field.id}", [])]
    return read_input(field, texts)
