#!/usr/bin/env bash
# Make the virtual environment and fetch what the demo or the tests need.
#
#   scripts/setup.sh demo|test
#
# Environment: VENV (folder, default .venv), PYTHON (interpreter to build it with),
# TORCH (pip arguments that install PyTorch, before everything else), PYSIDE (the second
# Qt that the window is tested with).
# Idempotent: what is there already is left alone.
set -euo pipefail

purpose=${1:?usage: scripts/setup.sh demo|test}
venv=${VENV:-.venv}
torch=${TORCH:-torch==2.13.0}
pyside=${PYSIDE:-PySide6_Essentials==6.11.3}

# Qt's X11 platform, OpenGL for napari's canvas, and a display for machines without one.
system_packages=(
    xvfb xauth libegl1 libgl1 libgl1-mesa-dri libglx-mesa0 libxkbcommon-x11-0
    libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
    libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 libdbus-1-3
    libfontconfig1 libglib2.0-0
)

say() { printf '==> %s\n' "$*"; }
warn() { printf '==> %s\n' "$*" >&2; }
die() {
    warn "$@"
    exit 1
}

has_display() {
    [ "$(uname)" = Darwin ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]
}

is_recent() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if is_recent "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    die "Python 3.11 or newer is needed and none was found on the PATH." \
        "Install one, or name it: make $purpose PYTHON=/path/to/python3.12"
}

# Whether a Python can make virtual environments; Debian packs that apart.
has_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

is_installed() {
    [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) = *" installed" ]]
}

# Those of the given Debian packages that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        # From Ubuntu 24.04 on, some libraries carry a "t64" at the end of the name.
        is_installed "$package" || is_installed "${package}t64" || echo "$package"
    done
}

# Install Debian packages as root or through sudo; fails where neither is possible.
apt_install() {
    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || return 1
        sudo -n true 2>/dev/null || [ -t 0 ] || return 1
        as_root=(sudo)
    fi
    as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -q)
    say "Installing system packages: $*"
    "${as_root[@]}" update && "${as_root[@]}" install -y --no-install-recommends "$@"
}

ensure_system_packages() {
    local wanted=() missing
    if command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
        wanted=("${system_packages[@]}")
        has_venv "$python" || wanted+=("$("$python" -c \
            'import sys; print("python%d.%d-venv" % sys.version_info[:2])')")
        mapfile -t missing < <(missing_packages "${wanted[@]}")
        if [ "${#missing[@]}" -gt 0 ] && ! apt_install "${missing[@]}"; then
            warn "These system packages are missing and cannot be installed from here."
            warn "Ask an administrator for:  apt-get install ${missing[*]}"
        fi
    fi
    has_venv "$python" ||
        die "$python cannot make virtual environments: its venv module is missing."
    # A desktop has a display, and libraries of its own: there the rest may well do.
    has_display || command -v xvfb-run >/dev/null ||
        die "There is no display here, and no xvfb-run (Xvfb) to stand in for one."
}

ensure_venv() {
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 && return
    say "Making $venv with $("$python" --version)"
    "$python" -m venv "$venv"
}

ensure_python_packages() {
    local pip=("$venv/bin/python" -m pip install --disable-pip-version-check)
    [ -t 1 ] || pip+=(-q)
    local wanted=(-e ".[pyqt6]")
    [ "$purpose" = test ] && wanted+=(--group dev)
    say "Installing Python packages into $venv (some minutes the first time)"
    "${pip[@]}" "pip>=25.1"
    # PyTorch first and from the given pin: left to itself pip may fetch another build.
    # shellcheck disable=SC2086 - TORCH may carry several arguments
    "${pip[@]}" $torch
    "${pip[@]}" "${wanted[@]}"
}

# The other Qt lies in a folder of its own, which only its tests put on PYTHONPATH:
# installed beside PyQt6, it would be taken by whatever looks for PySide6 first.
ensure_second_qt() {
    local folder=$venv/pyside6
    [ "$(cat "$folder/.made-from" 2>/dev/null)" = "$pyside" ] && return
    say "Fetching $pyside"
    rm -rf "$folder"
    "$venv/bin/python" -m pip install --disable-pip-version-check -q \
        --target "$folder" "$pyside"
    echo "$pyside" >"$folder/.made-from"
}

python=$(find_python)
ensure_system_packages
ensure_venv
ensure_python_packages
[ "$purpose" = test ] && ensure_second_qt
say "Ready for make $purpose"
