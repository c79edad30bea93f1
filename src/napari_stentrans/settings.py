"""The settings of a run, out of whatever a person gave: one place that checks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from napari_stentrans.config import PRESETS, RunConfig, with_preset
from napari_stentrans.errors import InvalidRequestError

ConfigLike: TypeAlias = RunConfig | Mapping[str, Any] | None


def resolve_config(
    config: ConfigLike, /, *, preset: str | None = None, **choices: Any
) -> RunConfig:
    """One validated configuration from a whole one, a preset and single choices.

    The whole one may be a mapping of choices. A preset replaces how it computes (see
    `with_preset`), and single choices overrule both.
    """
    from pydantic import ValidationError

    if preset is not None and preset not in list(PRESETS):  # a list is no key
        msg = f"there is no preset {preset!r}; choose from {', '.join(PRESETS)}"
        raise InvalidRequestError(msg)
    base = _whole(config)
    base = with_preset(base, preset) if preset is not None else base
    try:
        return RunConfig.model_validate(_merged(base.model_dump(), choices))
    except ValidationError as error:
        told = [_config_problem(dict(problem)) for problem in error.errors()]
        raise InvalidRequestError("; ".join(told)) from None


def _whole(config: ConfigLike) -> RunConfig:
    """Return a whole configuration; the defaults, where none is given."""
    if isinstance(config, RunConfig):
        return config
    if config is None:
        return RunConfig()
    if isinstance(config, Mapping):
        return resolve_config(None, **{str(name): config[name] for name in config})
    msg = (
        f"config is {config!r}; give a RunConfig, or a mapping of its settings, such "
        "as {'refine': 2}"
    )
    raise InvalidRequestError(msg)


def _merged(base: dict[str, Any], choices: Mapping[str, Any]) -> dict[str, Any]:
    """Overrule ``base``, within its groups of settings too."""
    merged = dict(base)
    for name, choice in choices.items():
        within = merged.get(name)
        if isinstance(within, dict) and isinstance(choice, Mapping):
            merged[name] = _merged(within, choice)
        else:
            merged[name] = choice
    return merged


def _config_problem(problem: dict[str, Any]) -> str:
    """Say what is wrong with one setting; for an unknown one, the nearest known."""
    from difflib import get_close_matches

    *groups, name = map(str, problem["loc"])
    if problem["type"] != "extra_forbidden":
        setting = ".".join([*groups, name])
        return f"{setting}: {problem['msg'].lower()}, not {problem['input']!r}"
    known: dict[str, Any] = {"preset": "", **RunConfig().model_dump()}
    for group in groups:
        known = known[group]
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"
    return f"there is no setting {'.'.join([*groups, name])!r}; {hint}"
