"""Every route is declared, every declaration is a route."""

from collections import Counter

from tests.routes.declared import matrix, prefixes, routes, walk


def free() -> list[str]:
    under = tuple(prefix.under for prefix in prefixes())
    declared = {route.pattern for route in routes()}
    return [
        pattern
        for pattern, _view in walk()
        if pattern in declared or not pattern.startswith(under or ("\0",))
    ]


def test_every_route_is_declared() -> None:
    declared = {route.pattern for route in routes()}
    assert sorted(set(free()) - declared) == []


def test_every_declared_route_exists() -> None:
    existing = set(dict(walk()))
    assert sorted({route.pattern for route in routes()} - existing) == []


def test_no_route_is_declared_twice() -> None:
    counted = Counter((route.pattern, route.state) for route in routes())
    assert [declared for declared, times in counted.items() if times > 1] == []
    assert {route.pattern for route in routes()} == {r.pattern for r in routes() if not r.state}


def test_a_third_party_opens_no_door_unseen() -> None:
    declared = {route.pattern for route in routes()}
    counted = {
        prefix.under: sum(
            pattern.startswith(prefix.under) and pattern not in declared for pattern, _ in walk()
        )
        for prefix in prefixes()
    }
    assert counted == {prefix.under: prefix.count for prefix in prefixes()}


def test_every_cell_stands_in_the_matrix() -> None:
    rows = matrix()
    used = {cell for route in routes() for cell in route.methods.values()}
    assert sorted(used - set(rows) - {"depends"}) == []
