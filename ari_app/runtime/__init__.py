"""Real programs for Kakeru: fetched privately, started, watched and stopped."""
