"""The conformance kit for adapters, and the fakes it needs. Public: third parties use it.

Start with ``adapters/README.md``. A virtual clock (:mod:`clock`), a session that records (:mod:`session`), the scripted
platform and its adapter (:mod:`scripted`, :mod:`scripted_adapter`).
"""
