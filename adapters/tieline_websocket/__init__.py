"""The web socket ``/ws``: the implicit channel ``web``. Next stop: :mod:`.adapter`, then :mod:`.connection`."""
