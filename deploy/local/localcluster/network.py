"""The node's network namespace, its cable to the host, and the host's routes to it.

Nothing is routed beyond the machine: the namespace has no way out but to the host's own address,
and behind each of the host's routes stands a blackhole for the time the cluster is gone.
Must not touch a namespace, link or route that is not this instance's.
"""

import json
import time
from ipaddress import IPv4Network
from pathlib import Path

from localcluster import mounts
from localcluster.commands import Failure, run, succeeds
from localcluster.instance import Instance

NODE_LINK = "eth0"
PATIENCE_S = 5.0
BLACKHOLE_METRIC = "4096"


def ensure(instance: Instance) -> None:
    """Make whatever is missing of the namespace, the cable and the routes."""
    _refuse_taken_networks(instance)
    if not exists(instance):
        instance.netns.touch()
        run(["unshare", f"--net={instance.netns}", "true"])
    if not _link_exists(instance):
        peer = ("peer", "name", NODE_LINK, "netns", str(instance.netns))
        run(["ip", "link", "add", instance.link, "type", "veth", *peer])
    _configure_host(instance)
    _configure_node(instance)


def exists(instance: Instance) -> bool:
    """Whether the node's network namespace is there."""
    return bool(mounts.below((instance.netns,), mounts.MOUNTINFO.read_text()))


def remove(instance: Instance) -> None:
    """Take away link, routes and namespace, whatever of them is there."""
    _remove_link(instance)
    for network in instance.networks:
        succeeds(["ip", "route", "delete", "blackhole", str(network)])
    mounts.remove((instance.netns,))


def inside(instance: Instance) -> list[str]:
    """The words that run what follows inside the node's network.

    `ip netns exec` would remount /sys, and kubelet would then find no control groups.
    """
    return ["nsenter", f"--net={instance.netns}"]


def conflicts(routes: str, instance: Instance) -> list[str]:
    """Networks of this machine's routing table (as JSON) that overlap with the instance's own."""
    taken = [
        f"{route['dst']} on {route.get('dev', route.get('type', 'unknown'))}"
        for route in json.loads(routes)
        if route["dst"] != "default"
        and route.get("type") != "blackhole"
        and route.get("dev") != instance.link
        and any(IPv4Network(route["dst"]).overlaps(network) for network in instance.networks)
    ]
    return sorted(taken)


def _refuse_taken_networks(instance: Instance) -> None:
    routes = run(["ip", "-4", "-json", "route", "show", "table", "main"])
    if taken := conflicts(routes, instance):
        raise Failure(
            f"this machine already routes {', '.join(taken)}, which the cluster {instance.name} "
            f"would use: choose another name with --instance, or remove that route"
        )


def _remove_link(instance: Instance) -> None:
    """Delete the cable, which the kernel may be deleting already with the namespace it led to."""
    deadline = time.monotonic() + PATIENCE_S
    while _link_exists(instance) and not succeeds(["ip", "link", "delete", instance.link]):
        if time.monotonic() > deadline:
            raise Failure(f"could not delete the link {instance.link}")
        time.sleep(0.02)


def _link_exists(instance: Instance) -> bool:
    return Path("/sys/class/net", instance.link).exists()


def _configure_host(instance: Instance) -> None:
    address = f"{instance.host_address}/{instance.node_network.prefixlen}"
    run(["ip", "address", "replace", address, "dev", instance.link])
    run(["ip", "link", "set", instance.link, "up"])
    for network in instance.networks:
        run(["ip", "route", "replace", "blackhole", str(network), "metric", BLACKHOLE_METRIC])
    for network in (instance.pod_network, instance.service_network):
        run(["ip", "route", "replace", str(network), "via", str(instance.node_address)])


def _configure_node(instance: Instance) -> None:
    address = f"{instance.node_address}/{instance.node_network.prefixlen}"
    commands = [
        "link set lo up",
        f"address replace {address} dev {NODE_LINK}",
        f"link set {NODE_LINK} up",
        # A Service's address must have a route before kube-proxy can rewrite it.
        f"route replace {instance.service_network} dev {NODE_LINK}",
        "route replace unreachable default",
    ]
    run([*inside(instance), "ip", "-batch", "-"], stdin="\n".join(commands) + "\n")
    forward = "echo 1 > /proc/sys/net/ipv4/ip_forward"
    run([*inside(instance), "sh", "-c", forward])
