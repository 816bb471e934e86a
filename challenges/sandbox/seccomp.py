"""Write the seccomp filter of the sandbox: a classic BPF program, without a C library.

The kernel runs it at each system call. It refuses what the namespaces leave open: tracing,
namespaces and mounts, kernel modules and keys, sockets that no network namespace holds (vsock
reaches the machine below), memory outside processes, calls younger than this list, and the calls
of other architectures.
A refused call answers EPERM, or ENOSYS where programs know how to do without.
"""

import errno
import platform
import struct

LOAD, AND, RETURN = 0x20, 0x54, 0x06
JUMP, JUMP_EQUAL, JUMP_GREATER_EQUAL = 0x05, 0x15, 0x35
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
CALL, ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
NAMESPACES = 0x7E020000  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET
FAMILIES = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6: the network namespace holds these
TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX type for somebody else
PERSONALITIES = (0, 0xFFFFFFFF)  # plain, and asking
LAST_KNOWN = 456  # futex_requeue; the numbers above are the same on every architecture

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# name: (x86_64, aarch64); None where the architecture never had it
NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "clone": (56, 220),
    "clone3": (435, 435),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "ioctl": (16, 29),
    "personality": (135, 92),
}
REFUSED: dict[str, tuple[int | None, int | None]] = {
    # another process's memory
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    # namespaces and mounts
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    # the kernel's own
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "create_module": (174, None),
    "get_kernel_syms": (177, None),
    "query_module": (178, None),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "lookup_dcookie": (212, 18),
    "nfsservctl": (180, 42),
    "vhangup": (153, 58),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "ustat": (136, None),
    "sysfs": (139, None),
    "_sysctl": (156, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "vserver": (236, None),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
}
WITHOUT: dict[str, tuple[int | None, int | None]] = {
    "clone3": (435, 435),  # its flags lie in memory, where a filter cannot read
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # memory that belongs to no process, so that no count of processes would see it
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
}


def supported(machine: str | None = None) -> bool:
    """Say whether the filter is known for an architecture (this machine's by default)."""
    return (machine or platform.machine()) in ARCHITECTURES


def program(machine: str | None = None) -> bytes:
    """Compile the filter: struct sock_filter[], as bubblewrap's --seccomp reads it.

    Raises KeyError for an architecture that is not supported.
    """
    machine = machine or platform.machine()
    column = list(ARCHITECTURES).index(machine)
    code = [
        _step(LOAD, ARCHITECTURE),
        _step(JUMP_EQUAL, ARCHITECTURES[machine], yes=1),
        _step(RETURN, KILL),
        _step(LOAD, CALL),
        _step(
            JUMP_GREATER_EQUAL, LAST_KNOWN + 1, no=1
        ),  # the calls of x32 too: they start at 0x40000000
        _step(RETURN, ERRNO | errno.ENOSYS),
    ]
    for numbers in WITHOUT.values():
        code += _refuse(numbers[column], errno.ENOSYS)
    for numbers in REFUSED.values():
        code += _refuse(numbers[column], errno.EPERM)
    code += _argument(
        NUMBERS["clone"][column],
        0,
        [
            _step(AND, NAMESPACES),
            _step(JUMP_EQUAL, 0, yes=1),
            _step(RETURN, ERRNO | errno.EPERM),
        ],
    )
    for name in ("socket", "socketpair"):
        code += _argument(NUMBERS[name][column], 0, _only(FAMILIES, errno.EAFNOSUPPORT))
    code += _argument(NUMBERS["personality"][column], 0, _only(PERSONALITIES, errno.EPERM))
    code += _argument(NUMBERS["ioctl"][column], 1, _none_of(TERMINAL, errno.EPERM))
    return b"".join([*code, _step(RETURN, ALLOW)])


def _step(operation: int, value: int, *, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", operation, yes, no, value)


def _refuse(number: int | None, error: int) -> list[bytes]:
    if number is None:
        return []
    return [_step(JUMP_EQUAL, number, no=1), _step(RETURN, ERRNO | error)]


def _argument(number: int | None, index: int, body: list[bytes]) -> list[bytes]:
    """Judge the low half of an argument by body, which falls through when content."""
    if number is None:
        return []
    load = _step(LOAD, 16 + 8 * index)
    return [
        _step(JUMP_EQUAL, number, no=len(body) + 2),
        load,
        *body,
        _step(RETURN, ALLOW),
    ]


def _only(values: tuple[int, ...], error: int) -> list[bytes]:
    steps = [
        _step(JUMP_EQUAL, value, yes=len(values) - place) for place, value in enumerate(values)
    ]
    return [*steps, _step(RETURN, ERRNO | error)]


def _none_of(values: tuple[int, ...], error: int) -> list[bytes]:
    steps = [
        _step(JUMP_EQUAL, value, yes=len(values) - place) for place, value in enumerate(values)
    ]
    return [*steps, _step(JUMP, 1), _step(RETURN, ERRNO | error)]
