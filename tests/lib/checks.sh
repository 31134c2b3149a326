# What is checked without running anything. Sourced by tests/run.

check_source() {
    local bad=0
    check ruff check . || bad=1
    check ruff format --check . || bad=1
    check mypy || bad=1
    check lint-imports || bad=1
    return "$bad"
}

# check PROGRAM ARGUMENT...: one line when all is well, the program's own words when not.
check() {
    local log=$LOGS/$1.log
    if "$VENV/bin/$1" "${@:2}" >"$log" 2>&1; then
        say "passed: $*"
    else
        cat "$log"
        say "failed: $*"
        return 1
    fi
}
