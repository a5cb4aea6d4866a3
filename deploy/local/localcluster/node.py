"""The configuration files of the node: container runtime, pod network, kubelet, audit, DNS.

Pure: from an instance to texts. Must not write or start anything.
"""

from typing import Any

import yaml

from localcluster import builds, cgroups, pki
from localcluster.instance import Instance

PAUSE_IMAGE = "localhost/pause:v0"
SYSTEM_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
MOST_PODS = 250


def containerd(instance: Instance) -> str:
    """The container runtime: all its state below the instance's folders."""
    return f"""\
version = 3
root = "{instance.state / "containerd"}"
state = "{instance.run / "containerd"}"
# The socket of NRI plugins would be shared by all instances.
disabled_plugins = ["io.containerd.nri.v1.nri"]

[grpc]
  address = "{instance.containerd}"

[plugins.'io.containerd.shim.v1.manager']
  socket_dir = "{instance.run / "s"}"

[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "{PAUSE_IMAGE}"

[plugins.'io.containerd.cri.v1.runtime']
  # Works with and without CAP_SYS_RESOURCE, which lowering a score needs.
  restrict_oom_score_adj = true
  disable_hugetlb_controller = true
  netns_mounts_under_state_dir = true
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["{builds.folder("cni")}"]
    conf_dir = "{instance.state / "config" / "cni"}"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = "{builds.program("runc")}"
      Root = "{instance.run / "runc"}"
      SystemdCgroup = false
"""


def pod_network(instance: Instance) -> dict[str, Any]:
    """Each pod hangs on a cable of its own; the node routes."""
    addresses = {
        "type": "host-local",
        "dataDir": str(instance.run / "ipam"),
        "ranges": [[{"subnet": str(instance.pod_network)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    port_map = {
        "type": "portmap",
        "backend": "nftables",
        "capabilities": {"portMappings": True},
    }
    return {
        "cniVersion": "1.0.0",
        "name": instance.link,
        "plugins": [{"type": "ptp", "ipMasq": False, "ipam": addresses}, port_map],
    }


def kubelet(instance: Instance) -> dict[str, Any]:
    """Kubelet, with the limits of pods enforced and no image ever collected."""
    certificates = pki.folder(instance)
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(certificates / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(certificates / "node.crt"),
        "tlsPrivateKeyFile": str(certificates / "node.key"),
        "clusterDNS": [str(instance.dns_address)],
        "clusterDomain": "cluster.local",
        "resolvConf": "",
        "containerRuntimeEndpoint": f"unix://{instance.containerd}",
        "failSwapOn": False,
        "failCgroupV1": False,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroups.path(instance),
        "cgroupsPerQOS": True,
        "enforceNodeAllocatable": [],
        "podLogsDir": str(instance.pod_logs),
        "volumePluginDir": str(instance.state / "volume-plugins"),
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
        },
        "maxPods": MOST_PODS,
        "serializeImagePulls": False,
        "kubeAPIQPS": 200,
        "kubeAPIBurst": 400,
    }


def audit_policy() -> dict[str, Any]:
    """Every request once, when it is answered, without its body."""
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata"}],
    }


def corefile(instance: Instance, kubeconfig: str, ready_port: int) -> str:
    """Cluster DNS; there is no other name in the world, and asking for one says so at once."""
    return f"""\
cluster.local:53 in-addr.arpa:53 {{
    bind {instance.node_address}
    errors
    ready {instance.node_address}:{ready_port}
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {kubeconfig}
        pods insecure
        ttl 5
    }}
    loadbalance
}}
.:53 {{
    bind {instance.node_address}
    template ANY ANY . {{
        rcode NXDOMAIN
    }}
}}
"""


def as_yaml(config: dict[str, Any]) -> str:
    """A configuration as its reader wants it."""
    return yaml.safe_dump(config, sort_keys=False)
