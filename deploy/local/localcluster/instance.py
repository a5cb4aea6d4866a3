"""One cluster of this machine: its name, and every address and path that follows from the name.

Pure. Two instances share nothing but the cache of programs.
"""

import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

DEFAULT = "slipway"
OTHER_NUMBERS = 7
STATE = Path("/var/lib/slipway-local")
RUN = Path("/run/slipway-local")


@dataclass(frozen=True, slots=True)
class Instance:
    """A cluster's name and number; everything else is derived."""

    name: str
    number: int

    @property
    def state(self) -> Path:
        """What outlives a process: data, certificates, logs. For root only."""
        return STATE / self.name

    @property
    def run(self) -> Path:
        """Sockets and mounts; short, as a socket's path has at most 107 bytes."""
        return RUN / self.name

    @property
    def netns(self) -> Path:
        """The network namespace that the whole node lives in."""
        return self.run / "net"

    @property
    def link(self) -> str:
        """The host's end of the cable to the node."""
        return f"slipway{self.number}"

    @property
    def node(self) -> str:
        """The node's name in Kubernetes."""
        return f"{self.name}-node"

    @property
    def node_network(self) -> IPv4Network:
        """The cable's own network: the host and the node."""
        return IPv4Network(f"10.200.{self.number}.0/24")

    @property
    def host_address(self) -> IPv4Address:
        """The host as the node and its pods see it."""
        return self.node_network[1]

    @property
    def node_address(self) -> IPv4Address:
        """The node as the host sees it: API server and NodePorts answer here."""
        return self.node_network[2]

    @property
    def pod_network(self) -> IPv4Network:
        """Where the pods' addresses come from."""
        return IPv4Network(f"10.{244 + self.number}.0.0/16")

    @property
    def service_network(self) -> IPv4Network:
        """Where the Services' addresses come from."""
        return IPv4Network(f"10.{96 + self.number}.0.0/16")

    @property
    def api_service_address(self) -> IPv4Address:
        """The address of the Service `kubernetes`."""
        return self.service_network[1]

    @property
    def dns_address(self) -> IPv4Address:
        """The address of the Service `kube-dns`."""
        return self.service_network[10]

    @property
    def api(self) -> str:
        """The API server, from the host and from the node alike."""
        return f"https://{self.node_address}:6443"

    @property
    def networks(self) -> tuple[IPv4Network, ...]:
        """Everything the host must send to this node or nowhere."""
        return (self.node_network, self.pod_network, self.service_network)

    @property
    def containerd(self) -> Path:
        """The container runtime's socket."""
        return self.run / "containerd.sock"

    @property
    def audit_log(self) -> Path:
        """What every client asked of the API server, a JSON object a line."""
        return self.state / "audit" / "audit.log"

    @property
    def pod_logs(self) -> Path:
        """Where containers' output is written."""
        return self.state / "pods"

    @property
    def log_folder(self) -> Path:
        """Where the components' own logs lie."""
        return self.state / "log"

    def log(self, component: str) -> Path:
        """A component's own log."""
        return self.log_folder / f"{component}.log"


def twin(instance: Instance, present: Iterable[str]) -> str | None:
    """Another instance that is present and has the same number, hence the same addresses."""
    others = (name for name in present if name != instance.name)
    return next((name for name in others if named(name).number == instance.number), None)


def named(name: str) -> Instance:
    """The instance of a name: `slipway` is number 0, any other has a number from its name."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,18}[a-z0-9]", name):
        raise ValueError(f"{name!r} is no instance name: 2 to 20 of a-z, 0-9 and -")
    number = 0 if name == DEFAULT else 1 + zlib.crc32(name.encode()) % OTHER_NUMBERS
    return Instance(name, number)
