"""The node's processes: each with its program, its arguments and how to see its health.

Pure: from an instance to a list. Must not start or ask anything.
"""

from dataclasses import dataclass
from pathlib import Path

from localcluster import builds, node, pki
from localcluster.instance import Instance

BUILDS = (
    "kubernetes",
    "containerd",
    "metrics-server",
    "coredns",
    "kubectl",
    "etcd",
    "runc",
    "cni",
    "pause",
)
MANY_REQUESTS = ("--kube-api-qps=1000", "--kube-api-burst=2000")
HPA_PERIOD = "5s"
METRICS_PORT = 4443
KUBELET_PORT = 10250
DNS_READY_PORT = 8181


@dataclass(frozen=True, slots=True)
class Component:
    """One process of the node."""

    name: str
    program: Path
    arguments: tuple[str, ...]
    health: str = ""
    environment: tuple[tuple[str, str], ...] = ()


def control(instance: Instance) -> tuple[Component, ...]:
    """What needs no API server to start: the store, the API server, the container runtime."""
    return (_etcd(instance), _api_server(instance), _containerd(instance))


def clients(instance: Instance) -> tuple[Component, ...]:
    """What starts once the API server answers."""
    return (
        _kubelet(instance),
        _kube_proxy(instance),
        _controller_manager(instance),
        _scheduler(instance),
    )


def addons(instance: Instance) -> tuple[Component, ...]:
    """What starts once its permissions are applied."""
    return (_coredns(instance), _metrics_server(instance))


def every(instance: Instance) -> tuple[Component, ...]:
    """All components of a node."""
    return (*control(instance), *clients(instance), *addons(instance))


def component_kubeconfig(instance: Instance, name: str) -> Path:
    """Where a component finds its kubeconfig."""
    return instance.state / "config" / f"{name}.kubeconfig"


def config(instance: Instance, name: str) -> Path:
    """Where a component finds a configuration file."""
    return instance.state / "config" / name


def _certificate(instance: Instance, name: str) -> Path:
    return pki.folder(instance) / name


def _serving(instance: Instance) -> tuple[str, ...]:
    return (
        f"--tls-cert-file={_certificate(instance, 'node.crt')}",
        f"--tls-private-key-file={_certificate(instance, 'node.key')}",
    )


def _etcd(instance: Instance) -> Component:
    return Component(
        "etcd",
        builds.program("etcd"),
        (
            f"--data-dir={instance.state / 'etcd'}",
            "--unsafe-no-fsync",  # a cluster that a reboot ends anyway
            "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--log-level=warn",
        ),
    )


def _api_server(instance: Instance) -> Component:
    return Component(
        "kube-apiserver",
        builds.program("kubernetes", "kube-apiserver"),
        (
            "--etcd-servers=http://127.0.0.1:2379",
            f"--advertise-address={instance.node_address}",
            "--secure-port=6443",
            *_serving(instance),
            *_trust(instance),
            f"--service-cluster-ip-range={instance.service_network}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            # By address: the node's name is in no DNS.
            "--kubelet-preferred-address-types=InternalIP",
            # To the endpoint itself: metrics-server is no pod behind a Service of its own.
            "--enable-aggregator-routing=true",
            f"--audit-policy-file={config(instance, 'audit-policy.yaml')}",
            f"--audit-log-path={instance.audit_log}",
            "--audit-log-maxsize=1000",
            "--audit-log-maxbackup=1",
        ),
        health=f"{instance.api}/readyz",
    )


def _trust(instance: Instance) -> tuple[str, ...]:
    return (
        f"--client-ca-file={_certificate(instance, 'ca.crt')}",
        f"--kubelet-certificate-authority={_certificate(instance, 'ca.crt')}",
        f"--kubelet-client-certificate={_certificate(instance, 'admin.crt')}",
        f"--kubelet-client-key={_certificate(instance, 'admin.key')}",
        f"--service-account-key-file={_certificate(instance, 'sa.pub')}",
        f"--service-account-signing-key-file={_certificate(instance, 'sa.key')}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--requestheader-client-ca-file={_certificate(instance, 'ca.crt')}",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={_certificate(instance, 'front-proxy.crt')}",
        f"--proxy-client-key-file={_certificate(instance, 'front-proxy.key')}",
    )


