# The tests' own environment, with kflite installed from a wheel so that the packaging is tested too. Sourced by tests/run.

dependencies() {
    "$1" - <<'PYTHON'
import hashlib, sys, tomllib
project = tomllib.load(open("pyproject.toml", "rb"))
parts = (sys.version, project["build-system"], project["project"]["dependencies"], project["project"]["optional-dependencies"])
print(hashlib.sha256(repr(parts).encode()).hexdigest())
PYTHON
}

# Kept between runs; made anew when Python or the dependencies change.
make_venv() {
    local python key
    python=$(command -v "${PYTHON:-python3}") || { lacks "Python 3.11 or newer"; return 1; }
    # The one behind an activated environment, which may be the very one that is made anew.
    python=$("$python" -c 'import sys; print(sys._base_executable)') || return 1
    key=$(dependencies "$python") || return 1
    [ -x "$VENV/bin/python" ] && [ "$(cat "$VENV/kflite.key" 2>/dev/null)" = "$key" ] && return 0
    say "making $VENV (once)"
    rm -rf "$VENV"
    # Debian packs it apart from Python.
    "$python" -c 'import ensurepip' 2>/dev/null || apt_install python3-venv || { lacks "python3-venv"; return 1; }
    {
        "$python" -m venv "$VENV" &&
            "$VENV/bin/python" -m pip install -U pip 'setuptools>=77' &&
            copy_source && "$VENV/bin/python" -m pip install "$SCRATCH/source[test]"
    } >"$LOGS/venv.log" 2>&1 || return 1
    printf '%s' "$key" >"$VENV/kflite.key"
}

# A build in the work tree would leave its own, soon stale, copies of the modules there.
copy_source() {
    rm -rf "$SCRATCH/source" && mkdir "$SCRATCH/source" &&
        tar -c --exclude='./.*' --exclude=./build --exclude='*.egg-info' . | tar -x -C "$SCRATCH/source"
}

install_kflite() {
    {
        copy_source && rm -rf "$SCRATCH/wheel" &&
            "$VENV/bin/python" -m pip wheel -q --no-deps --no-build-isolation -w "$SCRATCH/wheel" "$SCRATCH/source" &&
            "$VENV/bin/python" -m pip install -q --no-deps --force-reinstall "$SCRATCH"/wheel/kflite-*.whl
    } >"$LOGS/install.log" 2>&1
}
