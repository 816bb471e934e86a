"""The filter, run by a small machine of our own, judges calls as the kernel would."""

import errno
import struct

import pytest

from challenges.sandbox import seccomp

ALLOW, KILL = "allow", "kill"
EPERM, ENOSYS, FAMILY = errno.EPERM, errno.ENOSYS, errno.EAFNOSUPPORT
I386 = 0x40000003
HIGH = 0xFFFFFFFF00000000


def judged(
    number: int, *arguments: int, machine: str = "x86_64", architecture: int | None = None
) -> str | int:
    """Run the compiled filter on one call: allow, kill, or the error it answers."""
    if architecture is None:
        architecture = seccomp.ARCHITECTURES[machine]
    values = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    call = struct.pack("<IIQ6Q", number, architecture, 0, *values)
    code = list(struct.iter_unpack("<HBBI", seccomp.program(machine)))
    place = accumulator = 0
    while True:
        operation, yes, no, value = code[place]
        place += 1
        match operation:
            case 0x20:
                accumulator = struct.unpack_from("<I", call, value)[0]
            case 0x54:
                accumulator &= value
            case 0x05:
                place += value
            case 0x15:
                place += yes if accumulator == value else no
            case 0x35:
                place += yes if accumulator >= value else no
            case 0x06:
                return answer(value)
            case _:
                raise AssertionError(f"operation {operation:#x}")


def answer(value: int) -> str | int:
    """Name what the filter returns."""
    return {0x7FFF0000: ALLOW, 0x80000000: KILL}.get(value, value & 0xFFFF)


@pytest.mark.parametrize(
    ("number", "arguments", "verdict"),
    [
        (0, (), ALLOW),  # read
        (59, (), ALLOW),  # execve
        (56, (0x11,), ALLOW),  # clone: a fork
        (56, (0x3D0F00,), ALLOW),  # clone: a thread
        (56, (0x10000011,), EPERM),  # clone: a user namespace
        (56, (0x00020011,), EPERM),  # clone: a mount namespace
        (56, (HIGH | 0x40000011,), EPERM),  # high bits do not hide it
        (435, (), ENOSYS),  # clone3
        (425, (), ENOSYS),  # io_uring_setup
        (319, (), ENOSYS),  # memfd_create
        (29, (), ENOSYS),  # shmget
        (101, (), EPERM),  # ptrace
        (272, (), EPERM),  # unshare
        (165, (), EPERM),  # mount
        (41, (1,), ALLOW),  # unix sockets
        (41, (2,), ALLOW),
        (41, (10,), ALLOW),
        (41, (40,), FAMILY),  # vsock
        (41, (HIGH | 40,), FAMILY),
        (41, (16,), FAMILY),  # netlink
        (53, (1,), ALLOW),  # socketpair
        (53, (40,), FAMILY),
        (16, (0, 0x5401), ALLOW),  # ioctl TCGETS
        (16, (0, 0x5412), EPERM),  # TIOCSTI
        (16, (0, HIGH | 0x5412), EPERM),
        (16, (0x5412, 0), ALLOW),  # the request is the second argument
        (135, (0xFFFFFFFF,), ALLOW),  # asking for the personality
        (135, (0x0400000,), EPERM),  # READ_IMPLIES_EXEC
        (456, (), ALLOW),
        (457, (), ENOSYS),  # a call of tomorrow
        (0x40000000 + 520, (), ENOSYS),  # execve of x32
    ],
)
def test_each_call_has_its_verdict(
    number: int, arguments: tuple[int, ...], verdict: str | int
) -> None:
    assert judged(number, *arguments) == verdict


def test_another_architecture_is_killed() -> None:
    assert judged(11, architecture=I386) == KILL
    assert judged(0, machine="aarch64", architecture=seccomp.ARCHITECTURES["x86_64"]) == KILL


def test_arm_has_its_own_numbers() -> None:
    assert judged(117, machine="aarch64") == EPERM  # ptrace
    assert judged(101, machine="aarch64") == ALLOW  # nanosleep, ptrace on x86_64
    assert judged(198, 40, machine="aarch64") == FAMILY
    assert judged(220, 0x10000011, machine="aarch64") == EPERM


def test_every_refused_call_is_refused_on_both_architectures() -> None:
    for column, machine in enumerate(seccomp.ARCHITECTURES):
        for name, numbers in seccomp.REFUSED.items():
            if (number := numbers[column]) is not None:
                assert judged(number, machine=machine) == EPERM, (machine, name)
