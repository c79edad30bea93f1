"""Amounts in words, the same in the window and at the terminal."""

from __future__ import annotations

from collections.abc import Callable

_GIGABYTE, _MEGABYTE, _KILOBYTE = 1e9, 1e6, 1e3


def counted(number: int, what: str) -> str:
    """Write how many there are of something: '1 spot', '1,200 spots'."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def how_many(number: int, one: str, many: str) -> str:
    """Write what there is, without the number where it is one; "" for none."""
    return one if number == 1 else f"{number} {many}" if number else ""


def time_in_words(seconds: float) -> str:
    """Write a time as a person would: '8 s', '2 min', '1 h 5 min'."""
    whole = round(seconds)
    if whole < 90:
        return f"{max(whole, 1)} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def memory_in_words(n_bytes: float) -> str:
    """Write an amount of memory as it is estimated: '0.6 GB', '24 GB'."""
    gigabytes = n_bytes / _GIGABYTE
    if gigabytes >= 10:
        return f"{gigabytes:,.0f} GB"
    return f"{max(gigabytes, 0.1):.1f} GB"


def room_in_words(n_bytes: float, rounded: Callable[[float], float] = round) -> str:
    """Write an amount of a disk: '12 kB', '2.8 MB', '24 GB'.

    What is too little shows as such where the one is rounded by `math.ceil`, and the
    other by `math.floor`.
    """
    if n_bytes < _MEGABYTE:
        return f"{rounded(n_bytes / _KILOBYTE):,} kB"
    unit, name = (_MEGABYTE, "MB") if n_bytes < _GIGABYTE else (_GIGABYTE, "GB")
    if n_bytes >= 10 * unit:
        return f"{rounded(n_bytes / unit):,} {name}"
    return f"{rounded(n_bytes / unit * 10) / 10:.1f} {name}"
