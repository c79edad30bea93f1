"""Sections and results as others read them; tables of ours are in `io.tables`."""
