"""kwok beside a node that is up: fake nodes and their pods, for tests at scale.

It manages only nodes with the annotation kwok.x-k8s.io/node=fake. Must not create such nodes.
"""

from localcluster import builds, components
from localcluster.components import Component
from localcluster.instance import Instance

NAME = "kwok"
# Without stages kwok does nothing; without heartbeats its nodes turn NotReady after 40 s.
STAGES = (
    "node/fast/node-initialize.yaml",
    "node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
    "pod/fast/pod-ready.yaml",
    "pod/fast/pod-complete.yaml",
    "pod/fast/pod-delete.yaml",
)


def component(instance: Instance) -> Component:
    """The simulator as a process of the node."""
    stages = builds.folder("kwok") / "stage"
    return Component(
        NAME,
        builds.program("kwok"),
        (
            f"--kubeconfig={components.component_kubeconfig(instance, 'kwok')}",
            "--manage-all-nodes=false",
            "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
            "--node-lease-duration-seconds=40",
            *(f"--config={stages / stage}" for stage in STAGES),
        ),
    )
