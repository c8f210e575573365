"""Reading lists from many hands: what a file is, where its table lies, and its rows.

`inspect_list` looks at a file and says how it will be read; `numbered_rows` reads it, in
constant memory. What a row means is `dialer.rules.lead_row`.
"""

from dialer.list_reading.inspecting import inspect_list
from dialer.list_reading.rows import numbered_rows, read_cells

__all__ = ["inspect_list", "numbered_rows", "read_cells"]
