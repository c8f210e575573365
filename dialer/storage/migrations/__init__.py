"""The database's history, one file per step; `dialer.storage.migrate` runs them."""
