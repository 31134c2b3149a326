# A Docker daemon, and images made without any registry: Python, and Python with scikit-learn. Sourced by tests/run.
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

# For examples that learn: the packages are this environment's own, and the tag tells them.
UNPACK='to=/usr/local/lib/python3.11/dist-packages && mkdir -p $to && tar -x -C $to && python3 -m compileall -q -j 2 $to && python3 -c "import sklearn"'
make_learning_image() {
    local site container
    LEARNING_IMAGE=kflite-test/scikit-learn:$("$VENV/bin/python" tests/lib/learning.py tag) || return 1
    docker image inspect "$LEARNING_IMAGE" >/dev/null 2>&1 && return 0
    say "making the image $LEARNING_IMAGE (once)"
    site=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    container=kflite-test-learning-$$
    {
        "$VENV/bin/python" tests/lib/learning.py | tar -c -C "$site" -T - |
            docker run -i --name "$container" "$TEST_IMAGE" sh -c "$UNPACK" &&
            docker commit -c 'CMD ["python3"]' "$container" "$LEARNING_IMAGE"
    } >"$LOGS/learning-image.log" 2>&1
    local made=$?
    docker rm -f "$container" >/dev/null 2>&1
    return "$made"
}
