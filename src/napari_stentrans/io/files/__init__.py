"""Files as such: text, tables, HDF5, zarr, parquet. Knows no section and no format.

Whatever a file declares is held against its size and against memory before it is
believed, and what libraries raise over damage is caught in one place.
"""
