"""The seams of the house, as Protocols.

The one door (:mod:`hub`), what deciders see (:mod:`deciding`), what readers ask (:mod:`reading`), what an adapter is
(:mod:`adapter`, :mod:`abilities`), what the directory knows (:mod:`directory`), the clock.

Packages that don't know each other (``routing`` and ``store``, ``directory`` and ``api``) meet here and are joined in
``tieline.bootstrap``.
"""
