"""Audio of conversations: where it lies, its format, its length and its checksum."""