def _containerd(instance: Instance) -> Component:
    path = [str(builds.folder("containerd")), str(builds.folder("runc")), *node.SYSTEM_PATH]
    return Component(
        "containerd",
        builds.program("containerd"),
        (f"--config={config(instance, 'containerd.toml')}",),
        health=f"unix:{instance.containerd}",
        environment=(("PATH", ":".join(path)),),
    )


def _kubelet(instance: Instance) -> Component:
    return Component(
        "kubelet",
        builds.program("kubernetes", "kubelet"),
        (
            f"--config={config(instance, 'kubelet.yaml')}",
            f"--kubeconfig={component_kubeconfig(instance, 'kubelet')}",
            f"--hostname-override={instance.node}",
            f"--node-ip={instance.node_address}",
            f"--root-dir={instance.state / 'kubelet'}",
        ),
        health=f"https://{instance.node_address}:{KUBELET_PORT}/healthz",
    )


def _kube_proxy(instance: Instance) -> Component:
    return Component(
        "kube-proxy",
        builds.program("kubernetes", "kube-proxy"),
        (
            f"--kubeconfig={component_kubeconfig(instance, 'kube-proxy')}",
            f"--hostname-override={instance.node}",
            f"--cluster-cidr={instance.pod_network}",
            "--proxy-mode=nftables",
            "--conntrack-max-per-core=0",  # a setting of the whole machine, not ours to change
            f"--healthz-bind-address={instance.node_address}:10256",
        ),
        health=f"http://{instance.node_address}:10256/livez",
    )


def _controller_manager(instance: Instance) -> Component:
    kubeconfig = component_kubeconfig(instance, "kube-controller-manager")
    return Component(
        "kube-controller-manager",
        builds.program("kubernetes", "kube-controller-manager"),
        (
            f"--kubeconfig={kubeconfig}",
            f"--root-ca-file={_certificate(instance, 'ca.crt')}",
            f"--service-account-private-key-file={_certificate(instance, 'sa.key')}",
            f"--cluster-signing-cert-file={_certificate(instance, 'ca.crt')}",
            f"--cluster-signing-key-file={_certificate(instance, 'ca.key')}",
            "--use-service-account-credentials=true",
            f"--flex-volume-plugin-dir={instance.state / 'volume-plugins'}",
            "--leader-elect=false",
            f"--horizontal-pod-autoscaler-sync-period={HPA_PERIOD}",
            *_serving(instance),
            *MANY_REQUESTS,
        ),
        health=f"https://{instance.node_address}:10257/healthz",
    )


def _scheduler(instance: Instance) -> Component:
    return Component(
        "kube-scheduler",
        builds.program("kubernetes", "kube-scheduler"),
        (
            f"--kubeconfig={component_kubeconfig(instance, 'kube-scheduler')}",
            "--leader-elect=false",
            *_serving(instance),
            *MANY_REQUESTS,
        ),
        health=f"https://{instance.node_address}:10259/healthz",
    )


def _coredns(instance: Instance) -> Component:
    return Component(
        "coredns",
        builds.program("coredns"),
        ("-conf", str(config(instance, "Corefile"))),
        health=f"http://{instance.node_address}:{DNS_READY_PORT}/ready",
    )


def _metrics_server(instance: Instance) -> Component:
    kubeconfig = component_kubeconfig(instance, "metrics-server")
    return Component(
        "metrics-server",
        builds.program("metrics-server"),
        (
            *(
                f"--{use}kubeconfig={kubeconfig}"
                for use in ("", "authentication-", "authorization-")
            ),
            f"--secure-port={METRICS_PORT}",
            *_serving(instance),
            f"--kubelet-certificate-authority={_certificate(instance, 'ca.crt')}",
            "--kubelet-preferred-address-types=InternalIP",
            "--metric-resolution=10s",
            "--kubelet-request-timeout=5s",  # must stay below the resolution
        ),
        health=f"https://{instance.node_address}:{METRICS_PORT}/livez",
    )


def corefile(instance: Instance) -> str:
    """CoreDNS's configuration, which names the port that its health is asked at."""
    return node.corefile(instance, str(component_kubeconfig(instance, "coredns")), DNS_READY_PORT)
