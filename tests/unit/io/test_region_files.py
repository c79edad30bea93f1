"""Named regions in files: every format, both ways, from other programs, and damaged."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from napari_stentrans.datasets import simulated_section
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.regions.masks import read_missing, read_regions, write_regions
from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.image import TissueImage
from napari_stentrans.section.lattice import LatticeKind
from napari_stentrans.section.regions import RegionKind, Regions
from napari_stentrans.section.sites import PaintSites

PREDICT, OUTSIDE, TISSUE = RegionKind.PREDICT, RegionKind.OUTSIDE, RegionKind.TISSUE
NAMES = ["r.csv", "r.tsv", "r.png", "r.geojson"]


def sites_of(kind, *, image=True):
    made = simulated_section(
        lattice=kind, n_rows=10, n_cols=9, n_genes=2, image=image, seed=5
    )
    return PaintSites.of(made.section)


@pytest.fixture(params=list(LatticeKind))
def sites(request):
    return sites_of(request.param)


@pytest.fixture
def square():
    return sites_of(LatticeKind.SQUARE)


@pytest.fixture
def regions(sites):
    """Overlapping regions of every kind; one is off, one has an awkward name."""
    n = sites.n_spots
    tissue = np.arange(2, n)
    made = Regions.none(sites).with_area("Tissue 1", TISSUE, tissue)
    made = made.with_area("NA", PREDICT, [0, 1, 5, 6, n, n + 1])
    made = made.with_area('a, "b"\tü', PREDICT, [9, 10], enabled=False)
    return made.with_area("007", OUTSIDE, [12, n + 7])


def described(regions):
    return [
        (
            r.name,
            r.kind,
            r.enabled,
            np.flatnonzero(regions.covered_by(r.label)).tolist(),
        )
        for r in regions.listed
    ]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_read_back(tmp_path, regions, sites, name):
    path = write_regions(tmp_path / name, regions)
    assert described(read_regions(path, sites)) == described(regions)


@pytest.mark.parametrize("name", NAMES)
def test_the_command_line_takes_them(tmp_path, regions, sites, name):
    path = write_regions(tmp_path / name, regions)
    found, expected = read_missing(path, sites.section), regions.missing()
    for part in ("unmeasured", "outside", "new_rc", "outside_rc"):
        np.testing.assert_array_equal(getattr(found, part), getattr(expected, part))


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_told_by_its_content(tmp_path, regions, sites, name):
    path = write_regions(tmp_path / name, regions).rename(tmp_path / "mask")
    assert described(read_regions(path, sites)) == described(regions)


@pytest.mark.parametrize("name", ["r.csv", "r.geojson"])
def test_another_order_of_spots_is_no_obstacle(tmp_path, regions, sites, rng, name):
    path = write_regions(tmp_path / name, regions)
    order = rng.permutation(sites.n_spots)
    found = read_missing(path, sites.section.subset(order))
    expected = regions.missing()
    np.testing.assert_array_equal(found.unmeasured, expected.unmeasured[order])
    np.testing.assert_array_equal(found.outside, expected.outside[order])


def test_readers_of_labels_alone_see_what_is_on(tmp_path, regions, sites):
    table = pd.read_csv(write_regions(tmp_path / "r.csv", regions))
    marked = table[table["label"] == 1]
    assert len(marked) == 6
    assert (table["label"] == 2).sum() == 2


def test_the_picture_shows_the_colours_of_the_regions(tmp_path, square):
    regions = Regions.none(square).with_area("a", PREDICT, [0])
    with Image.open(write_regions(tmp_path / "r.png", regions)) as file:
        assert file.size == square.raster.shape[::-1]
        seen = np.asarray(file.convert("RGB"))
    assert set(map(tuple, seen[square.index == 0])) == {(0xFF, 0x5D, 0xB1)}


def test_geojson_is_what_qupath_expects(tmp_path, regions):
    found = json.loads(write_regions(tmp_path / "r.geojson", regions).read_text())
    assert found["type"] == "FeatureCollection"
    for feature in found["features"]:
        assert feature["type"] == "Feature"
        assert feature["geometry"]["type"] == "MultiPolygon"
        assert feature["properties"]["objectType"] == "annotation"
        assert len(feature["properties"]["classification"]["color"]) == 3
        for polygon in feature["geometry"]["coordinates"]:
            for ring in polygon:
                assert ring[0] == ring[-1]
                assert len(ring) >= 5


# -- from other programs -----------------------------------------------------------


def disc(sites, spot, radius):
    """Corners around a spot, its radius in pixels, and the sites within."""
    centre = sites.pixel_xy[spot]
    angle = np.linspace(0, 2 * np.pi, 60)
    corners = centre + radius * np.column_stack([np.cos(angle), np.sin(angle)])
    near = np.linalg.norm(sites.pixel_xy - centre, axis=1) < radius * 0.99
    return corners.tolist(), np.flatnonzero(near).tolist()


def feature(corners, **about):
    geometry = {"type": "Polygon", "coordinates": [corners]}
    return {"type": "Feature", "geometry": geometry, "properties": about}


@pytest.mark.parametrize(
    ("about", "kind", "name"),
    [
        ({}, PREDICT, "Missing 1"),
        ({"name": "fold"}, PREDICT, "fold"),
        ({"classification": {"name": "Ignore*"}}, OUTSIDE, "Ignore*"),
        ({"classification": {"name": "Tissue"}, "name": "x"}, TISSUE, "x"),
        ({"classification": {"name": "Tissue 2"}}, TISSUE, "Tissue 2"),
        ({"classification": {"name": "Outside tissue"}, "name": "x"}, OUTSIDE, "x"),
        ({"classification": {"name": "No tissue"}, "name": "x"}, OUTSIDE, "x"),
        ({"classification": {"name": "Missing tissue"}, "name": "x"}, PREDICT, "x"),
        ({"classification": {"name": "Damaged tissue"}, "name": "x"}, PREDICT, "x"),
        ({"kind": "outside", "name": "Tissue"}, OUTSIDE, "Tissue"),
        ({"classification": None, "name": None}, PREDICT, "Missing 1"),
    ],
)
def test_annotations_drawn_elsewhere(tmp_path, square, about, kind, name):
    corners, within = disc(square, 20, 1.6 * 100)
    (tmp_path / "q.geojson").write_text(json.dumps([feature(corners, **about)]))
    (found,) = described(read_regions(tmp_path / "q.geojson", square))
    assert found == (name, kind, True, within)
    assert len(within) > 1


@pytest.mark.parametrize(
    "wrap",
    [
        lambda one: one,
        lambda one: [one],
        lambda one: one["geometry"],
        lambda one: {"type": "FeatureCollection", "features": [one]},
    ],
    ids=["feature", "list", "geometry", "collection"],
)
def test_geojson_of_any_shape(tmp_path, square, wrap):
    corners, within = disc(square, 20, 160)
    (tmp_path / "q.json").write_text("\n" + json.dumps(wrap(feature(corners))))
    regions = read_regions(tmp_path / "q.json", square)
    assert np.flatnonzero(regions.over).tolist() == within


def test_holes_of_polygons_are_left_out(tmp_path, square):
    outer, within = disc(square, 20, 260)
    inner, hole = disc(square, 20, 90)
    geometry = {"type": "MultiPolygon", "coordinates": [[outer, inner]]}
    (tmp_path / "q.json").write_text(json.dumps(geometry))
    regions = read_regions(tmp_path / "q.json", square)
    assert set(np.flatnonzero(regions.over)) == set(within) - set(hole)


def test_polygons_that_overlap_cover_what_either_does(tmp_path, square):
    first, within = disc(square, 20, 430)
    second, also_within = disc(square, 22, 430)
    both = set(within) | set(also_within)
    assert set(within) & set(also_within)
    geometry = {"type": "MultiPolygon", "coordinates": [[first], [second], [first]]}
    (tmp_path / "q.json").write_text(json.dumps(geometry))
    regions = read_regions(tmp_path / "q.json", square)
    assert set(np.flatnonzero(regions.over)) == both


def test_collections_of_geometries(tmp_path, square):
    first, within = disc(square, 20, 160)
    second, also_within = disc(square, 50, 160)
    inner = {
        "type": "GeometryCollection",
        "geometries": [
            {"type": "Point", "coordinates": first[0]},
            {"type": "Polygon", "coordinates": [second]},
        ],
    }
    outer = {
        "type": "GeometryCollection",
        "geometries": [inner, {"type": "MultiPolygon", "coordinates": [[first]]}],
    }
    (tmp_path / "q.json").write_text(json.dumps(outer))
    (found,) = described(read_regions(tmp_path / "q.json", square))
    assert found[3] == sorted({*within, *also_within})


def test_corners_with_and_without_a_height(tmp_path, square):
    corners, within = disc(square, 20, 160)
    mixed = [[*corner, 0.0][: 2 + n % 2] for n, corner in enumerate(corners)]
    (tmp_path / "q.json").write_text(json.dumps(feature(mixed)))
    (found,) = described(read_regions(tmp_path / "q.json", square))
    assert found[3] == within


def test_polygons_off_the_section_are_no_regions(tmp_path, square):
    corners, within = disc(square, 20, 160)
    off = (np.array(corners) - 1e6).tolist()
    many = [feature(off, name=f"{n}") for n in range(300)]
    (tmp_path / "q.json").write_text(json.dumps([*many, feature(corners, name="a")]))
    regions = read_regions(tmp_path / "q.json", square)
    assert described(regions) == [("a", PREDICT, True, within)]


def test_too_many_polygons_are_joined_where_they_are_called_alike(tmp_path, square):
    ring = np.array([[-9.0, -9], [-9, 9], [9, 9], [9, -9]])
    spots = [*range(square.n_spots)] * 8
    cells = [
        feature(
            (ring + square.pixel_xy[spot]).tolist(),
            classification={"name": "Ignore*" if spot % 2 else "Tumour"},
        )
        for spot in spots
    ]
    assert len(cells) > 255
    (tmp_path / "q.json").write_text(json.dumps(cells))
    assert described(read_regions(tmp_path / "q.json", square)) == [
        ("Tumour", PREDICT, True, [*range(0, square.n_spots, 2)]),
        ("Ignore*", OUTSIDE, True, [*range(1, square.n_spots, 2)]),
    ]


@pytest.mark.parametrize("kind", [LatticeKind.SQUARE, LatticeKind.IRREGULAR])
@pytest.mark.parametrize("pitch", [1e5, 1.0, 1e-3, 1e-5])
def test_outlines_are_fine_enough_for_any_unit(tmp_path, kind, pitch):
    section = sites_of(kind, image=False).section
    sites = PaintSites.of(replace(section, pixel_xy=section.pixel_xy * pitch / 100))
    regions = Regions.none(sites).with_area("a", PREDICT, range(0, len(sites), 3))
    path = write_regions(tmp_path / "r.geojson", regions)
    assert described(read_regions(path, sites)) == described(regions)


@pytest.mark.parametrize("kind", [PREDICT, OUTSIDE, TISSUE])
@pytest.mark.parametrize("white", [1, 255])
def test_a_picture_of_tissue(tmp_path, square, kind, white):
    mask = np.zeros(square.raster.shape, dtype=np.uint8)
    mask[square.index == 4] = mask[square.index == 5] = white
    Image.fromarray(mask).save(tmp_path / "m.png")
    (found,) = described(read_regions(tmp_path / "m.png", square, kind))
    assert found[1:] == (kind, True, [4, 5])


def test_a_picture_of_the_size_of_the_image(tmp_path, square):
    shape, scale = (90, 120), 0.08
    image = TissueImage(np.zeros((*shape, 3), dtype=np.uint8), scale)
    sites = PaintSites.of(replace(square.section, image=image))
    mask = np.zeros(shape, dtype=np.uint8)
    x, y = np.rint(sites.pixel_xy[7] * scale).astype(int)
    assert 1 < x < shape[1] - 1
    assert 1 < y < shape[0] - 1
    mask[y - 1 : y + 2, x - 1 : x + 2] = 255
    Image.fromarray(mask).save(tmp_path / "m.png")
    regions = read_regions(tmp_path / "m.png", sites)
    assert described(regions) == [("Missing 1", PREDICT, True, [7])]
    found = read_missing(tmp_path / "m.png", sites.section)
    assert np.flatnonzero(found.unmeasured).tolist() == [7]


@pytest.mark.parametrize("moved", [Alignment(), Alignment(turn=9, shift_xy=(60, 0))])
@pytest.mark.parametrize("less", [0, 5])
def test_a_picture_at_full_resolution(tmp_path, square, moved, less):
    image = TissueImage(np.zeros((90, 120, 3), dtype=np.uint8), 0.08, alignment=moved)
    sites = PaintSites.of(replace(square.section, image=image))
    middle = image.pixels_at(sites.pixel_xy[[20]])[0] / 0.08
    row, col = np.rint(middle).astype(int)
    mask = np.zeros((1125 + less, 1500 - less), dtype=np.uint8)
    mask[row - 5 : row + 6, col - 5 : col + 6] = 1
    np.save(tmp_path / "m.npy", mask)
    found = read_missing(tmp_path / "m.npy", sites.section)
    assert np.flatnonzero(found.unmeasured).tolist() == [20]
    regions = read_regions(tmp_path / "m.npy", sites)
    assert described(regions) == [("Missing 1", PREDICT, True, [20])]


@pytest.mark.parametrize("read", [read_missing, read_regions])
def test_the_sizes_that_a_picture_may_have_are_told(tmp_path, square, read):
    image = TissueImage(np.zeros((90, 120, 3), dtype=np.uint8), 0.08)
    sites = PaintSites.of(replace(square.section, image=image))
    np.save(tmp_path / "m.npy", np.ones((45, 60), dtype=np.uint8))
    rows, cols = sites.raster.shape
    told = (
        rf"m\.npy has 45 rows x 60 col.* {rows} rows x {cols} col.* \(its first pixel "
        r"is array_row=-2, .* 90 rows x 120 col.* about 1,125 rows x 1,500 col"
    )
    with pytest.raises(InvalidRequestError, match=told):
        read(tmp_path / "m.npy", sites.section if read is read_missing else sites)


def test_a_picture_of_labels_that_mean_nothing(tmp_path, square):
    Image.fromarray(np.full(square.raster.shape, 9, np.uint8)).save(tmp_path / "m.png")
    with pytest.raises(InvalidRequestError, match=r"labels \[9\]"):
        read_regions(tmp_path / "m.png", square)
    everything = read_regions(tmp_path / "m.png", square, TISSUE)
    assert (everything.ground > 0).all()


@pytest.mark.parametrize(
    ("labels", "taken"),
    [((1, 2), [4]), ((2, 2), [4, 5]), ((1, 1), [4, 5]), ((2, 3), [4, 5])],
)
def test_what_a_picture_leaves_out_is_no_tissue(tmp_path, square, labels, taken):
    mask = np.zeros(square.raster.shape, dtype=np.uint8)
    mask[square.index == 4], mask[square.index == 5] = labels
    Image.fromarray(mask).save(tmp_path / "m.png")
    (found,) = described(read_regions(tmp_path / "m.png", square, TISSUE))
    assert found[3] == taken


@pytest.mark.parametrize("name", NAMES)
def test_what_a_file_marks_as_tissue(tmp_path, square, name):
    regions = Regions.none(square).with_area("piece", TISSUE, range(1, 9))
    regions = regions.with_area("other", TISSUE, range(20, 25), enabled=False)
    regions = regions.with_area("hole", PREDICT, [2, 3, 40])
    regions = regions.with_area("glass", OUTSIDE, [4, 5, 41])
    regions = regions.with_area("no glass", OUTSIDE, [6], enabled=False)
    path = write_regions(tmp_path / name, regions)
    (found,) = described(read_regions(path, square, TISSUE))
    assert found[1:] == (TISSUE, True, [1, 2, 3, 6, 7, 8])


@pytest.mark.parametrize("name", NAMES)
def test_what_is_missing_is_taken_where_no_tissue_is_named(tmp_path, square, name):
    regions = Regions.none(square).with_area("a", PREDICT, [2, 3, 4])
    path = write_regions(tmp_path / name, regions.with_area("b", OUTSIDE, [4, 5]))
    (found,) = described(read_regions(path, square, TISSUE))
    assert found[1:] == (TISSUE, True, [2, 3])
    only_glass = Regions.none(square).with_area("b", OUTSIDE, [4, 5])
    with pytest.raises(InvalidRequestError, match="nothing that can be"):
        read_regions(write_regions(tmp_path / name, only_glass), square, TISSUE)


def test_a_table_of_what_is_left_out_is_no_tissue(tmp_path, square):
    rows = [f"{row},{col},2" for row, col in square.array_rc[:3]]
    (tmp_path / "m.csv").write_text("\n".join(["array_row,array_col,label", *rows]))
    with pytest.raises(InvalidRequestError, match="nothing that can be"):
        read_regions(tmp_path / "m.csv", square, TISSUE)


def test_unnamed_tables_get_names(tmp_path, square):
    row, col = square.array_rc[3]
    (tmp_path / "m.csv").write_text(f"array_row,array_col\n{row},{col}\n")
    regions = read_regions(tmp_path / "m.csv", square)
    assert described(regions) == [("Missing 1", PREDICT, True, [3])]


# -- damaged -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "no GeoJSON, or cut off"),
        ("[]", "no polygon"),
        ('{"type": "Point", "coordinates": [1, 2]}', "no polygon"),
        ('{"type": "Polygon", "coordinates": [[[1, 2], [3]]]}', "damaged"),
        ('{"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]}', "damaged"),
        ('{"type": "Polygon", "coordinates": 3}', "damaged"),
        ('{"type": "Polygon", "coordinates": [[["a", 1], [2, 3], [4, 5]]]}', "damaged"),
        ('{"type": "Polygon", "coordinates": [[]]}', "feature 1 is damaged"),
        ('{"type": "Polygon", "coordinates": [{"a": 1}]}', "damaged"),
        ('{"type": "Polygon", "coordinates": [[{"a": 1}, 2, 3]]}', "damaged"),
        ('{"type": "Polygon"}', "damaged"),
        ('{"type": "GeometryCollection", "geometries": 3}', "damaged"),
        ('{"type": "GeometryCollection", "geometries": []}', "no polygon"),
        (
            '{"type": "Polygon", "coordinates": [[[-9, -9], [-8, -9], [-9, -8]]]}',
            "spot",
        ),
        ("[" * 100_000, "no GeoJSON"),
        (
            "array_row,array_col,region,kind\n900,900,a,predict\n",
            "no sites in or beside",
        ),
        ("array_row,array_col,region,kind\n1,1,a,hole\n", "line 2 is of kind 'hole'"),
        ("array_row,array_col,region,kind\n", "lists no position"),
    ],
)
def test_damaged_files_are_told(tmp_path, square, content, message):
    (tmp_path / "mask").write_text(content)
    with pytest.raises(InvalidRequestError, match=message):
        read_regions(tmp_path / "mask", square)


def test_pictures_of_another_section_are_refused(tmp_path, square):
    other = sites_of(LatticeKind.HEX)
    written = Regions.none(other).with_area("a", PREDICT, [0])
    path = write_regions(tmp_path / "r.png", written)
    with pytest.raises(InvalidRequestError, match="another section"):
        read_regions(path, square)


def test_a_picture_cut_off_is_told(tmp_path, regions, sites):
    path = write_regions(tmp_path / "r.png", regions)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InvalidRequestError, match="cannot be read"):
        read_regions(path, sites)


@pytest.mark.parametrize("name", ["r.bmp", "r", "r.npy"])
def test_unknown_formats_are_refused(tmp_path, square, name):
    with pytest.raises(InvalidRequestError, match="choose"):
        write_regions(tmp_path / name, Regions.none(square))


def test_more_polygons_than_labels_are_refused(tmp_path, square):
    corners, _ = disc(square, 20, 160)
    many = [feature(corners, name=f"{n}") for n in range(256)]
    (tmp_path / "q.json").write_text(json.dumps(many))
    with pytest.raises(InvalidRequestError, match=r"q\.json holds 256 .* 255 regions"):
        read_regions(tmp_path / "q.json", square)


@pytest.mark.parametrize("name", ["mel1_rep1/counts.tsv.gz", "her2st/C5.tsv.gz"])
@pytest.mark.parametrize("ending", [".geojson", ".csv", ".png"])
def test_round_trip_on_real_sections(shared_data, tmp_path, rng, name, ending):
    from napari_stentrans.io import read_section

    sites = PaintSites.of(read_section(shared_data / name))
    at = rng.random(len(sites)) < 0.3
    regions = Regions.none(sites).with_area("Hole", PREDICT, at)
    path = write_regions(tmp_path / f"r{ending}", regions)
    assert described(read_regions(path, sites)) == described(regions)
