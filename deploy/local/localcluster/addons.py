"""The objects that CoreDNS and metrics-server need in the API, from manifests/addons.yaml.

Must not start the processes themselves.
"""

import base64
from pathlib import Path
from string import Template

from localcluster import builds, components, pki
from localcluster.commands import run
from localcluster.instance import Instance

MANIFESTS = Path(__file__).resolve().parent.parent / "manifests"


def rendered(instance: Instance, authority: bytes) -> str:
    """The manifests with this instance's addresses."""
    return Template((MANIFESTS / "addons.yaml").read_text()).substitute(
        DNS_ADDRESS=instance.dns_address,
        NODE_ADDRESS=instance.node_address,
        METRICS_PORT=components.METRICS_PORT,
        CA_BUNDLE=base64.b64encode(authority).decode(),
    )


def apply(instance: Instance) -> None:
    """Put the objects into the API; nothing changes where they are there already."""
    authority = (pki.folder(instance) / "ca.crt").read_bytes()
    kubeconfig = components.component_kubeconfig(instance, "admin")
    apply = ("apply", "--server-side", "--force-conflicts", "-f", "-")
    run([*builds.kubectl(kubeconfig), *apply], stdin=rendered(instance, authority))
