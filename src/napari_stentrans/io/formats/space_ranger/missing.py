"""What Space Ranger output lacks, said so that a person knows what to do."""

from __future__ import annotations

from pathlib import Path

from napari_stentrans.io.formats.space_ranger.layout import Output

_RENAME = (
    "parts are put together only if their names begin alike, so put the missing file "
    "there, or rename it if it has another name"
)

_COPY = (
    ": copy it there from the folder spatial of the output of Space Ranger (GEO may "
    "have it among the files of the sample)"
)


def missing(output: Output) -> list[str]:
    """Say which of the parts are not there without which there is no section."""
    problems = []
    if output.matrix is None:
        problems.append(
            f"{output.root.name} holds no count matrix (filtered_feature_bc_matrix.h5 "
            f"or a folder with matrix.mtx){_named(output)}{_packed(output.root)}"
        )
    if output.positions is None:
        problems.append(
            f"{output.spatial.name} holds no tissue_positions (csv or parquet)"
            f"{_named(output) or _COPY}"
        )
    return problems


def _named(output: Output) -> str:
    """Say how the name of the part would begin, where other sections lie beside it."""
    there = ", ".join(file.name for file in output.others[:3])
    only = f" (there is {there})" if there else ""
    if output.prefix and (output.is_among_others or only):
        return f" whose name begins with {output.prefix}{only}: {_RENAME}"
    return (
        f" for {output.matrix.name}{only}: {_RENAME}" if output.matrix and only else ""
    )


def _packed(folder: Path) -> str:
    """Say that the matrix is there, but packed."""
    found = sorted(folder.glob("*matrix*.h5.gz")) + sorted(folder.glob("*matrix*.tar*"))
    return f"; unpack {found[0].name} first" if found else ""
