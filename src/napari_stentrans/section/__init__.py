"""Sections, their lattices, and everything geometric. Knows no torch, files or GUI."""
