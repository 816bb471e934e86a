"""What is done again and again beside what takes long."""

import threading

from portal.lib.meanwhile import meanwhile


def test_it_is_done_again_after_a_failure_so_many_times_and_no_more_once_over() -> None:
    done, reached = [], threading.Event()

    def act() -> None:
        done.append(threading.current_thread().name)
        reached.set() if len(done) > 2 else None
        raise ValueError(len(done))

    with meanwhile(act, every=0.001, most=3):
        assert reached.wait(20)
        threading.Event().wait(0.05)  # a fourth would have come
    with meanwhile(act, every=60):
        pass
    assert done == ["meanwhile"] * 3
