"""Files to sections and back. `read_section` opens whatever can be opened.

==============  =====================================================================
reading         tells the format of a path, and reads the section in it
foreign         says what an input that is no section seems to be
given           a section out of an AnnData in hand
given_picture   a picture that a person lays under a section
tables          tables of ours (csv, tsv, parquet): written, and read again
writers         all else that is written: h5ad, SpatialData, Space Ranger's, OME-TIFF
regions         missing regions, to and from files
formats         what others write, one format a module or folder
pictures        pictures of the tissue, of any size
assembly        counts and places made into a section, as all readers need it
options         how a person wants a section read
genes           lists of genes
gene_sets       collections of gene sets
files           no biology: text, HDF5, zarr ..., and how far to believe a file
==============  =====================================================================

Each may use what stands below it, and nothing above (`tests/architecture`). Nothing
heavy is imported before a file is opened.
"""

from __future__ import annotations

from napari_stentrans.io.reading import FILE_PATTERNS, can_read, read_section

__all__ = ["FILE_PATTERNS", "can_read", "read_section"]
