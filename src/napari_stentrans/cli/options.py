"""Options made from the fields of `RunConfig`, and run files that hold the same fields.

Names, limits, defaults and help text come from the model; none is written twice.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from napari_stentrans.cli.console import UsageError
from napari_stentrans.cli.paths import named, path_of
from napari_stentrans.config import PRESETS, RUN_OPTIONS, RunConfig
from napari_stentrans.errors import InvalidRequestError
from napari_stentrans.io.files.pipes import refuse_pipe

_NUMBER: dict[Any, str] = {int: "a whole number", float: "a number"}

_METAVARS = {"method": "NAME", "model": "MODEL.npz"}


def add_run_options(
    parser: argparse.ArgumentParser, names: Iterable[str] = RUN_OPTIONS
) -> None:
    """Add ``--config`` and an option for each named field of `RunConfig`."""
    group = parser.add_argument_group("how to compute")
    for name in names:
        field = RunConfig.model_fields[name]
        choices = _choices(field)
        group.add_argument(
            f"--{name}",
            default=argparse.SUPPRESS,  # only what is given may overrule a run file
            type=named if name == "model" else parser_of(field),
            choices=choices,
            metavar=None if choices else _METAVARS.get(name, "N"),
            help=_help(field),
        )
    group.add_argument(
        "--preset",
        default=argparse.SUPPRESS,
        choices=list(PRESETS),
        help="instant: kriging alone; standard: the pre-trained Transformer on top; "
        "best: also trained on your section. Options given here overrule it",
    )
    group.add_argument(
        "--config",
        type=path_of,
        metavar="RUN",
        help="run file (yaml or json) with any of these and the advanced settings; or "
        "an h5ad written earlier, to use its settings again. Options given here win",
    )


def given_options(args: argparse.Namespace) -> dict[str, Any]:
    """Fields of `RunConfig`, and the preset, that were given as options."""
    names = (*RUN_OPTIONS, "preset")
    return {name: getattr(args, name) for name in names if hasattr(args, name)}


def run_config(args: argparse.Namespace) -> RunConfig:
    """Merge run file and options; what is in neither has its default."""
    from napari_stentrans.methods.base import get_method
    from napari_stentrans.settings import resolve_config

    chosen = read_run_file(args.config) if args.config else {}
    try:
        config = resolve_config(resolve_config(None, **chosen), **given_options(args))
        get_method(config.method)
    except InvalidRequestError as error:
        msg = f"{args.config}: {error}" if args.config else str(error)
        raise UsageError(msg) from None
    return config


def read_run_file(path: Path) -> dict[str, Any]:
    """Read the settings of a yaml or json file, or of an h5ad written earlier."""
    if not path.exists():
        msg = f"there is no run file {path}"
        raise UsageError(msg)
    try:
        refuse_pipe(path)
        if path.suffix.lower() == ".h5ad":
            return _settings_of_result(path)
        text = path.read_text(encoding="utf-8")
        is_json = path.suffix.lower() == ".json"
        found = json.loads(text) if is_json else _from_yaml(text)
    except (OSError, ValueError, KeyError) as error:
        msg = f"cannot read the run file {path}: {error}"
        raise UsageError(msg) from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        msg = f"the run file {path} holds no settings; write lines such as 'refine: 2'"
        raise UsageError(msg)
    return {str(key): value for key, value in found.items()}


def _from_yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _settings_of_result(path: Path) -> dict[str, Any]:
    import h5py
    from anndata.io import read_elem

    from napari_stentrans.keys import PROVENANCE

    with h5py.File(path) as file:
        if PROVENANCE not in file.get("uns", {}):
            msg = "it was not written by stentrans (no uns/stentrans in it)"
            raise ValueError(msg)
        settings: dict[str, Any] = read_elem(file[f"uns/{PROVENANCE}/config"])
    return settings


def _choices(field: FieldInfo) -> list[str] | None:
    """Return the values a field allows, if they can be counted."""
    kind = field.annotation
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return [str(value) for value in kind]
    return None


def parser_of(field: FieldInfo) -> Callable[[str], Any]:
    """Return a parser of text into a field's type, within its limits."""
    if _choices(field) is not None:
        return str
    kind: Any = Annotated[field.annotation, field]
    adapter: TypeAdapter[Any] = TypeAdapter(kind)

    def parse(text: str) -> Any:
        try:
            return adapter.validate_python(text)
        except ValidationError:
            wanted = _NUMBER.get(field.annotation, "text")
            told = f"expected {wanted}{_limits(field, ', ')}, not {text!r}"
            raise argparse.ArgumentTypeError(told) from None

    return parse


def _help(field: FieldInfo) -> str:
    told = (field.description or field.title or "").rstrip(".")
    if field.default == "":
        return told
    return f"{told} (default: {field.default}{_limits(field, '; ')})"


def _limits(field: FieldInfo, separator: str) -> str:
    """Return the limits of a number in words, after a separator; "" without any."""
    low, high = (
        next((getattr(m, key) for m in field.metadata if hasattr(m, key)), None)
        for key in ("ge", "le")
    )
    if low is not None and high is not None:
        return f"{separator}{low} to {high}"
    return "" if low is None else f"{separator}at least {low}"
