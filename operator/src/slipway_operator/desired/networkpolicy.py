"""The NetworkPolicy of the runtime pods: in on the one port, out to anywhere but the node itself.

Link-local addresses are where clouds keep their metadata and credentials; a model's address must
never lead there.
"""

from typing import Final

from slipway_operator.desired.labels import child, metadata, selector
from slipway_operator.desired.names import child_name
from slipway_operator.desired.pod import PORT
from slipway_operator.objects import NETWORK_POLICY, Obj, Owner

_LINK_LOCAL: Final = "169.254.0.0/16"
_LINK_LOCAL_6: Final = "fe80::/10"
_METADATA_6: Final = "fd00:ec2::254/128"
# Where the cluster add-on NodeLocal DNSCache answers; its address is link-local by convention.
_NODE_LOCAL_DNS: Final = "169.254.20.10/32"


def build_network_policy(owner: Owner) -> Obj:
    """Return the policy for the pods of every revision."""
    return child(
        NETWORK_POLICY,
        metadata(owner, child_name(owner.name)),
        spec={
            "podSelector": {"matchLabels": selector(owner)},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"ports": [{"port": PORT, "protocol": "TCP"}]}],
            "egress": [
                {
                    "to": [
                        {"ipBlock": {"cidr": "0.0.0.0/0", "except": [_LINK_LOCAL]}},
                        {"ipBlock": {"cidr": "::/0", "except": [_LINK_LOCAL_6, _METADATA_6]}},
                    ]
                },
                {
                    "to": [{"ipBlock": {"cidr": _NODE_LOCAL_DNS}}],
                    "ports": [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")],
                },
            ],
        },
    )
