"""What is more than talk: alerts, and the ladders that bring them to people until somebody answers.

Rule: deciders here build on those of :mod:`tieline.routing` and are joined with them in ``bootstrap``; routing knows
nothing of them. Next stop: :mod:`tieline.coordination.alerts`.
"""
