"""Whatever happens in whatever order, users' traffic is safe and everything comes to rest.

Random histories of edits, failing pods, passing and jumping time, deleted children and an operator
that dies after any of its writes, against the real plan and the real code that writes.
"""

from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from controller_testing.samples import spec
from controller_testing.world import DiedError, World
from slipway_operator.desired.labels import REVISION_LABEL
from slipway_operator.desired.revisions import revision_name
from slipway_operator.desired.services import entry_name, read_entry_service
from slipway_operator.objects import AUTOSCALER, DEPLOYMENT, SERVICE, Obj, Ref, labels_of

GOOD, BROKEN = ("a", "b", "c"), ("x", "y")
MODELS = st.sampled_from([*GOOD, *BROKEN])
SCALING = {"minReplicas": 2, "maxReplicas": 6, "metrics": [{"type": "CPU", "target": 80}]}
REVISIONS = {name: revision_name(spec(name)) for name in (*GOOD, *BROKEN)}
BAD = frozenset(REVISIONS[name] for name in BROKEN)


class AnyHistory(RuleBasedStateMachine):
    """One ModelDeployment's life."""

    @initialize(name=MODELS, replicas=st.integers(0, 3))
    def created(self, name: str, replicas: int) -> None:
        self.world = World(spec(name, replicas=replicas))
        self.world.watcher = self._check_write

    # the user

    @rule(name=MODELS)
    def edits_the_model(self, name: str) -> None:
        self.world.spec = {**self.world.spec, **spec(name)}

    @rule(replicas=st.integers(0, 3))
    def scales(self, replicas: int) -> None:
        rest = {k: v for k, v in self.world.spec.items() if k != "autoscaling"}
        self.world.spec = {**rest, "replicas": replicas}

    @rule()
    def turns_autoscaling_on(self) -> None:
        rest = {k: v for k, v in self.world.spec.items() if k != "replicas"}
        self.world.spec = {**rest, "autoscaling": SCALING}

    @rule(paused=st.booleans())
    def pauses_or_resumes(self, paused: bool) -> None:
        self.world.spec = {**self.world.spec, "paused": paused}

    @rule(keep=st.sampled_from(["0s", "30s", "5m"]))
    def changes_keep_stable(self, keep: str) -> None:
        self.world.spec = {**self.world.spec, "rollout": {"keepStable": keep}}

    @rule(data=st.data())
    def deletes_a_child(self, data: st.DataObject) -> None:
        refs = [ref for ref in self.world.objects if ref.kind != DEPLOYMENT]
        if refs:
            self.world.remove(data.draw(st.sampled_from(refs)))

    # the cluster

    @rule(count=st.integers(0, 3), data=st.data())
    def pods_become_ready(self, count: int, data: st.DataObject) -> None:
        good = sorted(set(self.world.running()) - BAD)
        if good:
            self.world.make_ready(data.draw(st.sampled_from(good)), count=count)

    @rule(count=st.integers(1, 3), data=st.data())
    def pods_die(self, count: int, data: st.DataObject) -> None:
        if running := sorted(self.world.running()):
            self.world.kill_pods(data.draw(st.sampled_from(running)), count=count)

    @rule()
    def controllers_run(self) -> None:
        self.world.run_controllers()

    @rule(count=st.integers(0, 8))
    def autoscaler_runs(self, count: int) -> None:
        self.world.autoscale(count)

    @rule(seconds=st.sampled_from([1, 29, 31, 301, 601, 3600, -3600]))
    def time_passes_or_jumps(self, seconds: int) -> None:
        self.world.pass_time(seconds)

    # the operator

    @rule()
    def operator_looks(self) -> None:
        self.world.reconcile()
        if not self.world.spec.get("paused"):
            assert sum(count > 0 for count in self.world.running().values()) <= 2

    @rule(writes=st.integers(0, 8))
    def operator_dies(self, writes: int) -> None:
        try:
            self.world.reconcile(dies_after=writes)
        except DiedError:
            return

    @rule()
    def everything_takes_its_course(self) -> None:
        self.world.settle(broken=BAD)

    # what must hold

    def _check_write(self, verb: str, ref: Ref, old: Obj | None, new: Obj | None) -> None:
        if ref == Ref(SERVICE, entry_name(self.world.owner)):
            self._check_entry(old, new)
        elif ref.kind == DEPLOYMENT:
            self._check_deployment(verb, old, new)

    def _check_entry(self, old: Obj | None, new: Obj | None) -> None:
        assert new is not None, "the entry is never deleted"
        assert _selected(new), "the entry's selector is empty"
        after, before = _selected(new), _selected(old) if old else None
        others = set(self.world.running()) - {after}
        if not self._wants_none and not self.world.spec.get("paused"):
            serving = [name for name in others if self.world.ready(name)]
            assert self.world.ready(after) or not serving, f"{after} serves nobody, {serving} could"
        if old and before != after and self.world.ready(before) and not self._wants_none:
            self._check_capacity(after, old)

    def _check_capacity(self, revision: str, old: Obj) -> None:
        """All pods of the new one are ready; going back, no fewer than serve now is enough."""
        deployment, former = self.world.deployment(revision), read_entry_service(old)
        assert deployment is not None
        assert former is not None
        needed = deployment["spec"]["replicas"]
        if former.previous == revision:
            needed = min(needed, self.world.ready(former.revision))
        assert self.world.ready(revision) >= needed > 0

    def _check_deployment(self, verb: str, old: Obj | None, new: Obj | None) -> None:
        if old is None:
            return
        revision = labels_of(old)[REVISION_LABEL]
        assert verb == "apply" or revision != self.world.entry, "what is served is never deleted"
        after = new["spec"]["replicas"] if new else 0
        if revision == self.world.entry and after < old["spec"]["replicas"]:
            assert after == self.world.spec.get("replicas", 1), "what is served shrinks by itself"
            assert "autoscaling" not in self.world.spec
        if new:
            assert new["spec"]["template"] == old["spec"]["template"], "pods restart"
        elif self.world.spec["model"]["version"] == self._version_of_entry:
            assert not self._is_warm(revision), "the former stable went before its time"

    def _is_warm(self, revision: str) -> bool:
        service = self.world.objects.get(Ref(SERVICE, entry_name(self.world.owner)))
        entry = read_entry_service(service) if service else None
        if entry is None or entry.promoted_at is None or entry.previous != revision:
            return False
        keep = {"0s": 0, "30s": 30}.get(
            self.world.spec.get("rollout", {}).get("keepStable", "5m"), 300
        )
        return self.world.now < entry.promoted_at + timedelta(seconds=keep)

    @property
    def _version_of_entry(self) -> str | None:
        names = {revision: name for name, revision in REVISIONS.items()}
        return names.get(self.world.entry or "")

    @property
    def _wants_none(self) -> bool:
        return self.world.spec.get("replicas") == 0

    def teardown(self) -> None:
        """In the end a good model that is wanted is served, whatever went before."""
        if not hasattr(self, "world"):
            return
        self.world.spec = {**self.world.spec, **spec("a"), "paused": False}
        self.world.settle(broken=BAD)
        self.world.pass_time(4000)
        self.world.settle(broken=BAD)
        assert self.world.entry == REVISIONS["a"]
        assert set(self.world.running()) == {REVISIONS["a"]}
        count = self.world.running()[REVISIONS["a"]]
        if "autoscaling" in self.world.spec:
            assert count >= SCALING["minReplicas"]  # type: ignore[operator]
            assert any(ref.kind == AUTOSCALER for ref in self.world.objects)
        else:
            assert count == self.world.spec["replicas"]


def _selected(service: Obj) -> str:
    selected: str = service["spec"]["selector"][REVISION_LABEL]
    return selected


TestAnyHistory = AnyHistory.TestCase
TestAnyHistory.settings = settings(max_examples=2500, stateful_step_count=50, deadline=None)
pytestmark = pytest.mark.timeout(900)
