"""Embeds, polls and forwarded messages in: content."""
