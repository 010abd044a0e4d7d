"""Slack, both transports. Read :mod:`tieline_slack.adapter` first; the hub finds :mod:`tieline_slack.manifest`."""
