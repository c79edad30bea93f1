"""Make `sample_data/`: small simulated sections in the formats of real instruments.

Run ``python scripts/make_sample_data.py`` in a checkout. The same seeds give the same
values again; a test holds the shipped files to that.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
from PIL import Image

from napari_stentrans.datasets import SimulatedSection, simulated_section
from napari_stentrans.section.section import Section

LOWRES = 0.3
"""Pixels of the low-resolution picture per pixel of the high-resolution one."""
VISIUM_SITES = (30, 32)
"""Rows of spots and spots a row of the simulated capture area."""


def simulated_st() -> SimulatedSection:
    """Return the section behind `simulated_st/`: square, with a hole."""
    return simulated_section(
        lattice="square", n_rows=20, n_cols=25, n_genes=300, seed=11, holes=1
    )


def simulated_visium() -> SimulatedSection:
    """Return the section behind `simulated_visium/`: hex, an image, a hole."""
    n_rows, n_cols = VISIUM_SITES
    return simulated_section(
        lattice="hex",
        n_rows=n_rows,
        n_cols=n_cols,
        n_genes=400,
        seed=12,
        mean_library=3000,
        holes=1,
        image=True,
    )


def write_st_table(section: Section, path: Path) -> None:
    """Write spots in rows, named ``ROWxCOL``, and genes in columns; tab-separated."""
    table = pd.DataFrame(
        section.counts.toarray().astype(int),
        index=list(section.barcodes),
        columns=list(section.genes),
    )
    text = table.to_csv(sep="\t", lineterminator="\n").encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text, mtime=0))


def write_space_ranger(section: Section, sites: pd.DataFrame, outs: Path) -> None:
    """Write what Space Ranger writes: counts, positions of all sites, images."""
    spatial = outs / "spatial"
    spatial.mkdir(parents=True, exist_ok=True)
    _write_matrix(section, outs / "filtered_feature_bc_matrix.h5")
    sites.to_csv(spatial / "tissue_positions.csv", lineterminator="\n")
    picture = section.image
    if picture is None or section.spot_diameter is None:
        msg = "a Space Ranger folder needs an image and the spots' diameter"
        raise ValueError(msg)
    hires = Image.fromarray(picture.data)
    size = [max(1, round(side * LOWRES)) for side in hires.size]
    hires.save(spatial / "tissue_hires_image.png", optimize=True)
    hires.resize(size).save(spatial / "tissue_lowres_image.png", optimize=True)
    scales = {
        "tissue_hires_scalef": picture.scale,
        "tissue_lowres_scalef": picture.scale * LOWRES,
        "fiducial_diameter_fullres": 1.6 * section.spot_diameter,
        "spot_diameter_fullres": section.spot_diameter,
    }
    (spatial / "scalefactors_json.json").write_text(json.dumps(scales, indent=1) + "\n")


def as_space_ranger(simulated: SimulatedSection) -> tuple[Section, pd.DataFrame]:
    """Give spots 16-letter barcodes and whole pixels, as the instrument would.

    Returns
    -------
    Section
        The section as it is to be read back.
    DataFrame
        Every site of the capture area: in_tissue, array_row, array_col and
        full-resolution pixels, indexed by barcode.
    """
    n_rows, n_cols = VISIUM_SITES
    row, number = np.mgrid[:n_rows, :n_cols].reshape(2, -1)
    array_rc = np.column_stack([row, 2 * number + row % 2])
    section = simulated.section
    pixel_xy = np.rint(section.to_pixel(array_rc)).astype(int)
    letters = np.random.default_rng(12).choice(list("ACGT"), size=(len(array_rc), 16))
    sites = pd.DataFrame(
        {
            "in_tissue": 0,
            "array_row": array_rc[:, 0],
            "array_col": array_rc[:, 1],
            "pxl_row_in_fullres": pixel_xy[:, 1],
            "pxl_col_in_fullres": pixel_xy[:, 0],
        },
        index=pd.Index([f"{''.join(word)}-1" for word in letters], name="barcode"),
    )
    place_of = {(r, c): place for place, (r, c) in enumerate(array_rc.tolist())}
    places = [place_of[r, c] for r, c in section.array_rc.astype(int).tolist()]
    sites.iloc[places, 0] = 1
    renamed = replace(
        section,
        obs=section.obs.set_axis(sites.index[places], axis=0),
        pixel_xy=pixel_xy[places].astype(np.float64),
    )
    return renamed, sites


def _write_matrix(section: Section, path: Path) -> None:
    """Write the feature-barcode matrix of Cell Ranger 3 and later."""
    counts = section.counts.sorted_indices()
    columns = {
        "id": [f"SIMG{number:011d}" for number in range(section.n_genes)],
        "name": list(section.genes),
        "feature_type": ["Gene Expression"] * section.n_genes,
        "genome": ["simulated"] * section.n_genes,
    }
    arrays = {
        "barcodes": np.array(list(section.barcodes), dtype="S"),
        "data": counts.data.astype(np.int32),
        "indices": counts.indices.astype(np.int64),
        "indptr": counts.indptr.astype(np.int64),
        "shape": np.array([section.n_genes, section.n_spots], dtype=np.int32),
        "features/_all_tag_keys": np.array([b"genome"]),
    } | {f"features/{name}": np.array(column, "S") for name, column in columns.items()}
    with h5py.File(path, "w") as file:
        file.attrs["filetype"] = "matrix"
        file.attrs["version"] = 2
        file.attrs["chemistry_desc"] = "simulated"
        file.attrs["library_ids"] = np.array([b"simulated_visium"])
        matrix = file.create_group("matrix")
        for name, values in arrays.items():
            matrix.create_dataset(name, data=values, compression="gzip")


def main(folder: Path) -> None:
    """Write every sample into ``folder``."""
    write_st_table(simulated_st().section, folder / "simulated_st/simulated_st.tsv.gz")
    section, sites = as_space_ranger(simulated_visium())
    write_space_ranger(section, sites, folder / "simulated_visium/outs")


if __name__ == "__main__":
    main(Path(__file__).parents[1] / "sample_data")
