"""Taking an instance away, whatever state it is in and wherever an earlier attempt stopped.

The order matters: nobody is left to make anything new before mounts, network, groups and folders
go, and the folders, by which the instance is known to be there, go last. Must not fail because
something is gone already.
"""

from localcluster import cgroups, layout, leftovers, mounts, network, sysctls
from localcluster.instance import RUN, STATE, Instance
from localcluster.progress import step


def remove(instance: Instance) -> None:
    """Take the instance away, and what instances share when it was the last."""
    if is_there(instance):
        with step(f"taking {instance.name} down"):
            _remove_instance(instance)
    if STATE.exists() and not any(entry.is_dir() for entry in STATE.iterdir()):
        _remove_shared()


def is_there(instance: Instance) -> bool:
    """Whether anything of the cluster is on this machine."""
    return instance.state.exists() or instance.run.exists() or cgroups.exist(instance)


def _remove_instance(instance: Instance) -> None:
    cgroups.empty(instance)
    mounts.remove((instance.run, instance.state))
    network.remove(instance)
    cgroups.remove(instance)
    leftovers.remove(instance)
    mounts.delete_tree(instance.run)
    mounts.delete_tree(instance.state)


def _remove_shared() -> None:
    """Nothing of ours stays on the machine but the cache."""
    sysctls.restore(layout.SYSCTLS)
    leftovers.remove_last()
    for folder in (RUN, STATE):
        mounts.delete_tree(folder)
