"""Missing regions, to and from files: pictures, tables, lists of spots, polygons."""
