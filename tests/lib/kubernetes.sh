# A real cluster of one node: the script beside the checkout starts it, or KFLITE_TEST_KUBECONFIG names one. Sourced by tests/run.
CLUSTER=${KFLITE_TEST_CLUSTER_SCRIPT:-$PWD/../shared/kube/cluster}

# The nodes of a cluster of one's own must have the image already.
start_cluster() {
    [ -z "${KFLITE_TEST_KUBECONFIG:-}" ] || return 0
    command -v kubectl >/dev/null || apt_install kubernetes-client || return 1
    apt_install docker.io containernetworking-plugins iptables openssl xz-utils || return 1
    local config=${KUBE_HOME:-/var/tmp/kflite-kube}/cfg/admin.kubeconfig
    kubectl --kubeconfig "$config" --request-timeout 5 get --raw /readyz >/dev/null 2>&1 || OWN_CLUSTER=1
    # On a busy machine the kubelet may ask containerd too early, and end: the second time that is there.
    { "$CLUSTER" up || "$CLUSTER" up; } >"$LOGS/cluster.log" 2>&1 || return 1
    "$CLUSTER" load "$TEST_IMAGE" >>"$LOGS/cluster.log" 2>&1 || return 1
    export KFLITE_TEST_KUBECONFIG=$config
    [ -z "${KFLITE_TEST_LEARNING_IMAGE:-}" ] || load_once "$KFLITE_TEST_LEARNING_IMAGE" || return 1
    make_staging_image || return 1
}

# It is large, and takes a while.
load_once() {
    kubectl --kubeconfig "$KFLITE_TEST_KUBECONFIG" get nodes -o 'jsonpath={.items[*].status.images[*].names}' | grep -qF "$1" ||
        "$CLUSTER" load "$1" >>"$LOGS/cluster.log" 2>&1
}

# Its S3, and the image with the kflite that is tested, which copies to it and from it; both are the script's own cluster's.
# What kflite needs is put together once, and anew when that changes.
make_staging_image() {
    local image=kflite-test/kflite:1 needs context=$SCRATCH/image
    needs=kflite-test/needs:$(sha256sum pyproject.toml | cut -c1-12)
    {
        docker image inspect "$needs" ||
            "$VENV/bin/kflite" image build --name "$needs" --base "$TEST_IMAGE" || return 1
        mkdir -p "$context" && cp -r "$("$VENV/bin/python" -Pc 'import kflite; print(kflite.__path__[0])')" "$context/kflite" &&
            printf 'FROM %s\nCOPY kflite /opt/kflite/kflite\n' "$needs" >"$context/Dockerfile" &&
            docker build --quiet --tag "$image" "$context" && "$CLUSTER" load "$image" || return 1
    } >>"$LOGS/cluster.log" 2>&1
    export KFLITE_TEST_STAGING_IMAGE=$image KFLITE_TEST_S3=http://10.244.0.1:9000
}

# Only a cluster that this run started.
stop_cluster() {
    [ -n "${OWN_CLUSTER:-}" ] || return 0
    "$CLUSTER" down >>"$LOGS/cluster.log" 2>&1
    OWN_CLUSTER=
}
