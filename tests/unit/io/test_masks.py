"""Masks and positions in files: every kind, both ways, and what is refused."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image
from scipy import sparse

from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.regions.labels import as_labels, refuse_strange
from napari_stentrans.io.regions.masks import (
    read_missing,
    read_positions,
    write_missing,
)
from napari_stentrans.section.lattice import Lattice, LatticeKind
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import SpotRaster
from napari_stentrans.section.section import Section


def section_of(truth, kind: LatticeKind) -> Section:
    return Section(
        name="small",
        counts=sparse.csr_matrix(truth.counts, dtype=np.float32),
        obs=pd.DataFrame(index=truth.barcodes),
        var=pd.DataFrame(index=truth.genes),
        array_rc=truth.array_rc,
        lattice=Lattice(kind),
    )


@pytest.fixture(params=["square", "hexagonal"])
def section(request):
    kind = LatticeKind.SQUARE if request.param == "square" else LatticeKind.HEX
    return section_of(request.getfixturevalue(request.param), kind)


@pytest.fixture
def regions(section):
    """Two spots to predict, one outside, one empty site of each label."""
    raster = SpotRaster.from_section(section)
    picture = np.zeros(raster.shape, dtype=np.uint8)
    empty = raster.empty_sites(np.ones(raster.shape, dtype=bool))
    labels = np.zeros(section.n_spots, dtype=np.uint8)
    labels[[0, 7]], labels[4] = 1, 2
    picture += raster.paint(labels)
    for site, label in ((empty[5], 1), (empty[-5], 2)):
        row, col = raster.pixel_of(site[None])[0]
        picture[row, col] = label
    return MissingRegions.from_labels(picture, raster)


def assert_same(found: MissingRegions, expected: MissingRegions) -> None:
    for name in ("unmeasured", "outside", "new_rc", "outside_rc"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@pytest.mark.parametrize(
    "name", ["m.npy", "m.png", "m.tif", "m.TIFF", "m.csv", "m.tsv"]
)
def test_what_is_written_is_read_back(tmp_path, section, regions, name):
    raster = SpotRaster.from_section(section)
    assert regions.n_spots == 2
    assert regions.n_new == 1
    path = write_missing(tmp_path / name, regions, raster)
    assert_same(read_missing(path, section), regions)


def test_a_mask_is_told_by_its_content(tmp_path, section, regions):
    raster = SpotRaster.from_section(section)
    path = write_missing(tmp_path / "m.png", regions, raster).rename(tmp_path / "mask")
    assert_same(read_missing(path, section), regions)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "1", "LA"])
def test_black_and_white_pictures_mean_predict(tmp_path, section, mode):
    raster = SpotRaster.from_section(section)
    marked = np.zeros(section.n_spots, dtype=np.uint8)
    marked[[2, 3]] = 1
    picture = Image.fromarray(raster.paint(marked) * 255).convert(mode)
    picture.save(tmp_path / "m.png")
    found = read_missing(tmp_path / "m.png", section)
    assert np.flatnonzero(found.unmeasured).tolist() == [2, 3]
    assert not found.outside.any()


def drawing(section) -> np.ndarray:
    """Pixels of two spots, shape (row, col)."""
    marked = np.zeros(section.n_spots, dtype=np.uint8)
    marked[[2, 3]] = 1
    return SpotRaster.from_section(section).paint(marked) > 0


def assert_drawn(path, section):
    found = read_missing(path, section)
    assert np.flatnonzero(found.unmeasured).tolist() == [2, 3]
    assert not found.n_new
    assert not found.outside.any()


@pytest.mark.parametrize(
    "kind", ["bool", "u1", "i1", "u2", "u4", "i4", "i8", "u8", "f4", "f8"]
)
def test_tifs_of_any_type_are_read_by_their_stored_values(tmp_path, section, kind):
    tifffile.imwrite(tmp_path / "m.tif", drawing(section).astype(kind))
    assert_drawn(tmp_path / "m.tif", section)


@pytest.mark.parametrize(
    "how",
    [
        {"photometric": "rgb"},
        {"photometric": "rgb", "planarconfig": "separate"},
        {"bigtiff": True, "tile": (16, 16), "compression": "zlib"},
        {"photometric": "miniswhite"},
    ],
    ids=str,
)
def test_tifs_of_any_layout(tmp_path, section, how):
    picture = drawing(section).astype(np.uint8) * 255
    if how.get("photometric") == "rgb":
        picture = np.stack([picture] * 3, axis=0 if "planarconfig" in how else -1)
    tifffile.imwrite(tmp_path / "m.tif", picture, **how)
    assert_drawn(tmp_path / "m.tif", section)


@pytest.mark.parametrize("kind", ["bool", "u1", "u2"])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_tifs_that_need_an_extra(tmp_path, section, monkeypatch, kind, photometric):
    def refuse(page):
        msg = "<COMPRESSION.LZW: 5> requires the 'imagecodecs' package"
        raise ValueError(msg)

    tifffile.imwrite(
        tmp_path / "m.tif", drawing(section).astype(kind), photometric=photometric
    )
    monkeypatch.setattr(tifffile.TiffPage, "asarray", refuse)
    assert_drawn(tmp_path / "m.tif", section)


def test_the_only_page_with_marks_is_meant(tmp_path, section):
    mark = drawing(section).astype(np.uint8)
    how = {"photometric": "minisblack"}
    tifffile.imwrite(tmp_path / "m.tif", np.stack([mark * 0, mark, mark * 0]), **how)
    assert_drawn(tmp_path / "m.tif", section)
    tifffile.imwrite(tmp_path / "m.tif", np.stack([mark, mark * 2]), **how)
    with pytest.raises(InvalidRequestError, match="2 pages, several with marks"):
        read_missing(tmp_path / "m.tif", section)


WHITE, BLACK, RED, BLUE = (255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 0, 255)


@pytest.mark.parametrize("name", ["m.png", "m.gif", "m.tif"])
@pytest.mark.parametrize(
    ("colours", "unmarked", "marked"),
    [
        ([BLACK, WHITE], 0, 1),
        ([WHITE, BLACK], 1, 0),
        ([BLACK, BLACK, BLACK, WHITE], 0, 3),
        ([BLACK, RED, BLUE], 0, 1),
        ([WHITE, RED, BLUE], 0, 1),
    ],
    ids=str,
)
def test_palettes(tmp_path, section, name, colours, unmarked, marked):
    index = np.where(drawing(section), marked, unmarked).astype(np.uint8)
    picture = Image.fromarray(index)
    picture.putpalette([value for colour in colours for value in colour])
    picture.save(tmp_path / name, **({"optimize": False} if "gif" in name else {}))
    assert_drawn(tmp_path / name, section)


def test_labels_with_colours_stay_labels(tmp_path, section, regions):
    raster = SpotRaster.from_section(section)
    picture = Image.fromarray(regions.to_labels(raster))
    picture.putpalette([*BLACK, *WHITE, *RED])
    picture.save(tmp_path / "m.png")
    assert_same(read_missing(tmp_path / "m.png", section), regions)
    picture.save(tmp_path / "m.png", transparency=0)
    assert_same(read_missing(tmp_path / "m.png", section), regions)


@pytest.mark.parametrize(
    ("ground", "ink"),
    [
        ((*WHITE, 0), (*WHITE, 255)),
        ((*BLACK, 0), (*BLACK, 255)),
        ((*WHITE, 0), (*BLACK, 255)),
        ((*BLACK, 0), (*WHITE, 128)),
        ((*BLACK, 0), (*RED, 255)),
        ((*BLACK, 255), (*WHITE, 255)),
        ((0, 0), (0, 255)),
        ((255, 0), (255, 255)),
        ((2, 0), (1, 255)),
    ],
    ids=str,
)
def test_drawings_on_what_is_see_through(tmp_path, section, ground, ink):
    colours = np.array([ground, ink], dtype=np.uint8)
    Image.fromarray(colours[drawing(section).astype(int)]).save(tmp_path / "m.png")
    assert_drawn(tmp_path / "m.png", section)


def test_what_is_see_through_is_not_marked(tmp_path, section):
    marked = drawing(section)
    picture = np.zeros((*marked.shape, 4), dtype=np.uint8)
    picture[..., 3] = 255
    picture[:2] = (255, 255, 255, 0)
    picture[marked] = 255
    Image.fromarray(picture).save(tmp_path / "m.png")
    found = read_missing(tmp_path / "m.png", section)
    seen = marked.copy()
    seen[:2] = marked[:2]
    expected = MissingRegions.from_labels(seen, SpotRaster.from_section(section))
    assert_same(found, expected)


@pytest.mark.parametrize(
    ("kind", "white"),
    [("u2", 65535), ("u2", 255), ("u4", 2**32 - 1), ("i4", 65535), ("f4", 65535)],
)
def test_white_of_any_depth(tmp_path, section, kind, white):
    np.save(tmp_path / "m.npy", drawing(section) * np.array(white, dtype=kind))
    assert_drawn(tmp_path / "m.npy", section)


@pytest.mark.parametrize("strange", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_told(tmp_path, section, strange):
    np.save(tmp_path / "m.npy", np.where(drawing(section), 1, strange))
    with pytest.raises(InvalidRequestError, match=r"without a number .NaN or inf"):
        read_missing(tmp_path / "m.npy", section)


@pytest.mark.parametrize(("strange", "told"), [(7, "7"), (-1, "-1"), (1e300, "1e.300")])
def test_other_labels_are_told(tmp_path, section, strange, told):
    np.save(tmp_path / "m.npy", np.where(drawing(section), strange, 0))
    with pytest.raises(InvalidRequestError, match=rf"holds labels \[{told}\]"):
        read_missing(tmp_path / "m.npy", section)


def test_files_that_keep_no_labels_say_what_to_save(tmp_path, section):
    mark = drawing(section).astype(np.uint8)
    for name in ("m.jpg", "m.bmp"):
        Image.fromarray(mark * 255).save(tmp_path / name)
        with pytest.raises(InvalidRequestError, match="save the mask as png"):
            read_missing(tmp_path / name, section)
    np.savez(tmp_path / "m.npz", mark)
    with pytest.raises(InvalidRequestError, match="as npy or png"):
        read_missing(tmp_path / "m.npz", section)
    frames = [Image.fromarray(mark * shade) for shade in (255, 100)]
    frames[0].save(tmp_path / "m.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(InvalidRequestError, match="holds 2 pictures"):
        read_missing(tmp_path / "m.gif", section)


@pytest.mark.parametrize("name", ["m.png", "m.tif"])
def test_masks_with_many_pixels_are_no_attack(tmp_path, section, monkeypatch, name):
    Image.fromarray(drawing(section).astype(np.uint8)).save(tmp_path / name)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert_drawn(tmp_path / name, section)


def test_masks_that_memory_cannot_hold_are_refused(tmp_path, section, monkeypatch):
    monkeypatch.setattr("napari_stentrans.io.files.limits.memory_limit", lambda: 100)
    for name in ("m.png", "m.tif"):
        Image.fromarray(drawing(section)).save(tmp_path / name)
        with pytest.raises(InvalidRequestError, match="memory"):
            read_missing(tmp_path / name, section)


@pytest.mark.parametrize("kind", ["bool", "u1", "u2", "f4"])
def test_labels_take_no_more_memory_than_twice_their_picture(tmp_path, kind):
    picture = np.zeros((1000, 1000), dtype=kind)
    picture[:500] = 1
    tracemalloc.start()
    refuse_strange(as_labels(picture, tmp_path), tmp_path)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2.1 * picture.nbytes


def test_float_labels_are_welcome_if_they_are_whole(tmp_path, section):
    raster = SpotRaster.from_section(section)
    np.save(tmp_path / "m.npy", np.ones(raster.shape))
    assert read_missing(tmp_path / "m.npy", section).unmeasured.all()
    np.save(tmp_path / "m.npy", np.full(raster.shape, 0.5))
    with pytest.raises(InvalidRequestError, match="fractions"):
        read_missing(tmp_path / "m.npy", section)


@pytest.mark.parametrize(
    "header",
    ["barcode\n", '"x"\n', "Spot IDs\n", "", "barcode,label\n", "mine,label\n"],
)
def test_lists_of_barcodes(tmp_path, section, header):
    names = [f"{section.barcodes[i]}" for i in (5, 1)]
    rows = [f"{names[0]},2", f"{names[1]},1"] if "label" in header else names
    (tmp_path / "m.csv").write_text(header + "\n".join(rows) + "\n")
    found = read_missing(tmp_path / "m.csv", section)
    predicted = [1] if "label" in header else [1, 5]
    assert np.flatnonzero(found.unmeasured).tolist() == predicted
    assert found.outside.any() == ("label" in header)


@pytest.mark.parametrize(
    "header",
    [
        "array_row,array_col,Label",
        "ARRAY_ROW,ARRAY_COL,LABEL",
        "Array_Row,array_COL,labels",
    ],
)
def test_columns_are_known_in_capital_letters(tmp_path, section, header):
    row, col = section.array_rc[3]
    (tmp_path / "m.csv").write_text(f"{header}\n{row},{col},2\n")
    found = read_missing(tmp_path / "m.csv", section)
    assert np.flatnonzero(found.outside).tolist() == [3]
    assert not found.unmeasured.any()
    (tmp_path / "m.csv").write_text(f"Barcode,Label\n{section.barcodes[3]},2\n")
    assert_same(read_missing(tmp_path / "m.csv", section), found)
    (tmp_path / "m.csv").write_text(
        f"ARRAY_ROW,Array_col,Region,KIND,Enabled\n{row},{col},007,Outside,1\n"
    )
    assert_same(read_missing(tmp_path / "m.csv", section), found)


def test_of_columns_called_alike_the_one_in_small_letters_counts(tmp_path, section):
    row, col = section.array_rc[3]
    (tmp_path / "m.csv").write_text(
        f"LABEL,array_row,array_col,label,Label\n7,{row},{col},2,8\n"
    )
    found = read_missing(tmp_path / "m.csv", section)
    assert np.flatnonzero(found.outside).tolist() == [3]


@pytest.mark.parametrize(
    ("labels", "unmeasured", "outside"),
    [("10", 0, 0), ("120", 0, 0), ("01", 1, 0), ("12", 0, 1), ("101", 1, 0)],
)
def test_the_last_mark_of_a_spot_holds(tmp_path, section, labels, unmeasured, outside):
    row, col = section.array_rc[3]
    name = section.barcodes[3]
    also = ",".join(f"{number:g}" for number in section.array_rc[5])
    lines = [f"{also},1", *(f"{row},{col},{label}" for label in labels)]
    named = [f"{section.barcodes[5]},1", *(f"{name},{label}" for label in labels)]
    (tmp_path / "m.csv").write_text("\n".join(["array_row,array_col,label", *lines]))
    (tmp_path / "b.csv").write_text("\n".join(named))
    for list_name in ("m.csv", "b.csv"):
        found = read_missing(tmp_path / list_name, section)
        assert found.unmeasured[5]
        assert found.unmeasured.sum() == unmeasured + 1
        assert found.outside.sum() == outside


def test_zero_takes_back_the_mark_of_an_empty_site(tmp_path, section):
    row, col = section.array_rc[3]
    far = f"{row + 20},{col}"
    lines = ["array_row,array_col,label", f"{far},1", f"{row},{col},1", f"{far},0"]
    (tmp_path / "m.csv").write_text("\n".join(lines))
    found = read_missing(tmp_path / "m.csv", section)
    assert not found.n_new
    assert found.n_spots == 1


def test_names_of_spots_that_look_like_numbers(tmp_path, section):
    names = [f"{number:04}" for number in range(section.n_spots)]
    numbered = replace(section, obs=section.obs.set_axis(names))
    (tmp_path / "list.csv").write_text(f"barcode\n{names[3]}\n{names[1]}\n")
    regions = read_missing(tmp_path / "list.csv", numbered)
    assert np.flatnonzero(regions.unmeasured).tolist() == [1, 3]


def test_positions_without_labels_mean_predict(tmp_path, section):
    row, col = section.array_rc[3]
    (tmp_path / "m.csv").write_text(
        f"array_col,array_row,note\n{col},{row},hole\n{col},{row + 20},gap\n"
    )
    found = read_missing(tmp_path / "m.csv", section)
    assert np.flatnonzero(found.unmeasured).tolist() == [3]
    np.testing.assert_array_equal(found.new_rc, [[row + 20, col]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "empty"),
        ("array_row,array_col\n", "lists no position"),
        ("array_row,array_col\n2,4\n2,x\n", "1 position is no number.*line 3, 2 and x"),
        ("array_row\n2\n", "no column array_col"),
        ("array_row,array_col\n2.3,4\n", "no sites of the .* lattice"),
        ("array_row,array_col,label\n2,4,7\n", "labels are not 0, 1 or 2"),
        ("array_row,array_col,label\n2,4,\n", "first: line 2, an empty cell"),
        ("array_row,array_col,label\n2,4,hole\n", "first: line 2, 'hole'"),
        ("barcode,label\n{spot},\n", "first: line 2, an empty cell"),
        ("{spot},1\n{spot},3\n", "first: line 2, '3'"),
        ("barcode\n", "lists no spot"),
        ("Barcode,label\n", "lists no spot"),
        ("barcode\nNOBODY-1\n", "not in the section .*NOBODY"),
        ("NOBODY-1\n{spot}\n", "1 of 2 barcodes are not in .*NOBODY"),
        ("NOBODY-1,2\n{spot},2\n", "1 of 2 barcodes are not in .*NOBODY"),
    ],
)
def test_wrong_tables_are_refused(tmp_path, section, content, message):
    path = tmp_path / "m.csv"
    path.write_text(content.replace("{spot}", section.barcodes[0]))
    with pytest.raises(InvalidRequestError, match=message):
        read_missing(path, section)


def test_wrong_pictures_are_refused(tmp_path, section):
    shape = SpotRaster.from_section(section).shape
    path = tmp_path / "m.png"
    Image.new("RGB", shape[::-1], (1, 2, 3)).save(path)
    with pytest.raises(InvalidRequestError, match="colour picture"):
        read_missing(path, section)
    Image.new("L", (4, 4)).save(path)
    with pytest.raises(InvalidRequestError, match=r"m\.png has 4 rows x 4 .*drawn as"):
        read_missing(path, section)
    Image.new("L", shape[::-1], 9).save(path)
    with pytest.raises(InvalidRequestError, match="labels"):
        read_missing(path, section)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(InvalidRequestError, match="cannot be read"):
        read_missing(path, section)
    np.save(tmp_path / "m.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(InvalidRequestError, match="cannot be read"):
        read_missing(tmp_path / "m.npy", section)
    with pytest.raises(InvalidRequestError, match=r"nowhere\.png"):
        read_missing(tmp_path / "nowhere.png", section)


def test_masks_are_not_written_where_that_cannot_be(tmp_path, section, regions):
    raster = SpotRaster.from_section(section)
    with pytest.raises(InvalidRequestError, match=r"choose \.npy"):
        write_missing(tmp_path / "m.bmp", regions, raster)
    with pytest.raises(InvalidRequestError, match="no folder"):
        write_missing(tmp_path / "no" / "m.npy", regions, raster)


def test_positions_keep_their_order_and_fractions(tmp_path):
    path = tmp_path / "at.tsv"
    path.write_text("name\tarray_col\tarray_row\na\t4.5\t2\nb\t1\t7.25\n")
    np.testing.assert_array_equal(read_positions(path), [[2, 4.5], [7.25, 1]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"x,y\n1,2\n", "no column array_row and no column array_col, only x, y"),
        (b"array_row,array_col\n", "lists no position"),
        (b"array_row,array_col\n1,2\n,4\ninf,3\n", "2 positions.*line 3"),
        (b"\x89PNG\r\n\0\0\0", r"is a picture \(png\)"),
        (b"\0\1", "neither a table nor a picture"),
        (b"\x1f\x8b\x08cut", "positions"),
    ],
)
def test_wrong_positions_are_refused(tmp_path, content, message):
    (tmp_path / "at.csv").write_bytes(content)
    with pytest.raises(InvalidRequestError, match=message):
        read_positions(tmp_path / "at.csv")


def test_positions_that_are_not_there(tmp_path):
    with pytest.raises(InvalidRequestError, match="cannot be read"):
        read_positions(tmp_path / "at.csv")
