#!/usr/bin/env bash
# Run a command under a virtual X display, so that windows open on a machine without a
# screen and do not pop up on one with it. Where there is no Xvfb, use the real display.
set -euo pipefail

if command -v xvfb-run >/dev/null; then
    exec env -u WAYLAND_DISPLAY QT_QPA_PLATFORM=xcb \
        xvfb-run -a -s "-screen 0 1600x1000x24" "$@"
fi
if [ "$(uname)" = Darwin ] || [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    exec "$@"
fi
echo "There is neither a display nor xvfb-run here (Debian: apt-get install xvfb)." >&2
exit 1
