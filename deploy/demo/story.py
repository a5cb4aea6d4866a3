"""The demo's chapters: a store, a model, a prediction, a new version under load.

Each does what a person would do with kubectl, shows the command, and waits for what it is to bring
about. It starts over from whatever an earlier run left behind.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rich.text import Text

from deploy.demo import picture, state
from deploy.demo.kubectl import ROOT, DemoError, Kubectl, environment
from deploy.demo.screen import Screen
from deploy.demo.switch import Switch, draw
from deploy.demo.users import Users, remove, users_at_work

NAMESPACE = "slipway-demo"
NAME = "iris"
OLD, NEW = "1.0.0", "1.1.0"
RATE = 100
PATIENCE_SECONDS = 120
EXAMPLES = ROOT / "deploy" / "examples"
MANIFESTS = {
    OLD: EXAMPLES / "iris" / "modeldeployment.yaml",
    NEW: EXAMPLES / "iris" / "modeldeployment-1.1.0.yaml",
}
REQUEST = EXAMPLES / "iris" / "request.json"
OF_MODEL = ("--selector", f"serving.slipway.dev/deployment={NAME}")


def tell(kubectl: Kubectl, screen: Screen) -> int:
    """Tell all of it; 0 when no request failed."""
    image = find_runtime_image()
    screen.say(f"In cluster {kubectl('config', 'current-context').strip()}")
    start_over(kubectl, screen)
    open_store(screen)
    serve(kubectl, screen)
    ask(kubectl, screen)
    summary = replace(kubectl, screen, image)
    screen.command(f"kubectl get mdeploy -n {NAMESPACE}")
    screen.output(kubectl("get", "mdeploy"))
    return judge(screen, summary)


def find_runtime_image() -> str:
    """The image that the operator gives to models; without an operator there is no demo."""
    try:
        operator = Kubectl("slipway-system").get("deployment", "slipway-operator")
    except DemoError as error:
        raise DemoError(
            f"no Slipway in this cluster (`make deploy` installs it): {error}"
        ) from None
    containers = operator["spec"]["template"]["spec"]["containers"]
    settings = [entry for container in containers for entry in container.get("env", [])]
    (image,) = [entry["value"] for entry in settings if entry["name"] == "SLIPWAY_RUNTIME_IMAGE"]
    return str(image)


def start_over(kubectl: Kubectl, screen: Screen) -> None:
    """The namespace is there, and nothing of an earlier run is in it."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    metadata = {"name": NAMESPACE, "labels": labels}
    kubectl.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    if not kubectl("get", "mdeploy,pods", "--output", "name"):
        return
    with screen.working("What an earlier run left is cleared away"):
        remove(kubectl)
        kubectl("delete", "mdeploy", NAME, "--ignore-not-found")
        children = ("deployment,service,pod", *OF_MODEL)
        kubectl("wait", "--for=delete", *children, "--timeout", f"{PATIENCE_SECONDS}s", timeout=150)


def open_store(screen: Screen) -> None:
    """The models of the examples, served inside the cluster."""
    screen.chapter("A store with models in it")
    script = EXAMPLES / "store.sh"
    screen.command(str(script.relative_to(ROOT)))
    with screen.working("The store is open"):
        done = subprocess.run(
            [script], env=environment(), text=True, capture_output=True, check=False
        )
        if done.returncode:
            raise DemoError(f"the store did not open: {(done.stderr or done.stdout).strip()}")


def serve(kubectl: Kubectl, screen: Screen) -> None:
    """Apply the first version, and watch it become ready."""
    screen.chapter("A model, declared in one YAML")
    path = MANIFESTS[OLD]
    screen.command(f"kubectl apply -n {NAMESPACE} -f {path.relative_to(ROOT)}")
    began = time.monotonic()
    screen.output(kubectl("apply", "--filename", str(path)))
    screen.command(f"kubectl get mdeploy -n {NAMESPACE}")
    with screen.live() as update:
        for model in states(kubectl):
            elapsed = f"{time.monotonic() - began:.1f} s"
            header, row = kubectl("get", "mdeploy", NAME).rstrip().splitlines()
            words = state.message(model)
            update(Text(f"     {header}\n     {row}\n     {elapsed}  {words}"), f"  {row}")
            if state.is_ready(model, OLD):
                break
    screen.good(f"Ready {elapsed} after apply: fetched, verified, loaded and warmed")


