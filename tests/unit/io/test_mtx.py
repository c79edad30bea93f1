"""Matrix Market files: packed or not by their content, and only with counts."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from napari_stentrans.errors import ReadError
from napari_stentrans.io import read_section
from napari_stentrans.io.files.mtx import read_mtx


@pytest.mark.parametrize("named", ["mtx", "mtx.gz"])
def test_the_content_tells_whether_parts_are_packed(
    tmp_path, hexagonal, space_ranger, named
):
    folder = space_ranger(tmp_path / "patient", hexagonal, matrix=named)
    matrix = folder / "outs" / "raw_feature_bc_matrix"
    for file in matrix.iterdir():
        raw = file.read_bytes()
        is_packed = file.suffix == ".gz"
        file.write_bytes(gzip.decompress(raw) if is_packed else gzip.compress(raw))
    section = read_section(folder)
    np.testing.assert_array_equal(section.counts.toarray(), hexagonal.counts)


def test_a_pattern_has_no_counts(tmp_path, hexagonal, space_ranger):
    folder = space_ranger(tmp_path / "patient", hexagonal, matrix="mtx")
    file = folder / "outs" / "raw_feature_bc_matrix" / "matrix.mtx"
    lines = file.read_text().splitlines()
    size = next(at for at, line in enumerate(lines) if not line.startswith("%"))
    entries = [line.rpartition(" ")[0] for line in lines[size + 1 :]]
    banner = "%%MatrixMarket matrix coordinate pattern general"
    file.write_text("\n".join([banner, lines[size], *entries, ""]))
    with pytest.raises(ReadError, match="not how many"):
        read_section(folder)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "packed"])
def test_what_is_wrong_is_told_by_an_error(tmp_path, pack):
    # SciPy ends the whole program where it wants to go back in a file and cannot.
    right = b"%%MatrixMarket matrix coordinate integer general\n2 2 2\n1 1 5\n2 2 6\n"
    path = tmp_path / "matrix.mtx"
    for wrong in (b"\xef\xbb\xbf" + right, right[:-6], b"", right.replace(b"5", b"x")):
        path.write_bytes(pack(wrong))
        with pytest.raises(ValueError, match=r"Line|Truncated"):
            read_mtx(path)
    path.write_bytes(pack(right))
    assert read_mtx(path).toarray().tolist() == [[5, 0], [0, 6]]
