"""Xenium output: cells, and the pictures that lie under them."""
