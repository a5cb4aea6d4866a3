"""The command line: python -m localcluster."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from localcluster import builds, checkout, cluster, images, instance, native, pins, scratch
from localcluster.cluster import Cluster
from localcluster.commands import Failure
from localcluster.progress import say

EXAMPLES = """\
examples:
  python -m localcluster up                         a cluster for this checkout
  python -m localcluster up --kwok                  and fake nodes, for tests at scale
  python -m localcluster images                     build operator and runtime, load them
  python -m localcluster load my-image.tar          put an image archive onto the node
  python -m localcluster program versitygw --load   build a pinned program, load it as an image
  python -m localcluster status --json              where the audit log is, how to enter the node
  python -m localcluster --instance other up        a second cluster beside the first
  CLUSTER=external KUBECONFIG=~/.kube/config python -m localcluster up
"""


def main(words: list[str]) -> int:
    """Do what the words say; a problem is one message and a failing exit."""
    options = _parser().parse_args(words)
    try:
        options.act(cluster.chosen(options.instance), options)
    except Failure as failure:
        print(f"localcluster: {failure}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"localcluster: {error.filename} is for root: use sudo", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("localcluster: interrupted; `up` continues, `down` cleans up", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m localcluster",
        description="A real Kubernetes on this machine: kind with Docker, else built from source.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--instance",
        default=instance.DEFAULT,
        type=_instance_name,
        help="which cluster of this machine, default %(default)s",
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    up = verbs.add_parser("up", help="bring the cluster up, or heal it")
    up.add_argument("--kwok", action="store_true", help="start kwok beside it")
    up.set_defaults(act=_up)
    verbs.add_parser("down", help="take it down; nothing is left behind").set_defaults(act=_down)
    status = verbs.add_parser("status", help="what runs and where everything is")
    status.add_argument("--json", action="store_true", help="for programs")
    status.set_defaults(act=_status)
    load = verbs.add_parser("load", help="put image archives onto the node")
    load.add_argument("archives", nargs="+", type=_existing_file, metavar="ARCHIVE")
    load.set_defaults(act=_load)
    verbs.add_parser("images", help="build our images and load them").set_defaults(act=_images)
    program = verbs.add_parser("program", help="build a pinned program and print its path")
    program.add_argument("name", choices=sorted(pins.BUILDS))
    program.add_argument("--load", action="store_true", help="load it as an image, print its name")
    program.set_defaults(act=_program)
    return parser


def _up(current: Cluster, options: argparse.Namespace) -> None:
    current.up()
    if options.kwok:
        if not isinstance(current, native.Native):
            raise Failure("kwok runs beside the node built from source only (CLUSTER=native)")
        current.start_kwok()


def _down(current: Cluster, _: argparse.Namespace) -> None:
    current.down()


def _status(current: Cluster, options: argparse.Namespace) -> None:
    facts = current.status()
    say(json.dumps(facts, indent=2) if options.json else _for_people(facts))
    if not facts["healthy"]:
        raise Failure("the cluster is not healthy: `up` heals it")


def _load(current: Cluster, options: argparse.Namespace) -> None:
    current.load(options.archives)


def _images(current: Cluster, _: argparse.Namespace) -> None:
    given = {image: os.environ.get(image.variable, "") for image in images.OURS}
    if all(given.values()):
        images.publish(given)
        return
    references = {image: images.reference(image, current.base) for image in images.OURS}
    for image, reference in references.items():
        if current.has_image(reference):
            say(f"{reference} is on the node")
        else:
            say(f"{reference}: {current.add_image(image, reference)}")
    images.publish(references)
    say(f"Wrote {checkout.IMAGES_ENV}")


def _program(current: Cluster, options: argparse.Namespace) -> None:
    builds.ensure([options.name])
    if not options.load:
        say(str(builds.program(options.name)))
        return
    reference = f"localhost/{options.name}:{pins.version(options.name)}"
    if not current.has_image(reference):
        with tempfile.TemporaryDirectory() as folder:
            archive = Path(folder) / "image.tar"
            scratch.write(archive, reference, builds.program(options.name))
            current.load([archive])
    say(reference)


def _for_people(facts: dict[str, Any]) -> str:
    return "\n".join(f"{name}: {_shown(value)}" for name, value in facts.items())


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "".join(f"\n  {name}: {inner or 'not running'}" for name, inner in value.items())
    return str(value)


def _instance_name(text: str) -> str:
    try:
        return instance.named(text).name
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _existing_file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{text} is no file")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
