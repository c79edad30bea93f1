"""Controls that move a picture under the spots, with the picture moving as they do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget
from superqt import QLabeledDoubleSlider
from superqt.utils import signals_blocked

from napari_stentrans.gui.widgets.bits import allow, button, note
from napari_stentrans.gui.widgets.panel import SessionWidget
from napari_stentrans.section.alignment import Alignment
from napari_stentrans.section.image import TissueImage

_SCALES = (25.0, 400.0)
"""Per cent."""
_PACE_MS = 20
"""A slider tells of every pixel it is dragged; moving a picture takes longer."""

_SUGGEST_HELP = "Flip or turn it as most spots then lie on tissue"
_RESET_HELP = "Put it where its file says"
_UNDO_HELP = "Put it back where it lay before Reset"
_NOTHING_BETTER = "No flip or quarter turn puts clearly more spots on tissue"


class AlignmentControls(SessionWidget):
    """Flips, turns, scales and shifts the picture of the current section."""

    def build(self) -> None:
        """Make the controls."""
        session, controller = self.session, self.controller
        self.buttons = self._make_buttons()
        self.turn = _slider("Degrees clockwise", (-180.0, 180.0), decimals=1)
        self.scale = _slider("Per cent of its size in the file", _SCALES, decimals=1)
        self.right = _slider("Pixels of the full picture, to the right", (-1, 1))
        self.down = _slider("Pixels of the full picture, down", (-1, 1))
        self.suggest = button(
            "Suggest", _SUGGEST_HELP, lambda: controller.picture.suggest()
        )
        self.reset = button("Reset", _RESET_HELP, self._reset, once=True)
        self._exact: dict[QLabeledDoubleSlider, tuple[float, float]] = {}
        """What each slider stands for, and what it made of it, which is rounded."""
        self.told = note()
        self._lay_out()
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_PACE_MS)
        self._soon.timeout.connect(self._move)
        for slider in self._sliders():
            slider.valueChanged.connect(lambda _: self._soon.start())
        session.about.events.alignment.connect(self._show)
        session.about.events.before_reset.connect(self._show)
        session.about.events.is_stretched.connect(self._show)
        session.about.events.fit.connect(self._show_fit)
        session.about.events.better.connect(self._show_fit)
        session.events.section.connect(self._show)
        self._show()

    def _sliders(self) -> tuple[QLabeledDoubleSlider, ...]:
        return self.turn, self.scale, self.right, self.down

    def _make_buttons(self) -> dict[str, QWidget]:
        """Flips and quarter turns, of what is seen."""
        acts: dict[str, tuple[str, Callable[[Alignment], Alignment]]] = {
            "⇄": ("Flip left and right", Alignment.flipped_left_right),
            "⇅": ("Flip top and bottom", Alignment.flipped_up_down),
            "↺": ("Turn a quarter to the left", lambda now: now.turned(-90.0)),
            "↻": ("Turn a quarter to the right", lambda now: now.turned(90.0)),
        }
        made: dict[str, QWidget] = {}
        for sign, (help_text, act) in acts.items():
            made[sign] = button(sign, help_text, partial(self._change, act))
            made[sign].setAccessibleName(help_text)
        return made

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        for each in self.buttons.values():
            row.addWidget(each)
        layout.addLayout(row)
        grid = QGridLayout()
        texts = ("Turn", "Scale", "Right", "Down")
        for line, (text, slider) in enumerate(zip(texts, self._sliders(), strict=True)):
            label = QLabel(text)
            label.setToolTip(slider.toolTip())
            grid.addWidget(label, line, 0)
            grid.addWidget(slider, line, 1)
        layout.addLayout(grid)
        row = QHBoxLayout()
        row.addWidget(self.suggest)
        row.addWidget(self.reset)
        layout.addLayout(row)
        layout.addWidget(self.told)

    def _change(self, act: Callable[[Alignment], Alignment]) -> None:
        now = self.session.about.alignment
        if now is not None:
            self.controller.picture.move(act(now))

    def _reset(self) -> None:
        """Put it where its file says; or back, where that was done just now."""
        picture = self.controller.picture
        can_undo = self.session.about.before_reset is not None
        (picture.put_back if can_undo else picture.reset)()

    def _move(self) -> None:
        now = self.session.about.alignment
        if now is not None:
            turn, scale, right, down = map(self._value, self._sliders())
            moved = Alignment(now.mirrored, turn, scale / 100, (right, down))
            self.controller.picture.move(moved)

    def _value(self, slider: QLabeledDoubleSlider) -> float:
        """What a slider says; exactly what it was given, where it was left alone."""
        exact, rounded = self._exact[slider]
        value = float(slider.value())
        return exact if value == rounded else value

    def _show(self) -> None:
        now, section = self.session.about.alignment, self.session.section
        image = None if section is None else section.image
        self.setEnabled(now is not None and image is not None)
        if now is not None and image is not None:
            width, height = _size(image)
            values = (now.turn, 100 * now.scale, *now.shift_xy)
            ranges = ((-180.0, 180.0), _SCALES, (-width, width), (-height, height))
            for slider, value, (low, high) in zip(
                self._sliders(), values, ranges, strict=True
            ):
                with signals_blocked(slider):
                    slider.setRange(min(low, value), max(high, value))
                    slider.setValue(value)
                self._exact[slider] = value, float(slider.value())
            self._show_reset(is_there=now.is_none)
        self._show_fit()

    def _show_reset(self, *, is_there: bool) -> None:
        about = self.session.about
        can_undo = about.before_reset is not None
        self.reset.setText("Undo reset" if can_undo else "Reset")
        idle = is_there and not about.is_stretched and not can_undo
        help_text = _UNDO_HELP if can_undo else _RESET_HELP
        allow(self.reset, "It lies there now" if idle else "", help_text)

    def _show_fit(self) -> None:
        about = self.session.about
        allow(self.suggest, _NOTHING_BETTER if about.better is None else "")
        fit = about.fit
        if fit is None:
            self.told.setText("")
        elif fit.on_tissue is None:
            self.told.setText(f"{fit.inside:.0%} of the spots lie on the picture.")
        else:
            self.told.setText(
                f"{fit.inside:.0%} of the spots lie on the picture, "
                f"{fit.on_tissue:.0%} on tissue."
            )


def _slider(
    help_text: str, limits: tuple[float, float], decimals: int = 0
) -> QLabeledDoubleSlider:
    slider = QLabeledDoubleSlider(Qt.Orientation.Horizontal)
    slider.setDecimals(decimals)
    slider.setRange(*limits)
    slider.setToolTip(help_text)
    return slider


def _size(image: TissueImage) -> tuple[float, float]:
    """(width, height) of a picture in full-resolution pixels."""
    rows, cols = image.data.shape[:2]
    return cols / image.scale, rows / image.scale
