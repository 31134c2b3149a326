# What the run says, and what it installs from Debian. Sourced by tests/run.

say() { printf 'tests/run: %s\n' "$*"; }
has() { say "has $*"; }

lacks() {
    say "lacks $*"
    [ "${CI:-}" != true ] || status=1
}

is_root_on_debian() { [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null; }

# apt_install PACKAGE...: those that are missing. RUNLEVEL=1 keeps Debian from starting their services.
apt_install() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} = 0 ] && return 0
    is_root_on_debian || return 1
    say "installing ${missing[*]}"
    local install=(env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}")
    "${install[@]}" >"$LOGS/apt.log" 2>&1 && return 0
    { apt-get update && "${install[@]}"; } >>"$LOGS/apt.log" 2>&1
}

# Whatever a test left running carries this run's mark in its environment.
end_leftovers() {
    [ -n "${KFLITE_TEST_RUN:-}" ] && [ -d /proc/self ] || return 0
    local entry pid
    for entry in $(grep -lzsx "KFLITE_TEST_RUN=$KFLITE_TEST_RUN" /proc/[0-9]*/environ); do
        pid=${entry//[^0-9]/}
        [ "$pid" = $$ ] || kill -KILL "$pid" 2>/dev/null
    done
}
