"""Counts whose positions stand in the names of spots, or in a list beside them.

Legacy ST and ST 2k, Slide-seq, Curio Seeker, and any table of counts or 10x matrix.
"""
