"""MERSCOPE output: cells, and the mosaics that lie under them."""
