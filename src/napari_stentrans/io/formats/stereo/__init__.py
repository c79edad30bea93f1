"""Stereo-seq: molecules, bins or cells of its chip, as text (gem) or HDF5 (gef)."""
