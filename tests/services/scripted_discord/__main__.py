"""`python -m tests.services.scripted_discord --port N`."""

from tests.services.scripted_discord.process import main

main()
