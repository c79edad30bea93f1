"""`stentrans enhance`, `info`, `methods` and `demo`, as people and scripts use them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from types import SimpleNamespace

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import tifffile

from napari_stentrans import enhance, read_section
from napari_stentrans.cli import COMMANDS, build_parser, main
from napari_stentrans.cli.options import RUN_OPTIONS, run_config
from napari_stentrans.config import PRESETS, RunConfig, with_preset
from napari_stentrans.datasets import samples
from napari_stentrans.section.missing import MissingRegions
from napari_stentrans.section.raster import SpotRaster

GENES = ["DOMAIN1-03", "GENE0001"]


@pytest.fixture(scope="module")
def sample() -> str:
    return str(samples()["simulated_st"])


@pytest.fixture(scope="module")
def section(sample):
    return read_section(sample)


@pytest.fixture
def run(sample, tmp_path):
    """Run ``stentrans enhance`` with a quick method; returns code and output path."""

    def enhance_command(*options: str, source: str = sample, name: str = "out.h5ad"):
        out = tmp_path / name
        words = ["enhance", source, "--out", str(out), *options]
        if "--config" not in words and "--method" not in words:
            words += ["--method", "nearest"]
        return main(words), out

    return enhance_command


def assert_same(found: ad.AnnData, expected: ad.AnnData) -> None:
    assert list(found.var_names) == list(expected.var_names)
    assert list(found.obs_names) == list(expected.obs_names)
    np.testing.assert_array_equal(found.X, expected.X)
    np.testing.assert_array_equal(found.layers["sd"], expected.layers["sd"])
    for column in ("array_row", "array_col", "origin", "barcode"):
        assert list(found.obs[column]) == list(expected.obs[column]), column


# -- the result ------------------------------------------------------------------------


def test_enhance_writes_what_the_library_computes(run, section, capsys):
    code, out = run("--method", "linear", "--refine", "3", "--tissue", "adjacent")

    assert code == 0
    found = ad.read_h5ad(out)
    expected = enhance(section, method="linear", refine=3, tissue="adjacent")
    assert_same(found, expected.to_anndata())
    told = capsys.readouterr()
    assert told.err == ""  # no bars where nobody watches
    assert told.out.startswith(
        f"wrote {out}: {found.n_obs:,} positions (298 measured, "
    )
    assert f" x {found.n_vars} genes, " in told.out
    assert told.out.count("\n") == 1


def test_quiet_says_nothing(run, capsys):
    code, out = run("--quiet")
    assert code == 0
    assert out.exists()
    assert capsys.readouterr() == ("", "")


def test_given_positions_come_back_in_their_order(run, section, tmp_path):
    table = tmp_path / "positions.csv"
    table.write_text("array_col,array_row\n7.25,4.5\n3,2\n7.25,4.5\n1,9.125\n")

    code, out = run("--at", str(table), "--method", "linear")

    assert code == 0
    found = ad.read_h5ad(out)
    at = np.array([[4.5, 7.25], [2, 3], [4.5, 7.25], [9.125, 1]])
    np.testing.assert_array_equal(found.obs[["array_row", "array_col"]], at)
    assert_same(found, enhance(section, method="linear", at=at).to_anndata())


def test_a_mask_file_means_the_same_as_painting(run, section, tmp_path):
    raster = SpotRaster.from_section(section)
    labels = np.zeros(raster.shape, dtype=np.uint8)
    labels[8:12, 9:13] = 1
    labels[:4] = 2
    np.save(tmp_path / "mask.npy", labels)

    code, out = run("--missing", str(tmp_path / "mask.npy"), "--refine", "1")

    assert code == 0
    missing = MissingRegions.from_labels(labels, raster)
    expected = enhance(section, method="nearest", refine=1, missing=missing)
    assert_same(ad.read_h5ad(out), expected.to_anndata())
    assert (ad.read_h5ad(out).obs["origin"] == "painted").sum() >= 16


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        pytest.param("GENE0001,DOMAIN1-03", ["GENE0001", "DOMAIN1-03"], id="names"),
        pytest.param(" GENE0001 ,", ["GENE0001"], id="one name, untidy"),
        pytest.param("@FILE", GENES, id="file"),
        pytest.param("all", "all", id="all"),
        pytest.param("expressed", "expressed", id="expressed"),
    ],
)
def test_genes_are_named_in_every_form(run, section, tmp_path, option, expected):
    listed = tmp_path / "genes.txt"
    listed.write_text("\n".join(GENES) + "\n")

    code, out = run("--genes", option.replace("FILE", str(listed)))

    assert code == 0
    chosen = enhance(section, method="nearest", genes=expected).genes
    assert list(ad.read_h5ad(out).var_names) == list(chosen)


# -- configuration ---------------------------------------------------------------------


def written_config(out) -> RunConfig:
    return RunConfig.model_validate(ad.read_h5ad(out).uns["stentrans"]["config"])


def test_options_overrule_the_run_file_and_nothing_else_does(run, tmp_path):
    settings = tmp_path / "run.yaml"
    settings.write_text(
        "method: linear\nrefine: 3\nseed: 5\nkriging:\n  n_programmes: 7\n"
    )

    code, out = run("--config", str(settings), "--seed", "6")

    assert code == 0
    expected = RunConfig(method="linear", refine=3, seed=6, kriging={"n_programmes": 7})
    assert written_config(out) == expected


def test_a_run_file_may_be_json_or_an_earlier_result(run, tmp_path):
    settings = tmp_path / "run.json"
    settings.write_text(json.dumps({"method": "nearest", "refine": 3, "seed": 2}))
    _, first = run("--config", str(settings))

    code, again = run("--config", str(first), name="again.h5ad")

    assert code == 0
    assert written_config(again) == written_config(first)
    assert_same(ad.read_h5ad(again), ad.read_h5ad(first))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_on_the_command_line_overrules_the_run_file(tmp_path, preset):
    settings = tmp_path / "run.yaml"
    settings.write_text("method: linear\nrefine: 3\ntransformer: {steps: 7}\n")
    words = ["enhance", "x", "--out", "y.h5ad", "--config", str(settings)]
    words += ["--preset", preset]

    found = run_config(build_parser(words).parse_args(words))

    assert found == with_preset(RunConfig(refine=3), preset)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("refin: 3", "no setting 'refin'; did you mean 'refine'"),
        ("kriging: {windw: 3}", "no setting 'kriging.windw'; did you mean 'window'"),
        ("refine: 7", "refine: input should be less than or equal to 4"),
        ("method: kringing", "no method 'kringing'"),
        ("just words", "holds no settings"),
        ("config: 3", "no setting 'config'"),
        ("preset: [instant]", "there is no preset ['instant']; choose from instant"),
        ("preset: {a: 1}", "there is no preset {'a': 1}"),
        ("refine: yes", "refine: input should be a whole number, not True"),
        ("preset: 3", "there is no preset 3"),
        ("a: [", "cannot read the run file"),
    ],
)
def test_a_wrong_run_file_is_explained(run, tmp_path, capsys, text, message):
    settings = tmp_path / "run.yaml"
    settings.write_text(text)

    code, out = run("--config", str(settings))

    assert code == 2
    told = capsys.readouterr().err
    assert message in told
    assert str(settings) in told
    assert not out.exists()


def test_help_tells_limits_and_defaults_of_every_option(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["enhance", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    for name in RUN_OPTIONS:
        field = RunConfig.model_fields[name]
        assert f"--{name}" in told
        assert field.description.rstrip(".") in told
        assert f"(default: {field.default}" in told
    assert "(default: 2; 1 to 4)" in told
    assert "exit codes:" in told


# -- what goes wrong -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--refine", "9"], 2, "--refine: expected a whole number, 1 to 4, not '9'"),
        (
            ["--refine", "two"],
            2,
            "expected a whole number, 1 to 4, not 'two'",
        ),
        (["--method", "magic"], 2, "no method 'magic'; choose from stentrans, kriging"),
        (["--device", "abacus"], 2, "--device: invalid choice: 'abacus'"),
        (["--genes", ","], 2, "names no gene"),
        (["--genes", "domain1-03"], 4, "did you mean 'DOMAIN1-03'?"),
        (["--genes", "@nowhere.txt"], 4, "nowhere.txt"),
        (["--missing", "nowhere.png"], 4, "nowhere.png"),
        (["--at", "nowhere.csv"], 4, "nowhere.csv"),
        (["--at", "x.csv", "--refine", "2"], 2, "use one of the two"),
        (["--nonsense", "A"], 2, "unrecognized arguments: --nonsense A\n"),
        (["--genes", "A", "B"], 2, "have commas between them: --genes A,B"),
        (["--config", "none.h5ad"], 2, "there is no run file none.h5ad"),
        (["--box", "0,0,1"], 4, "give four numbers x0,y0,x1,y1"),
        (["--box", "-9,-9,-8,-8"], 2, "expected one argument"),
        (["--box=-9,-9,-8,-8"], 4, "no spot of simulated_st lies within the box"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_request_is_explained(run, tmp_path, capsys, options, code, message):
    found, _ = run(*options)

    told = capsys.readouterr()
    assert (found, told.out) == (code, "")
    assert told.err.startswith("stentrans: error: ")
    assert message in told.err
    assert "Traceback" not in told.err
    assert list(tmp_path.iterdir()) == []


def test_refinement_one_improves_the_measured_spots_alone(run, tmp_path):
    whole = tmp_path / "whole.h5ad"
    row, col = np.mgrid[:4, :5].reshape(2, -1)
    obs = pd.DataFrame({"array_row": row, "array_col": col}).rename(str)
    ad.AnnData(np.ones((20, 3), dtype=np.float32), obs).write_h5ad(whole)

    code, out = run("--refine", "1", source=str(whole))

    assert code == 0
    assert list(ad.read_h5ad(out).obs["origin"].unique()) == ["measured"]


@pytest.mark.parametrize("name", ["absent.h5ad", "empty.h5ad", "empty.tsv", "text.csv"])
def test_unreadable_input_is_explained(run, tmp_path, capsys, name):
    source = tmp_path / name
    if name.startswith("empty"):
        source.touch()
    if name.startswith("text"):
        source.write_text("Dear diary,\ntoday nothing happened.\n")

    code, out = run(source=str(source))

    assert code == 3
    assert name in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("out.docx", "must end in .h5ad or .csv"),
        ("missing/out.h5ad", "there is no folder"),
        ("there.h5ad", "--force"),
        ("folder.h5ad", "is a folder"),
    ],
)
def test_the_output_is_checked_before_anything_is_read(
    run, tmp_path, capsys, monkeypatch, name, message
):
    monkeypatch.setattr("napari_stentrans.io.read_section", pytest.fail)
    (tmp_path / "there.h5ad").write_text("precious")
    (tmp_path / "folder.h5ad").mkdir()

    code, _ = run(name=name)

    assert code == 2
    assert message in capsys.readouterr().err
    assert (tmp_path / "there.h5ad").read_text() == "precious"


@pytest.mark.parametrize("ending", [".csv.gz", ".ome.tif", ".svg"])
def test_the_ending_says_what_is_written(run, ending):
    genes = "DOMAIN1-01,DOMAIN1-02"
    code, out = run("--genes", genes, name=f"out{ending}")
    assert code == 0
    if ending == ".csv.gz":
        assert set(genes.split(",")) <= set(pd.read_csv(out).columns)
    elif ending == ".svg":
        assert out.read_text().startswith("<?xml")
    else:
        assert tifffile.imread(out).shape[0] == 4  # two genes, measured and enhanced


def test_pictures_show_every_gene_that_was_named(run, section):
    genes = [str(gene) for gene in section.genes[:13]]
    code, out = run("--genes", ",".join(genes), name="out.ome.tif")
    assert code == 0
    assert tifffile.imread(out).shape[0] == 26  # measured and enhanced


def test_pictures_show_a_few_genes_if_none_was_named_and_say_which(run, capsys):
    code, out = run("--genes", "all", name="out.ome.tif")
    assert code == 0
    assert tifffile.imread(out).shape[0] == 6
    told, wrote = (printed := capsys.readouterr()).err, printed.out
    assert re.search(r"wrote .*out\.ome\.tif: .* x 3 of 300 genes, ", wrote)
    with tifffile.TiffFile(out) as tif:
        drawn = re.findall(r'Channel .*?Name="(\S+) measured"', tif.ome_metadata)
    assert f"shows 3 of 300 genes: {', '.join(drawn)}; --genes names others" in told


@pytest.mark.parametrize(
    ("name", "genes", "told"),
    [
        ("out.png", "all", "3 of 300 genes"),
        ("out.png", "GENE0001,GENE0002", "2 genes"),
        ("out.svg", "GENE0001", "1 gene"),
        ("out.csv", "all", "300 genes"),
    ],
)
@pytest.mark.parametrize("dry", [True, False])
def test_the_last_line_says_how_many_genes_are_in_the_file(
    run, capsys, name, genes, told, dry
):
    assert run("--genes", genes, *["--dry-run"] * dry, name=name)[0] == 0
    assert re.search(rf"x {told}, ", capsys.readouterr().out)


def test_force_replaces_a_result_but_never_the_input(run, tmp_path, capsys):
    run("--refine", "2")
    code, out = run("--refine", "3", "--force")
    assert code == 0
    assert written_config(out).refine == 3

    code, _ = run("--force", source=str(out))
    assert code == 2
    assert "never changed" in capsys.readouterr().err
    assert written_config(out).refine == 3


def test_what_any_option_reads_is_never_replaced(run, tmp_path, capsys):
    mask = tmp_path / "mask.csv"
    mask.write_text("array_row,array_col\n1,1\n")

    code, _ = run("--missing", str(mask), "--force", name="mask.csv")

    assert code == 2
    assert "never changed" in capsys.readouterr().err
    assert mask.read_text().startswith("array_row")


def test_the_list_of_genes_is_never_replaced(run, tmp_path, capsys):
    listed = tmp_path / "genes.csv"
    listed.write_text("\n".join(GENES))

    code, _ = run("--genes", f"@{listed}", "--force", name="genes.csv")

    assert code == 2
    assert "never changed" in capsys.readouterr().err
    assert listed.read_text() == "\n".join(GENES)


def test_the_model_of_a_run_file_is_never_replaced(run, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("napari_stentrans.io.read_section", pytest.fail)
    model, settings = tmp_path / "tissue.npz", tmp_path / "run.yaml"
    model.write_text("precious")
    settings.write_text(f"model: {model}\n")

    words = ["--config", str(settings), "--save-model", str(model), "--force"]
    code, _ = run(*words)

    assert code == 2
    told = capsys.readouterr().err
    assert "--save-model: " in told
    assert "never changed" in told
    assert model.read_text() == "precious"


@pytest.mark.parametrize("command", ["enhance", "evaluate", "convert"])
def test_a_file_found_beside_the_input_is_never_replaced(
    section, tmp_path, capsys, monkeypatch, command
):
    """And that is said before hours of computing."""
    for computing in ("pipeline.enhance_steps", "evaluation.evaluation_steps"):
        monkeypatch.setattr(f"napari_stentrans.{computing}", pytest.fail)
    counts = pd.DataFrame(section.counts.toarray(), section.obs.index, section.genes)
    places = pd.DataFrame(section.array_rc, counts.index, ["array_row", "array_col"])
    table, beside = tmp_path / "counts.tsv", tmp_path / "coords.csv"
    counts.to_csv(table, sep="\t")
    places.to_csv(beside, index_label="barcode")
    before = beside.read_bytes()
    option = {"enhance": ["--out"], "evaluate": ["--csv"], "convert": []}[command]

    code = main([command, str(table), *option, str(beside), "--force"])

    assert code == 2
    assert "never changed" in capsys.readouterr().err
    assert beside.read_bytes() == before


def test_interrupting_leaves_nothing_behind(run, tmp_path, capsys, monkeypatch):
    written = []

    def interrupt_third(_, progress):
        if progress.phase == "Writing genes":
            written.append(progress.step)
            if len(written) == 3:
                raise KeyboardInterrupt

    monkeypatch.setattr("napari_stentrans.portions._MOST_GENES", 50)
    bars = "napari_stentrans.cli.console.ProgressBars.__call__"
    monkeypatch.setattr(bars, interrupt_third)

    code, _ = run()

    assert (code, written) == (130, [0, 50, 100])
    told = capsys.readouterr().err
    assert told == "stentrans: interrupted; no unfinished file is left\n"
    assert list(tmp_path.iterdir()) == []


def test_interrupting_keeps_the_earlier_result(run, tmp_path, monkeypatch):
    _, out = run("--refine", "2")
    earlier = out.read_bytes()

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("napari_stentrans.enhanced.EnhancedSection._read", interrupt)
    code, _ = run("--refine", "3", "--force")

    assert code == 130
    assert out.read_bytes() == earlier
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (MemoryError("12 GiB"), 5, "out of memory: 12 GiB"),
        (OSError(28, "No space left on device"), 5, "No space left"),
        (ZeroDivisionError("x"), 1, "This is a fault of the program"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_failures_have_their_exit_codes(run, capsys, monkeypatch, error, code, message):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("napari_stentrans.enhanced.EnhancedSection._read", fail)
    found, out = run()
    assert found == code
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_traceback_is_shown_when_asked_for(run, monkeypatch, capsys):
    def fail(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("napari_stentrans.enhanced.EnhancedSection._read", fail)
    assert run("--traceback")[0] == 1
    told = capsys.readouterr().err
    assert "Traceback (most recent call last)" in told
    assert "in fail\n" in told


# -- the other commands ----------------------------------------------------------------


def test_info_tells_what_is_there(sample, section, capsys):
    assert main(["info", sample]) == 0
    told = capsys.readouterr().out
    for expected in ("square", "298", "300", "legacy Spatial Transcriptomics"):
        assert expected in told


def test_info_for_programs(sample, section, capsys):
    assert main(["info", "--json", sample]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["spots"] == section.n_spots
    assert facts["genes"] == section.n_genes
    assert facts["lattice"] == "square"
    assert facts["fingerprint"] == section.fingerprint
    assert facts["median_counts"] == np.median(section.counts.toarray().sum(axis=1))


def test_info_heeds_the_lattice(sample, capsys):
    assert main(["info", "--json", sample, "--lattice", "irregular"]) == 0
    assert json.loads(capsys.readouterr().out)["lattice"] == "irregular"


def test_methods_are_listed_with_their_summaries(capsys):
    from napari_stentrans.methods.base import get_method, method_names

    assert main(["methods"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == method_names()
    for name, line in zip(method_names(), lines, strict=True):
        assert get_method(name).summary in line


def test_the_demo_without_a_window_writes_its_files(tmp_path, capsys):
    out = tmp_path / "shown" / "demo"

    assert main(["demo", "--no-gui", "--out", str(out), "--method", "nearest"]) == 0

    told = capsys.readouterr().out
    for name in ("enhanced.h5ad", "before_after.png"):
        assert (out / name).stat().st_size > 1000
        assert str(out / name) in told
    origins = ad.read_h5ad(out / "enhanced.h5ad").obs["origin"].value_counts()
    assert origins["painted"] > 10
    assert main(["demo", "--no-gui", "--out", str(out), "--method", "nearest"]) == 0


def test_the_demo_in_a_window_writes_what_the_window_made(
    section, tmp_path, capsys, monkeypatch
):
    asked = {}

    def run_demo(**choices):
        asked.update(choices)
        return enhance(section, method="nearest", refine=choices["config"].refine)

    window = SimpleNamespace(run_demo=run_demo)
    monkeypatch.setitem(sys.modules, "napari_stentrans.gui.demo", window)

    words = ["demo", "--headless", "--out", str(tmp_path), "--refine", "3"]
    assert main(words) == 0

    assert asked == {"out": tmp_path, "headless": True, "config": RunConfig(refine=3)}
    assert written_config(tmp_path / "enhanced.h5ad").refine == 3
    assert str(tmp_path / "window.png") in capsys.readouterr().out


def test_a_window_closed_too_early_is_no_error(tmp_path, capsys, monkeypatch):
    window = SimpleNamespace(run_demo=lambda **_: None)
    monkeypatch.setitem(sys.modules, "napari_stentrans.gui.demo", window)

    assert main(["demo", "--out", str(tmp_path)]) == 0

    assert "nothing was written" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_without_napari_the_demo_says_what_to_install(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "napari_stentrans.gui.demo", None)
    assert main(["demo", "--out", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert "pip install napari-stentrans[pyqt6]" in told
    assert "--no-gui" in told


# -- the program itself ----------------------------------------------------------------


def test_it_runs_as_a_program(sample, tmp_path):
    out = tmp_path / "out.h5ad"
    words = ["enhance", sample, "--out", str(out), "--method", "nearest", "--genes"]
    done = subprocess.run(
        [sys.executable, "-m", "napari_stentrans.cli", *words, "GENE0001"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"wrote {out}: ")
    assert done.stderr == ""
    assert ad.read_h5ad(out).n_vars == 1


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("enhance", "a labels picture (png, tif, gif or npy; 1: predict here, "),
        ("enhance", "regions saved in the window (GeoJSON, csv, png)"),
        ("enhance", "--model MODEL.npz"),
        ("evaluate", "(default: all of them; upsample alone for the paper's protocol)"),
    ],
)
def test_help_tells_all_that_can_be_given(command, told, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    assert told in " ".join(capsys.readouterr().out.split())


def test_help_imports_nothing_heavy():
    program = (
        "import sys; from napari_stentrans.cli import build_parser; "
        "build_parser([]).format_help(); "
        "print(*{'numpy', 'pandas', 'scipy', 'pydantic', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert COMMANDS[command] in " ".join(capsys.readouterr().out.split())


def test_without_a_command_it_says_how_to_get_help(capsys):
    assert main([]) == 2
    assert "stentrans --help" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out.startswith("stentrans 0.")


def test_a_model_serves_another_section(sample, tmp_path, capsys) -> None:
    model, first, second = (tmp_path / n for n in ("m.npz", "a.h5ad", "b.h5ad"))
    genes = ["--genes", ",".join(GENES)]
    words = ["enhance", sample, "--out", str(first), "--save-model", str(model)]
    assert main([*words, *genes]) == 0
    assert "held-out scores" not in capsys.readouterr().err
    words = ["enhance", sample, "--out", str(second), "--model", str(model)]
    assert main([*words, *genes]) == 0
    assert "was made of 100% of its spots, so that" in capsys.readouterr().err
    settings = ad.read_h5ad(second).uns["stentrans"]["config"]
    assert settings["model"] == str(model)
    measured = ad.read_h5ad(first), ad.read_h5ad(second)
    for gene in range(len(GENES)):  # its own programmes: nearly the same result
        r = np.corrcoef(*(np.asarray(a.X)[:, gene] for a in measured))[0, 1]
        assert r > 0.9


def test_only_stentrans_is_kept_as_a_model(run, tmp_path, capsys) -> None:
    code, out = run("--method", "kriging", "--save-model", str(tmp_path / "m.npz"))
    assert code == 2
    assert not out.exists()
    assert "--save-model" in capsys.readouterr().err


def test_presets_are_named_on_the_command_line(run) -> None:
    code, out = run("--preset", "instant", "--genes", GENES[0], "--seed", "1")
    assert code == 0
    assert ad.read_h5ad(out).uns["stentrans"]["config"]["seed"] == 1
