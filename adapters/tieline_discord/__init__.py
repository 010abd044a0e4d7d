"""Discord: a bot and its webhooks. Read :mod:`tieline_discord.adapter` first; the hub finds :mod:`tieline_discord.manifest`."""
