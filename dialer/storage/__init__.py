"""Tables, queries and migrations, the same on SQLite and PostgreSQL."""
