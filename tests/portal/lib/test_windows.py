"""How many requests a key may make in a minute of one process."""

from portal.lib.rates import Window


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_minute_has_its_share_and_the_next_one_another() -> None:
    clock = Clock()
    window = Window(clock=clock)
    assert [window.wait("a", most=2) for _ in range(3)] == [0, 0, 60]
    assert window.wait("b", most=2) == 0
    clock.now += 59.5
    assert window.wait("a", most=2) == 1
    clock.now += 0.5
    assert [window.wait("a", most=2) for _ in range(3)] == [0, 0, 60]


def test_the_memory_is_bounded_and_those_of_the_past_leave_first() -> None:
    clock = Clock()
    window = Window(most_keys=4, clock=clock)
    for key in "abcd":
        window.wait(key, most=1)
    clock.now += 60
    assert window.wait("e", most=1) == 0
    assert set(window._counts) == {"e"}
    for key in "fghi":
        window.wait(key, most=1)
    assert len(window._counts) <= 4
    assert window.wait("i", most=1) == 60
