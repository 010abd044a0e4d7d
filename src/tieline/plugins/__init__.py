"""Adapters: found by entry point, made, supervised, and shown in health.

:mod:`discovery` reads manifests without importing an SDK; :mod:`supervisor` keeps the configured channels, each with
its own :mod:`runner`; :mod:`gate` and :mod:`catchup` let in what was missed before what is new.
"""
