"""Discord, as a bot and through webhooks. Read :mod:`tieline_discord.adapter` first; the hub finds its manifest."""
