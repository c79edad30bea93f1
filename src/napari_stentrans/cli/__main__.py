"""Lets ``python -m napari_stentrans.cli`` do what ``stentrans`` does."""

from __future__ import annotations

import sys

from napari_stentrans.cli import main

if __name__ == "__main__":
    sys.exit(main())
