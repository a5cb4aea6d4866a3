"""The switch goes on by what is seen, one step after the other."""

from deploy.demo.picture import Pod
from deploy.demo.switch import LAST_SECONDS, QUIET_SECONDS, Switch
from deploy.demo.users import Second

SECOND = Second(100, 0, {"1.0.0": 100}, 1.0, 2.0)
OLD, NEW = Pod("1.0.0", True, False), Pod("1.1.0", True, False)
QUIET = [SECOND] * QUIET_SECONDS


class Story:
    """A switch, and how often the new version was applied."""

    def __init__(self) -> None:
        self.applied = 0
        self.switch = Switch("1.0.0", "1.1.0", self._apply)

    def _apply(self) -> None:
        self.applied += 1


def test_nothing_is_applied_before_users_have_been_served_a_while() -> None:
    story = Story()

    story.switch.step(QUIET[:-1], False, [OLD])

    assert story.applied == 0


def test_the_new_version_is_applied_once() -> None:
    story = Story()

    story.switch.step(QUIET, False, [OLD])
    story.switch.step([*QUIET, SECOND], False, [OLD, NEW])

    assert story.applied == 1


def test_it_is_over_when_the_new_version_has_been_alone_for_a_while() -> None:
    story = Story()
    story.switch.step(QUIET, False, [OLD])
    story.switch.step(QUIET, True, [OLD, NEW])
    assert not story.switch.is_over([SECOND] * 100)

    story.switch.step(QUIET, True, [NEW])

    assert not story.switch.is_over(QUIET)
    assert story.switch.is_over([SECOND] * (QUIET_SECONDS + LAST_SECONDS))
    assert [event.second for event in story.switch.events] == [QUIET_SECONDS] * 3


def test_an_old_pod_that_is_leaving_is_not_gone() -> None:
    story = Story()
    story.switch.step(QUIET, False, [OLD])
    story.switch.step(QUIET, True, [OLD, NEW])

    story.switch.step(QUIET, True, [Pod("1.0.0", False, True), NEW])

    assert len(story.switch.events) == 2
