"""Traces that kubelet and the pod network leave outside the instance's folders, and their removal.

Their paths are fixed in the programs. Must not delete what another instance or program left there.
"""

from pathlib import Path

from localcluster.instance import Instance

CNI_RESULTS = Path("/var/lib/cni/results")
LOG_LINKS = Path("/var/log/containers")
DEVICE_PLUGINS = Path("/var/lib/kubelet/device-plugins")
KUBELET_FILES = ("kubelet.sock", "kubelet_internal_checkpoint", "DEPRECATION")


def remove(instance: Instance) -> None:
    """Remove this instance's traces."""
    for result in _entries(CNI_RESULTS):
        if f'"{instance.run}/' in result.read_text():  # the pod's network namespace
            result.unlink(missing_ok=True)
    for link in _entries(LOG_LINKS):
        if link.is_symlink() and link.readlink().is_relative_to(instance.pod_logs):
            link.unlink(missing_ok=True)
    _remove_empty(CNI_RESULTS, CNI_RESULTS.parent, LOG_LINKS)


def remove_last() -> None:
    """Remove what the instances share, when the last one goes."""
    for name in KUBELET_FILES:
        (DEVICE_PLUGINS / name).unlink(missing_ok=True)
    _remove_empty(DEVICE_PLUGINS, DEVICE_PLUGINS.parent)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _remove_empty(*folders: Path) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
