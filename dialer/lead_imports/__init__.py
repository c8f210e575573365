"""Lists become leads: looked at, checked, imported, and taken back, in the background.

An import is a row of ``lead_imports`` and a file. People move it from state to state
(`jobs`); whoever holds its lease does the work of the state it is in (`work`): checks the
rows (`check`), writes them in small transactions (`write`), or takes them back (`undo`).
"""
