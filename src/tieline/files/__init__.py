"""Where the bytes of attachments are: a local folder or an S3-compatible store, and the worker that fills it.

Rule: nothing here knows tables or platforms; it sees :mod:`tieline.ports` only. :mod:`~tieline.files.opening` makes a
store from the configuration, :mod:`~tieline.files.copying` copies what platforms hold, :mod:`~tieline.files.sweeping`
drops what nobody keeps. Next stop: :mod:`tieline.ports.files`, the contract that every store keeps.
"""
