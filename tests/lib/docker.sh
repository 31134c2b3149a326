# A Docker daemon, and a Python image made without any registry. Sourced by tests/run.
TEST_IMAGE=kflite-test/python:3.11

start_docker() {
    docker info >/dev/null 2>&1 && return 0
    is_root_on_debian || return 1
    # docker.io only recommends iptables, but its daemon does not start without it.
    apt_install docker.io iptables || return 1
    setsid dockerd >"$LOGS/dockerd.log" 2>&1 </dev/null &
    DOCKERD=$!
    local tries
    for tries in $(seq 120); do
        docker info >/dev/null 2>&1 && return 0
        kill -0 "$DOCKERD" 2>/dev/null || break
        sleep 0.5
    done
    stop_docker
    return 1
}

# Only a daemon that this run started; its containerd ends with it.
stop_docker() {
    [ -n "${DOCKERD:-}" ] || return 0
    kill "$DOCKERD" 2>/dev/null
    wait "$DOCKERD" 2>/dev/null
    DOCKERD=
}

make_image() {
    local tarball=$CACHE/python-3.11-bookworm.tar
    docker image inspect "$TEST_IMAGE" >/dev/null 2>&1 && return 0
    [ -f "$tarball" ] || make_tarball "$tarball" || return 1
    docker import --change 'CMD ["python3"]' "$tarball" "$TEST_IMAGE" >"$LOGS/docker-import.log" 2>&1
}

make_tarball() {
    local root=$CACHE/python-3.11-bookworm.root
    apt_install debootstrap || return 1
    say "making the image $TEST_IMAGE (once)"
    rm -rf "$root"
    debootstrap --variant=minbase --include=python3 bookworm "$root" >"$LOGS/debootstrap.log" 2>&1 || return 1
    rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}
    tar -C "$root" --numeric-owner -cf "$1.part" . && mv "$1.part" "$1" && rm -rf "$root"
}
