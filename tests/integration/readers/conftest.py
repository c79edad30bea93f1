"""One small section, written in every format that can be read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import io as scipy_io
from scipy import sparse

from napari_stentrans.errors import StEnTransError
from napari_stentrans.io import read_section
from napari_stentrans.section.section import Section


@dataclass(frozen=True)
class Sample:
    """What is written, and must be read back. Rows are spots."""

    counts: np.ndarray
    genes: list[str]
    names: list[str]
    array_rc: np.ndarray
    xy: np.ndarray
    in_tissue: np.ndarray
    extra: dict[str, Any] = field(default_factory=dict)

    def subset(self, rows: np.ndarray) -> Sample:
        return replace(
            self,
            counts=self.counts[rows],
            names=[self.names[row] for row in rows],
            array_rc=self.array_rc[rows],
            xy=self.xy[rows],
            in_tissue=self.in_tissue[rows],
        )


def make_sample(seed: int = 0) -> Sample:
    rng = np.random.default_rng(seed)
    array_rc = np.argwhere(np.ones((6, 8)))
    letters = np.array(list("ACGT"))
    names = ["".join(rng.choice(letters, 16)) + "-1" for _ in array_rc]
    counts = rng.poisson(2.0, (len(array_rc), 5))
    counts[:, 0] += 1  # no spot is empty
    # As cells they are jittered off the lattice, but never onto one another.
    xy = array_rc[:, ::-1] * 100.0 + rng.uniform(-30, 30, array_rc.shape) + 200
    genes = ["CD37", "DLL3", "CSPG4", "ACTB", "MT-CO1"]
    return Sample(counts, genes, names, array_rc, xy.round(3), np.ones(48, int))


def table(sample: Sample) -> pd.DataFrame:
    return pd.DataFrame(sample.counts, sample.names, sample.genes)


def write_st_table(folder: Path, sample: Sample) -> Path:
    names = [f"{row}x{col}" for row, col in sample.array_rc]
    frame = table(sample).set_axis(names, axis=0)
    frame.to_csv(folder / "section.tsv", sep="\t")
    return folder / "section.tsv"


def write_listed_table(folder: Path, sample: Sample) -> Path:
    table(sample).to_csv(folder / "counts.csv")
    rows = {"barcode": sample.names, "x": sample.xy[:, 0], "y": sample.xy[:, 1]}
    pd.DataFrame(rows).to_csv(folder / "coords.csv", index=False)
    return folder / "counts.csv"


def write_slide_seq(folder: Path, sample: Sample) -> Path:
    dge = table(sample).T.rename_axis("GENE")
    text = dge.to_csv(sep="\t").encode()
    counts = folder / "Puck_200115_08.digital_expression.txt.gz"
    counts.write_bytes(gzip.compress(text))
    rows = {"xcoord": sample.xy[:, 0], "ycoord": sample.xy[:, 1]}
    beads = pd.DataFrame(rows, sample.names).rename_axis("barcodes")
    beads.to_csv(folder / "Puck_200115_08_bead_locations.csv")
    return counts


def write_h5_matrix(path: Path, sample: Sample) -> None:
    matrix = sparse.csr_matrix(sample.counts)
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["barcodes"] = np.array(sample.names, dtype="S")
        group.create_dataset("data", data=matrix.data, compression="gzip")
        group["indices"], group["indptr"] = matrix.indices, matrix.indptr
        group["shape"] = np.array(matrix.shape[::-1])
        group["features/id"] = np.array(
            [f"ENSG{i:011d}" for i in range(len(sample.genes))], dtype="S"
        )
        group["features/name"] = np.char.encode(sample.genes, "utf-8")
        kinds = ["Gene Expression"] * len(sample.genes)
        group["features/feature_type"] = np.array(kinds, dtype="S")


def write_mtx(folder: Path, sample: Sample) -> None:
    folder.mkdir(parents=True)
    with gzip.open(folder / "matrix.mtx.gz", "wb") as file:
        scipy_io.mmwrite(file, sparse.csc_matrix(sample.counts.T))
    lines = [f"E{i}\t{gene}\tGene Expression" for i, gene in enumerate(sample.genes)]
    with gzip.open(folder / "features.tsv.gz", "wt") as file:
        file.write("\n".join(lines) + "\n")
    with gzip.open(folder / "barcodes.tsv.gz", "wt") as file:
        file.write("\n".join(sample.names) + "\n")


def write_spatial(folder: Path, sample: Sample, positions: str, **factors) -> None:
    spatial = folder / "spatial"
    spatial.mkdir(parents=True)
    rows = pd.DataFrame(
        {
            "barcode": sample.names,
            "in_tissue": sample.in_tissue,
            "array_row": sample.array_rc[:, 0],
            "array_col": sample.array_rc[:, 1],
            "pxl_row_in_fullres": sample.array_rc[:, 0] * 100,
            "pxl_col_in_fullres": sample.array_rc[:, 1] * 100,
        }
    )
    if positions.endswith("parquet"):
        rows.to_parquet(spatial / positions)
    else:
        header = positions == "tissue_positions.csv"
        rows.to_csv(spatial / positions, index=False, header=header)
    found = {"spot_diameter_fullres": 65.0, "tissue_hires_scalef": 0.1, **factors}
    (spatial / "scalefactors_json.json").write_text(json.dumps(found))


def write_visium_1(folder: Path, sample: Sample) -> Path:
    write_h5_matrix(folder / "filtered_feature_bc_matrix.h5", sample)
    write_spatial(folder, sample, "tissue_positions_list.csv")
    return folder


def write_visium_2(folder: Path, sample: Sample) -> Path:
    write_mtx(folder / "outs" / "filtered_feature_bc_matrix", sample)
    write_spatial(folder / "outs", sample, "tissue_positions.csv")
    return folder


def write_visium_hd(folder: Path, sample: Sample) -> Path:
    for side in (8, 16):
        bins = folder / "binned_outputs" / f"square_{side:03d}um"
        bins.mkdir(parents=True)
        write_h5_matrix(bins / "filtered_feature_bc_matrix.h5", sample)
        factor = {"bin_size_um": float(side), "microns_per_pixel": 0.5}
        write_spatial(bins, sample, "tissue_positions.parquet", **factor)
    return folder


def square_around(x: float, y: float, half: float = 4.0) -> list[list[list[float]]]:
    """Coordinates of a polygon: anticlockwise, closed."""
    signs = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    return [[[x + half * i, y + half * j] for i, j in signs]]


def write_visium_cells(folder: Path, sample: Sample) -> Path:
    cells = folder / "segmented_outputs"
    (cells / "spatial").mkdir(parents=True)
    numbers = range(7, 7 + len(sample.names))
    names = [f"cellid_{number:09d}-1" for number in numbers]
    named = replace(sample, names=names)
    write_h5_matrix(cells / "filtered_feature_cell_matrix.h5", named)
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": square_around(x, y)},
            "properties": {"cell_id": number},
        }
        for number, (x, y) in zip(numbers, sample.xy.tolist(), strict=True)
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features[::-1]})
    (cells / "cell_segmentations.geojson").write_text(text)
    factors = {"tissue_hires_scalef": 0.1, "microns_per_pixel": 0.5}
    (cells / "spatial" / "scalefactors_json.json").write_text(json.dumps(factors))
    return cells


def write_mtx_listed(folder: Path, sample: Sample) -> Path:
    write_mtx(folder / "matrix", sample)
    rows = {"barcode": sample.names, "x": sample.xy[:, 0], "y": sample.xy[:, 1]}
    pd.DataFrame(rows).to_csv(folder / "where.csv", index=False)
    return folder / "matrix"


def write_curio(folder: Path, sample: Sample) -> Path:
    name = folder / "A1"
    matrix = sparse.csc_matrix(sample.counts.T)
    scipy_io.mmwrite(f"{name}_MoleculesPerMatchedBead.mtx", matrix)
    Path(f"{name}_genes.tsv").write_text("\n".join(sample.genes) + "\n")
    Path(f"{name}_barcodes.tsv").write_text("\n".join(sample.names) + "\n")
    rows = pd.DataFrame(sample.xy, sample.names)
    rows.to_csv(f"{name}_MatchedBeadLocation.csv", header=False)
    return folder


def _adata(sample: Sample):
    import anndata

    obs = pd.DataFrame(sample.array_rc, sample.names, ["array_row", "array_col"])
    obs["in_tissue"] = sample.in_tissue
    adata = anndata.AnnData(
        sparse.csr_matrix(sample.counts, dtype=np.float32),
        obs=obs,
        var=pd.DataFrame(index=sample.genes),
    )
    adata.obsm["spatial"] = sample.array_rc[:, ::-1] * 100.0
    return adata


def write_h5ad(folder: Path, sample: Sample) -> Path:
    _adata(sample).write_h5ad(folder / "section.h5ad", compression="gzip")
    return folder / "section.h5ad"


def write_anndata_zarr(folder: Path, sample: Sample) -> Path:
    _adata(sample).write_zarr(folder / "section.zarr")
    return folder / "section.zarr"


def write_spatialdata(folder: Path, sample: Sample) -> Path:
    spatialdata = pytest.importorskip("spatialdata")
    from spatialdata.models import ShapesModel, TableModel

    adata = _adata(sample)
    adata.obs["region"] = pd.Categorical(["spots"] * adata.n_obs)
    adata.obs["spot"] = np.arange(adata.n_obs)
    shapes = ShapesModel.parse(
        adata.obsm["spatial"], geometry=0, radius=32.5, index=adata.obs["spot"]
    )
    parsed = TableModel.parse(
        adata, region="spots", region_key="region", instance_key="spot"
    )
    whole = spatialdata.SpatialData(shapes={"spots": shapes}, tables={"table": parsed})
    whole.write(folder / "section.zarr")
    return folder / "section.zarr"


def molecules(sample: Sample) -> pd.DataFrame:
    """Each count as some molecules in a bin of 50 steps of a chip."""
    spot, gene = np.nonzero(sample.counts)
    rng = np.random.default_rng(1)
    inside = rng.integers(0, 50, (len(spot), 2))
    yx = sample.array_rc[spot] * 50 + inside
    names = np.array(sample.genes, dtype=object)[gene]
    counts = sample.counts[spot, gene]
    return pd.DataFrame(
        {"geneID": names, "x": yx[:, 1], "y": yx[:, 0], "MIDCounts": counts}
    )


def write_gem(folder: Path, sample: Sample) -> Path:
    text = "#FileFormat=GEMv0.1\n#OffsetX=0\n" + molecules(sample).to_csv(
        sep="\t", index=False
    )
    (folder / "tile.gem.gz").write_bytes(gzip.compress(text.encode()))
    return folder / "tile.gem.gz"


def write_gef(folder: Path, sample: Sample) -> Path:
    entries = molecules(sample).sort_values("geneID", kind="stable")
    counted = entries.groupby("geneID", sort=True).size()
    begins = np.r_[0, np.cumsum(counted)[:-1]]
    genes = np.array(
        list(zip(map(str.encode, counted.index), begins, counted, strict=True)),
        dtype=[("gene", "S32"), ("offset", "u4"), ("count", "u4")],
    )
    columns = [entries[name] for name in ("x", "y", "MIDCounts")]
    rows = np.array(
        list(zip(*columns, strict=True)), [("x", "i4"), ("y", "i4"), ("count", "u1")]
    )
    with h5py.File(folder / "tile.gef", "w") as file:
        file["geneExp/bin1/expression"] = rows
        file["geneExp/bin1/gene"] = genes
    return folder / "tile.gef"


def write_cell_gef(folder: Path, sample: Sample) -> Path:
    spot, gene = np.nonzero(sample.counts)
    per_cell = np.bincount(spot, minlength=len(sample.names))
    cells = [
        (k, int(x), int(y), begin, n)
        for k, ((x, y), begin, n) in enumerate(
            zip(sample.xy, np.cumsum(per_cell) - per_cell, per_cell, strict=True)
        )
    ]
    entries = list(zip(gene, sample.counts[spot, gene], strict=True))
    with h5py.File(folder / "tile.cellbin.gef", "w") as file:
        kinds = [("id", "u4"), ("x", "i4"), ("y", "i4"), ("offset", "u4")]
        kinds.append(("geneCount", "u2"))
        file["cellBin/cell"] = np.array(cells, dtype=kinds)
        file["cellBin/cellExp"] = np.array(entries, [("geneID", "u2"), ("count", "u2")])
        names = [(gene.encode(),) for gene in sample.genes]
        file["cellBin/gene"] = np.array(names, dtype=[("geneName", "S32")])
    return folder / "tile.cellbin.gef"


def write_xenium(folder: Path, sample: Sample) -> Path:
    write_h5_matrix(folder / "cell_feature_matrix.h5", sample)
    rows = {"cell_id": sample.names}
    rows |= {"x_centroid": sample.xy[:, 0], "y_centroid": sample.xy[:, 1]}
    pd.DataFrame(rows).to_csv(folder / "cells.csv.gz", index=False)
    return folder


def write_xenium_2(folder: Path, sample: Sample) -> Path:
    write_mtx(folder / "cell_feature_matrix", sample)
    rows = {"cell_id": [name.encode() for name in sample.names]}
    rows |= {"x_centroid": sample.xy[:, 0], "y_centroid": sample.xy[:, 1]}
    pd.DataFrame(rows).to_parquet(folder / "cells.parquet")
    return folder


def write_merscope(folder: Path, sample: Sample) -> Path:
    frame = table(sample).rename_axis("cell")
    frame.assign(**{"Blank-1": 3}).to_csv(folder / "cell_by_gene.csv")
    rows = {"EntityID": sample.names, "fov": 1, "volume": 9.5}
    rows |= {"center_x": sample.xy[:, 0], "center_y": sample.xy[:, 1]}
    pd.DataFrame(rows).to_csv(folder / "cell_metadata.csv", index=False)
    return folder


def write_cosmx(folder: Path, sample: Sample) -> Path:
    keys = {"fov": 7, "cell_ID": np.arange(len(sample.names)) + 1}
    frame = table(sample).reset_index(drop=True).assign(Negative1=2)
    counts = pd.concat([pd.DataFrame(keys), frame], axis=1)
    outside = counts.iloc[[0]].assign(cell_ID=0)
    counts = pd.concat([outside, counts])
    counts.to_csv(folder / "Run1_exprMat_file.csv", index=False)
    x, y = sample.xy.T
    upwards = y.min() + y.max() - y  # from the bottom left
    centres = {
        "CenterX_global_px": x / 0.12028,
        "CenterY_global_px": upwards / 0.12028,
    }
    rows = pd.DataFrame(keys | centres)
    rows.to_csv(folder / "Run1_metadata_file.csv", index=False)
    return folder


def write_loom(folder: Path, sample: Sample) -> Path:
    with h5py.File(folder / "section.loom", "w") as file:
        file.create_dataset("matrix", data=sample.counts.T, compression="gzip")
        file["row_attrs/Gene"] = np.char.encode(sample.genes, "utf-8")
        file["col_attrs/CellID"] = np.array(sample.names, dtype="S")
        file["col_attrs/x"], file["col_attrs/y"] = sample.xy.T
    return folder / "section.loom"


WRITERS: dict[str, Callable[[Path, Sample], Path]] = {
    name.removeprefix("write_"): function
    for name, function in dict(globals()).items()
    if name.startswith("write_") and name not in ("write_h5_matrix", "write_mtx")
    if name != "write_spatial"
}
"""By format; each writes into an empty folder and returns what to open."""


def opens_or_says(path: Path, **wishes: Any) -> Section | StEnTransError:
    """A section, or an error that says something; any other error fails the test."""
    try:
        return read_section(path, **wishes)
    except StEnTransError as error:
        said = str(error)
        assert said.strip()
        assert len(said) < 5000
        return error


@pytest.fixture(params=sorted(WRITERS))
def writer(request) -> Callable[[Path, Sample], Path]:
    """Each format in turn."""
    return WRITERS[request.param]


@pytest.fixture
def format_name(request) -> str:
    """What `writer` writes."""
    return request.node.callspec.params["writer"]


@pytest.fixture(scope="session")
def writers() -> dict[str, Callable[[Path, Sample], Path]]:
    return WRITERS


@pytest.fixture
def sample() -> Sample:
    return make_sample()


@pytest.fixture
def attempt() -> Callable[..., Section | StEnTransError]:
    return opens_or_says
