"""The business of outbound calling: rules, storage and use cases; no ARI, no HTTP, no audio."""
