"""The HTTP side of the hub: one aiohttp application made from one table of endpoints.

``services`` is everything it is given; ``endpoint`` is what a row of the table is; ``posting``, ``messages``,
``uploads``, ``downloads``, ``rooms``, ``members``, ``operations`` and ``account`` hold the rows; ``app`` makes the
application and ``openapi`` the document from the same rows. Every write is a command; the API decides nothing itself.
Next stop: :mod:`tieline.api.app`.
"""
