"""The engine: deciders for messages and deliveries, the inbox of channels, and the lanes that carry deliveries out.

Walk it in order: :mod:`inbound` (a platform's event becomes a message), :mod:`messages` (post, edit, delete, react),
:mod:`router` (which links), :mod:`lanes` (one ordered worker per endpoint), :mod:`deliveries` (what became of it).
"""
