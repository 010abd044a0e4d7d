"""Discord in the demo (first version: none yet)."""
