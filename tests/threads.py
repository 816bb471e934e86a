"""Acts at once, each on a connection of its own; one act between the queries of another."""

import re
import threading
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connections

from portal.lib.refusals import Refusal


def together(*acts: Callable[[], object]) -> list[str]:
    """Run the acts in threads released together; say how each ended, in order.

    That is the text it returned or "done", the code of its refusal, or its error.
    """
    gate = threading.Barrier(len(acts))
    ended = [""] * len(acts)

    def one(at: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            said = act()
            ended[at] = said if isinstance(said, str) else "done"
        except Refusal as refusal:
            ended[at] = refusal.code
        except Exception as error:  # noqa: BLE001  # asserted on
            ended[at] = f"{type(error).__name__}: {error}"
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ended


def at_once(number: int, act: Callable[[int], object]) -> Counter[str]:
    """Run one act so many times together, each with its number; count how they ended."""
    return Counter(together(*(partial(act, index) for index in range(number))))


def once(pattern: str, act: Callable[[], object]) -> Callable[..., Any]:
    """Wrap the queries of the database: after the first that the pattern finds, do something."""
    left = [act]

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        if left and re.search(pattern, sql):
            left.pop()()
        return result

    return wrapper
