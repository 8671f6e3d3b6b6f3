"""Judges: each serves a learner's repair for real and says what it did. One module a notebook."""

from helpers.repair.mugs import mugs_reach_the_visitors

__all__ = ["mugs_reach_the_visitors"]