def ask(kubectl: Kubectl, screen: Screen) -> None:
    """Ask about one real flower."""
    screen.chapter("A prediction for a real flower")
    screen.command(f"kubectl port-forward -n {NAMESPACE} service/{NAME} 8080:80")
    screen.command(f"curl localhost:8080/predict -d @{REQUEST.relative_to(ROOT)}")
    flower = json.loads(REQUEST.read_bytes())
    answer = kubectl.post(NAME, "/predict", REQUEST.read_bytes())
    screen.output(f"{json.dumps(flower)}\n{json.dumps(answer.body)}")
    sure = max(answer.body["probabilities"])
    version = answer.headers["x-slipway-version"]
    screen.good(f"It is an Iris {answer.body['label']}, {sure:.0%} sure, says version {version}")


def replace(kubectl: Kubectl, screen: Screen, image: str) -> dict[str, Any]:
    """Replace the model while users send requests; return what the users counted."""
    screen.chapter(f"A new version, while users send {RATE} requests a second")
    screen.say("Half of them open a new connection for each request. The others stay on")
    screen.say("theirs, until the pod at its other end leaves and sends them on.")
    body = json.dumps(json.loads(REQUEST.read_bytes()))
    with ExitStack() as stack:
        with screen.working("The users are there"):
            work = users_at_work(kubectl, image, f"http://{NAME}/predict", body, RATE)
            users = stack.enter_context(work)
        screen.command(f"kubectl apply -n {NAMESPACE} -f {MANIFESTS[NEW].relative_to(ROOT)}")
        watch(kubectl, screen, users)
        return users.go_home()


def watch(kubectl: Kubectl, screen: Screen, users: Users) -> None:
    """Show who answers the users, until the old version's pods are gone."""
    switch = Switch(OLD, NEW, lambda: apply_quietly(kubectl, MANIFESTS[NEW]))
    known: dict[str, str] = {}
    with screen.live() as update:
        for model in states(kubectl, lambda: len(switch.events)):
            known |= state.versions(model)
            found = kubectl.get("pods", *OF_MODEL)["items"]
            pods = [state.to_pod(pod, known) for pod in found]
            seconds = tuple(users.seconds)
            switch.step(seconds, state.is_ready(model, NEW), pods)
            view = switch.view(seconds, pods, state.phase(model))
            update(draw(view, screen.width), picture.line(view))
            if switch.is_over(seconds):
                return


def apply_quietly(kubectl: Kubectl, path: Path) -> None:
    """Apply a file; the picture says so."""
    kubectl("apply", "--filename", str(path))


def states(kubectl: Kubectl, steps: Callable[[], int] = lambda: 0) -> Iterator[dict[str, Any]]:
    """The ModelDeployment, again and again, as long as there is a step forward now and then."""
    seen, since = steps(), time.monotonic()
    while time.monotonic() - since < PATIENCE_SECONDS:
        yield kubectl.get("mdeploy", NAME)
        time.sleep(0.3)
        if steps() != seen:
            seen, since = steps(), time.monotonic()
    words = state.message(kubectl.get("mdeploy", NAME)) or "nothing, so look at its log"
    raise DemoError(f"no step forward for {PATIENCE_SECONDS} s; the operator says: {words}")


def judge(screen: Screen, summary: dict[str, Any]) -> int:
    """The end of the story: whether a request failed."""
    failed, sent = summary["failed"], summary["sent"]
    verdict = screen.bad if failed else screen.good
    verdict(f"{failed} failed requests of {sent:,}")
    for error, count in summary["errors"].items():
        screen.say(f"  {count} times {error}")
    say_how_to_go_on(screen)
    return 1 if failed else 0


def say_how_to_go_on(screen: Screen) -> None:
    """What to type next."""
    screen.chapter("How to go on")
    screen.say("Look at the model, go back to 1.0.0, serve another one:")
    screen.output(
        "export PATH=$PWD/.local/bin:$PATH KUBECONFIG=${KUBECONFIG:-$PWD/.local/kubeconfig}\n"
        f"kubectl describe -n {NAMESPACE} mdeploy {NAME}\n"
        f"kubectl apply -n {NAMESPACE} -f {MANIFESTS[OLD].relative_to(ROOT)}\n"
        f"kubectl apply -n {NAMESPACE} -f deploy/examples/digits/modeldeployment.yaml"
    )
    screen.say("Serve a model of your own, step by step: docs/getting-started.md")
    screen.say("Clean up:")
    screen.output(f"kubectl delete namespace {NAMESPACE} slipway-examples\nmake cluster-down")
