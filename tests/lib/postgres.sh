# A private PostgreSQL on a free port of the loopback, gone at the end. Sourced by tests/run.

start_postgres() {
    local bin port data=$SCRATCH/postgres as=(env) session
    bin=$(postgres_programs) || { apt_install postgresql && bin=$(postgres_programs); } || return 1
    port=$("$VENV/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    mkdir -p "$data" || return 1
    # The server refuses to run as root.
    if [ "$(id -u)" = 0 ]; then
        as=(setpriv --reuid=postgres --regid=postgres --init-groups --)
        chown postgres "$data" && chmod 711 "$SCRATCH" || return 1
    fi
    "${as[@]}" "$bin/initdb" -D "$data/db" -U kflite --auth=trust -E UTF8 --locale=C.UTF-8 --no-sync \
        >"$LOGS/postgres.log" 2>&1 || return 1
    session=$(command -v setsid) # so that Ctrl-C reaches the tests before it reaches their server
    $session "${as[@]}" "$bin/postgres" -D "$data/db" -p "$port" -h 127.0.0.1 -k "$data" \
        -c fsync=off -c full_page_writes=off >>"$LOGS/postgres.log" 2>&1 </dev/null &
    POSTGRES=$!
    local tries
    for tries in $(seq 100); do
        "$bin/pg_isready" -q -h 127.0.0.1 -p "$port" && break
        kill -0 "$POSTGRES" 2>/dev/null || return 1
        sleep 0.1
    done
    export KFLITE_TEST_POSTGRES=postgresql://kflite@127.0.0.1:$port/postgres
}

postgres_programs() {
    local candidate
    for candidate in "$(pg_config --bindir 2>/dev/null)" /usr/lib/postgresql/*/bin; do
        [ -x "$candidate/initdb" ] && [ -x "$candidate/postgres" ] && { echo "$candidate"; return 0; }
    done
    return 1
}

# SIGINT ends the sessions too, and waits for no client.
stop_postgres() {
    [ -n "${POSTGRES:-}" ] || return 0
    kill -INT "$POSTGRES" 2>/dev/null
    wait "$POSTGRES" 2>/dev/null
    POSTGRES=
}
