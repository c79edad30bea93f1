"""Small sections with known truth, written in each real format."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import io as scipy_io
from scipy import sparse


@dataclass(frozen=True)
class Truth:
    """What a reader must find. Rows of all arrays are spots."""

    counts: np.ndarray
    genes: list[str]
    barcodes: list[str]
    array_rc: np.ndarray
    pixels_per_step: tuple[float, float] = (10.0, 10.0)

    @property
    def pixel_xy(self) -> np.ndarray:
        return (self.array_rc * self.pixels_per_step)[:, ::-1] + 5

    @property
    def spot_names(self) -> list[str]:
        """ROWxCOL."""
        return [f"{r:g}x{c:g}" for r, c in self.array_rc]


def _truth(array_rc: np.ndarray, seed: int = 0) -> Truth:
    rng = np.random.default_rng(seed)
    genes = ["CD37", "DLL3", "CSPG4", "ACTB", "MT-CO1"]
    counts = rng.poisson(2.0, (len(array_rc), len(genes)))
    letters = np.array(list("ACGT"))
    barcodes = ["".join(rng.choice(letters, 16)) + "-1" for _ in array_rc]
    return Truth(counts, genes, barcodes, array_rc.astype(float))


@pytest.fixture
def square() -> Truth:
    return _truth(np.argwhere(np.ones((5, 6))) + np.array([2, 4]))


@pytest.fixture
def hexagonal() -> Truth:
    sites = np.argwhere(np.ones((6, 12)))
    on_site = _truth(sites[sites.sum(axis=1) % 2 == 0])
    return replace(on_site, pixels_per_step=(10 * np.sqrt(3), 10.0))


@pytest.fixture
def write_table() -> Callable[..., Path]:
    def write(
        path: Path,
        truth: Truth,
        *,
        names: list[str] | None = None,
        transposed: bool = False,
        sep: str = "\t",
        corner: bool = True,
    ) -> Path:
        table = pd.DataFrame(truth.counts, names or truth.spot_names, truth.genes)
        text = (table.T if transposed else table).to_csv(sep=sep)
        if not corner:  # as R's write.table does
            text = text[1:]
        raw = text.encode()
        path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
        return path

    return write


def write_h5(path: Path, truth: Truth, barcodes: list[str], symbols: list[str]) -> None:
    matrix = sparse.csr_matrix(truth.counts)
    ids = [f"ENSG{i:011d}" for i in range(len(symbols))]
    with h5py.File(path, "w") as file:
        group = file.create_group("matrix")
        group["barcodes"] = np.array(barcodes, dtype="S")
        group["data"] = matrix.data.astype(np.int32)
        group["indices"], group["indptr"] = matrix.indices, matrix.indptr
        group["shape"] = np.array(matrix.shape[::-1])
        group["features/id"] = np.array(ids, dtype="S")
        group["features/name"] = np.array(symbols, dtype="S")
        group["features/feature_type"] = np.array(
            ["Gene Expression"] * len(symbols), dtype="S"
        )


def write_mtx(
    folder: Path, truth: Truth, barcodes: list[str], symbols: list[str], *, packed: bool
) -> None:
    folder.mkdir()
    features = "".join(
        f"ENSG{i:011d}\t{symbol}\tGene Expression\n" for i, symbol in enumerate(symbols)
    )
    scipy_io.mmwrite(folder / "matrix.mtx", sparse.csc_matrix(truth.counts.T))
    (folder / "features.tsv").write_text(features)
    (folder / "barcodes.tsv").write_text("".join(f"{name}\n" for name in barcodes))
    if packed:
        for file in list(folder.iterdir()):
            packed_file = file.with_name(f"{file.name}.gz")
            packed_file.write_bytes(gzip.compress(file.read_bytes()))
            file.unlink()


def write_positions(path: Path, truth: Truth, in_tissue: np.ndarray) -> None:
    table = pd.DataFrame(
        {
            "barcode": truth.barcodes,
            "in_tissue": in_tissue,
            "array_row": truth.array_rc[:, 0].astype(int),
            "array_col": truth.array_rc[:, 1].astype(int),
            "pxl_row_in_fullres": truth.pixel_xy[:, 1],
            "pxl_col_in_fullres": truth.pixel_xy[:, 0],
        }
    )
    if path.suffix == ".parquet":
        table.to_parquet(path)
    else:
        table.to_csv(path, index=False, header=path.name == "tissue_positions.csv")


@pytest.fixture
def space_ranger() -> Callable[..., Path]:
    """Write an output folder; returns the folder that holds ``outs``."""

    def write(
        folder: Path,
        truth: Truth,
        *,
        matrix: str = "h5",
        positions: str = "tissue_positions_list.csv",
        images: tuple[str, ...] = ("hires", "lowres"),
        suffix: bool = True,
        in_tissue: np.ndarray | None = None,
        symbols: list[str] | None = None,
        factors: dict[str, float] | None = None,
    ) -> Path:
        outs = folder / "outs"
        (outs / "spatial").mkdir(parents=True)
        names = [name if suffix else name[:-2] for name in truth.barcodes]
        symbols = symbols or truth.genes
        if matrix == "h5":
            write_h5(outs / "filtered_feature_bc_matrix.h5", truth, names, symbols)
        else:
            kind = outs / "raw_feature_bc_matrix"
            write_mtx(kind, truth, names, symbols, packed=matrix == "mtx.gz")
        if in_tissue is None:
            in_tissue = np.ones(len(truth.barcodes), dtype=int)
        write_positions(outs / "spatial" / positions, truth, in_tissue)
        scales = {"hires": 0.5, "lowres": 0.25}
        for name in images:
            size = (np.array([130, 110]) * scales[name]).astype(int)
            picture = Image.linear_gradient("L").resize(tuple(size)).convert("RGB")
            picture.save(outs / "spatial" / f"tissue_{name}_image.png")
        found = {"spot_diameter_fullres": 6.5} | {
            f"tissue_{name}_scalef": scale for name, scale in scales.items()
        }
        (outs / "spatial" / "scalefactors_json.json").write_text(
            json.dumps(found | (factors or {}))
        )
        return folder

    return write


@pytest.fixture
def mtx_parts(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., None]:
    """Write the parts of an mtx, their names beginning as GEO asks for."""

    def write(folder: Path, truth: Truth, begin: str, *, without: str = "") -> None:
        parts = tmp_path_factory.mktemp("parts") / "raw"
        write_mtx(parts, truth, truth.barcodes, truth.genes, packed=False)
        for file in parts.iterdir():
            if file.name != without:
                (folder / f"{begin}{file.name}").write_bytes(file.read_bytes())

    return write
