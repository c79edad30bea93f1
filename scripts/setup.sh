#!/usr/bin/env bash
# Make the virtual environment and fetch what the demo or the tests need.
#
#   scripts/setup.sh demo|test
#
# Environment: VENV (folder, default .venv), PYTHON (interpreter to build it with),
# TORCH (pip arguments that install PyTorch, before everything else).
# Idempotent: what is there already is left alone.
set -euo pipefail

purpose=${1:?usage: scripts/setup.sh demo|test}
venv=${VENV:-.venv}
torch=${TORCH:-torch==2.13.0}

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

# Run apt-get as root; fails where nobody may.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
        sudo "$@"
    else
        return 1
    fi
}

# Names of those of the given Debian packages that are not installed.
missing_packages() {
    local package
    for package in "$@"; do
        # From Ubuntu 24.04 on, some libraries carry a "t64" at the end of the name.
        dpkg -s "$package" >/dev/null 2>&1 || dpkg -s "${package}t64" >/dev/null 2>&1 ||
            printf '%s ' "$package"
    done
}

# Install Debian packages; returns 1, after saying so, where it cannot.
apt_install() {
    local packages=("$@")
    say "Installing system packages: ${packages[*]}"
    export DEBIAN_FRONTEND=noninteractive
    if as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${packages[@]}"; then
        return
    fi
    warn "These system packages are missing and could not be installed from here:"
    warn "    ${packages[*]}"
    warn "Ask an administrator for: apt-get install ${packages[*]}"
    return 1
}

ensure_system_packages() {
    [ "$(uname)" = Linux ] || return 0
    if ! command -v dpkg >/dev/null || ! command -v apt-get >/dev/null; then
        has_display || command -v xvfb-run >/dev/null ||
            die "There is no display here, and no xvfb-run to stand in for one." \
                "Install Xvfb and Mesa's OpenGL with this system's package manager."
        return 0
    fi
    local missing
    read -ra missing <<<"$(missing_packages "${system_packages[@]}")"
    [ "${#missing[@]}" -gt 0 ] || return 0
    # A desktop has its own Qt and OpenGL libraries: there the rest may well work.
    apt_install "${missing[@]}" || has_display || command -v xvfb-run >/dev/null ||
        die "Without a display, a virtual one (xvfb) is needed. Nothing more was done."
}

ensure_venv() {
    [ -x "$venv/bin/pip" ] && return
    local python
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        local package
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        command -v apt-get >/dev/null && apt_install "$package" ||
            die "$python cannot make virtual environments: its venv module is missing" \
                "(Debian and Ubuntu: apt-get install $package)."
    fi
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

ensure_system_packages
ensure_venv
ensure_python_packages
say "Ready for make $purpose"
