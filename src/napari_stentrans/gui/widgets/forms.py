"""Forms made from configuration models: labels, limits and help are the model's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import log10
from typing import Any

from annotated_types import Ge, Gt, Le, Lt
from magicgui.widgets import Container, create_widget
from pydantic.fields import FieldInfo

from napari_stentrans.config import StrictModel

_STEP = 1e-4
"""Step of numbers that are not whole, unless one needs a finer one."""


def form_for(
    model: StrictModel,
    fields: Iterable[str],
    choices: Mapping[str, Iterable[tuple[str, Any]]] | None = None,
) -> Container[Any]:
    """Make a form for some fields of a model.

    Parameters
    ----------
    model
        Gives the values shown at first.
    fields
        Names of the fields, in their order on the form.
    choices
        For fields that a list is to be offered for: (text, value) each.
    """
    described = type(model).model_fields
    rows = [
        _row(name, described[name], getattr(model, name), (choices or {}).get(name))
        for name in fields
    ]
    return Container(widgets=rows, labels=True)


def show_in_form(form: Container[Any], model: StrictModel) -> None:
    """Set a form to the values of a model, without telling anyone."""
    for row in form:
        value = getattr(model, row.name)
        with row.changed.blocked():
            if isinstance(value, float):
                _make_room(row, type(model).model_fields[row.name], value)
            row.value = value


def _row(
    name: str,
    described: FieldInfo,
    value: Any,
    choices: Iterable[tuple[str, Any]] | None,
) -> Any:
    options: dict[str, Any] = {"tooltip": described.description}
    if choices is not None:
        options |= {"choices": list(choices), "widget_type": "ComboBox"}
    elif isinstance(value, int | float) and not isinstance(value, bool):
        options |= _limits(described, _step(value))
    return create_widget(
        value=value,
        annotation=described.annotation,
        name=name,
        label=described.title or name,
        options=options,
    )


def _make_room(row: Any, described: FieldInfo, value: float) -> None:
    """Let a row show a number in full, and count in steps as fine.

    It never gets coarser: somebody may be in the midst of typing.
    """
    step = min(_step(value), 10.0 ** -row.native.decimals())
    limits = _limits(described, step)
    row.step = step
    row.native.setDecimals(-round(log10(step)))
    row.range = limits["min"], limits["max"]


def _limits(described: FieldInfo, step: float) -> dict[str, Any]:
    """Limits of the model, as far as they can be reached by steps."""
    limits: dict[str, Any] = {"min": 0, "max": 2**31 - 1, "step": step}
    for rule in described.metadata:
        if isinstance(rule, Ge):
            limits["min"] = rule.ge
        elif isinstance(rule, Gt):
            limit: Any = rule.gt
            limits["min"] = limit + step
        elif isinstance(rule, Le):
            limits["max"] = rule.le
        elif isinstance(rule, Lt):
            limits["max"] = rule.lt
    return limits


def _step(value: float) -> float:
    """Step that is fine enough for a number to be told in full."""
    if isinstance(value, int):
        return 1
    exponent = Decimal(repr(value)).as_tuple().exponent
    return min(_STEP, 10.0 ** int(exponent))
