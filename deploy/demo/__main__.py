"""`make demo`: from one YAML to a served model, and to its next version without a failed request.

The command line of the demo. The story itself is in story.py; here is only how it begins and how
it may end: well, with a failed request, with something missing, or by Ctrl-C.
"""

import argparse
import sys

from deploy.demo import story
from deploy.demo.kubectl import DemoError, Kubectl
from deploy.demo.screen import Screen

EPILOG = """\
It needs a cluster with Slipway in it, which `make demo` sees to, and uses the one of KUBECONFIG,
else the one that `make cluster-up` made. What it makes lies in the namespaces slipway-demo and
slipway-examples and stays there, so that you can go on. Run it again and it starts over.

examples:
  make demo
  CLUSTER=external KUBECONFIG=~/.kube/config make demo
  make demo | tee demo.log        plain lines, where there is no terminal to draw on
"""
INTERRUPTED = 130


def main() -> int:
    """Tell the story; 0 when no request failed."""
    parser = argparse.ArgumentParser(
        prog="python -m deploy.demo",
        description="Serve a model, ask it, and replace it under load, on a real cluster.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args()
    screen = Screen()
    try:
        return story.tell(Kubectl(story.NAMESPACE), screen)
    except (DemoError, OSError) as error:
        screen.bad(str(error))
        screen.say(f"Look closer: kubectl describe mdeploy -n {story.NAMESPACE}")
        return 1
    except KeyboardInterrupt:
        screen.bad("Stopped. No users are left, and what is served stays. `make demo` starts over.")
        story.say_how_to_go_on(screen)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
