"""Try to get out of the sandbox. Run inside it, by name: prints what succeeded, as JSON.

Standard library only, no import of the house: this is the foreign program. An empty list means
that everything was blocked. `facts` are what the host planted for the probes to find.
"""

import ctypes
import json
import os
import platform
import signal
import socket
import stat
import subprocess
import sys

NEW_USER, NEW_NET, NEW_NAMES = 0x10000000, 0x40000000, 0x00020000
LIBC = ctypes.CDLL(None, use_errno=True)


def tried(*attempts):
    """List the names of the attempts that did not fail with an error of the system."""
    done = []
    for name, attempt in attempts:
        try:
            attempt()
        except (OSError, subprocess.SubprocessError):
            continue
        done.append(name)
    return done


def syscall(number, *arguments):
    """Make a system call by number; raises OSError when it is refused."""
    values = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    if LIBC.syscall(ctypes.c_long(number), *values) == -1:
        raise OSError(ctypes.get_errno(), "refused")


def libc(name, *arguments):
    """Call a function of the C library; raises OSError when it answers -1."""
    if getattr(LIBC, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")


def network_tcp(facts):
    port = facts["port"]
    return tried(
        ("loopback", lambda: socket.create_connection(("127.0.0.1", port), 1)),
        ("address of the host", lambda: socket.create_connection((facts["address"], port), 1)),
        ("internet", lambda: socket.create_connection(("1.1.1.1", 53), 1)),
    )


def network_names(facts):
    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.sendto(b"x", ("1.1.1.1", 53))

    return tried(
        ("resolver", lambda: socket.getaddrinfo("example.org", 80)),
        ("datagram", send),
    )


def network_unix(facts):
    def connect(name):
        with socket.socket(socket.AF_UNIX) as out:
            out.connect(name)

    return tried(
        ("abstract", lambda: connect("\0" + facts["abstract"])),
        ("path", lambda: connect(facts["unix"])),
    )


def network_below(facts):
    """Vsock reaches the machine below whatever the network namespace."""
    families = [("vsock", 40), ("netlink", 16), ("packet", 17), ("bluetooth", 31), ("alg", 38)]
    return tried(
        *[(n, lambda f=f: socket.socket(f, socket.SOCK_STREAM).close()) for n, f in families],
        *[(n + " raw", lambda f=f: socket.socket(f, socket.SOCK_RAW).close()) for n, f in families],
        ("pair", lambda: libc("socketpair", 40, 1, 0, (ctypes.c_int * 2)())),
    )


def host_files(facts):
    others = ["/etc/shadow", "/etc/hostname", "/root", "/home", "/var", "/sys/kernel", "/boot"]
    paths = [facts["file"], "/proc/1/root" + facts["file"], *others]
    return tried(*[(path, lambda p=path: os.open(p, os.O_RDONLY)) for path in paths])


def environment(facts):
    found = [name for name, value in os.environ.items() if facts["canary"] in value]
    for pid in os.listdir("/proc"):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if facts["canary"].encode() in file.read():
                    found.append(f"environ of {pid}")
        except OSError:
            continue
    allowed = set("PATH HOME TMPDIR LANG TZ PYTHONHASHSEED PYTHONDONTWRITEBYTECODE".split())
    allowed |= {"MALLOC_ARENA_MAX", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"}
    return found + sorted(set(os.environ) - allowed - {"LC_CTYPE"})


def processes(facts):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read()
        except OSError:
            continue
        if facts["marker"].encode() in line:
            found.append(pid)
    return found + [f"{n} processes" for n in [len(found)] if n > 3]


def signals(facts):
    return tried(
        ("probe", lambda: os.kill(facts["pid"], 0)),
        ("kill", lambda: os.kill(facts["pid"], signal.SIGKILL)),
        ("group", lambda: os.killpg(facts["pid"], signal.SIGKILL)),
    )


def ptrace(facts):
    def trace_me():
        child = os.fork()
        if child == 0:
            os._exit(1 if LIBC.ptrace(0, 0, None, None) else 0)
        if os.waitpid(child, 0)[1]:
            raise OSError("refused")

    found = tried(("trace me", trace_me))
    if facts["bare"]:
        return found  # attaching would stop the host's own programs
    child = subprocess.Popen(["sleep", "5"])
    try:
        return found + tried(
            ("attach", lambda: libc("ptrace", 16, child.pid, None, None)),
            ("seize", lambda: libc("ptrace", 0x4206, child.pid, None, None)),
            ("the first process", lambda: libc("ptrace", 16, 1, None, None)),
        )
    finally:
        child.kill()
        child.wait()


def memory_of_others(facts):
    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]

    place = ctypes.create_string_buffer(8)
    vector = Vector(ctypes.addressof(place), 8)

    def read(pid):
        libc("process_vm_readv", pid, ctypes.byref(vector), 1, ctypes.byref(vector), 1, 0)

    return tried(
        ("itself", lambda: read(os.getpid())),
        ("host", lambda: open(f"/proc/{facts['pid']}/mem", "rb").close()),
    )


def namespaces(facts):
    def clone(flag):
        number = {"x86_64": 56, "aarch64": 220}[platform.machine()]
        child = LIBC.syscall(ctypes.c_long(number), ctypes.c_long(flag | 17), 0, 0, 0, 0)
        if child == 0:
            os._exit(0)
        if child == -1:
            raise OSError(ctypes.get_errno(), "refused")
        os.waitpid(child, 0)

    def command(*words):
        subprocess.run(words, check=True, capture_output=True, timeout=10)

    return tried(
        ("unshare user", lambda: libc("unshare", NEW_USER)),
        ("unshare mounts", lambda: libc("unshare", NEW_NAMES)),
        ("clone user", lambda: clone(NEW_USER)),
        ("clone network", lambda: clone(NEW_USER | NEW_NET)),
        ("clone3", lambda: syscall(435, (ctypes.c_uint64 * 11)(NEW_USER, 0, 0, 0, 17), 88)),
        ("join", lambda: libc("setns", os.open("/proc/1/ns/net", os.O_RDONLY), 0)),
        ("unshare -r", lambda: command("unshare", "-r", "true")),
        ("bwrap", lambda: command("bwrap", "--ro-bind", "/", "/", "true")),
    )


def mounts(facts):
    remount_writable = 32 | 4096  # MS_REMOUNT | MS_BIND
    return tried(
        ("tmpfs", lambda: libc("mount", b"x", b"/tmp", b"tmpfs", 0, None)),
        ("remount root", lambda: libc("mount", None, b"/", None, remount_writable, None)),
        ("remount input", lambda: libc("mount", None, b"/app/in", None, remount_writable, None)),
        ("unmount", lambda: libc("umount2", b"/proc", 2)),
        ("chroot", lambda: os.chroot("/tmp")),
        ("pivot", lambda: libc("pivot_root", b"/tmp", b"/tmp")),
        ("fsopen", lambda: syscall(430, b"proc", 0)),
        ("open_tree", lambda: syscall(428, -100, b"/", 1)),
    )


def devices(facts):
    def node(kind, major, minor):
        os.mknod("/tmp/node", kind | 0o600, os.makedev(major, minor))

    paths = ["/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/fuse", "/dev/kvm"]
    return tried(
        ("memory node", lambda: node(stat.S_IFCHR, 1, 1)),
        ("disk node", lambda: node(stat.S_IFBLK, 254, 0)),
        *[(path, lambda p=path: os.open(p, os.O_RDONLY)) for path in paths],
    )


def privileges(facts):
    with open("/proc/self/status") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    found = [n for n in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb") if int(status[n], 16)]
    found += ["privileges may grow"] if status["NoNewPrivs"] != "1" else []
    found += ["no filter"] if status["Seccomp"] != "2" else []
    with open("/proc/self/mountinfo") as file:
        found += [line for line in file if "nosuid" not in line.split()[5]]
    with open("/tmp/own", "wb") as file, open("/usr/bin/id", "rb") as source:
        file.write(source.read())
    os.chmod("/tmp/own", 0o4755)
    return found + tried(
        ("setuid 0", lambda: os.setuid(0)),
        ("setgid 0", lambda: os.setgid(0)),
        ("groups", lambda: os.setgroups([0])),
        ("map", lambda: os.write(os.open("/proc/self/uid_map", os.O_WRONLY), b"0 0 1")),
        ("sudo", lambda: subprocess.run(["su", "-c", "true"], check=True, capture_output=True)),
    )


def writing(facts):
    def write(path):
        with open(path, "w") as file:
            file.write("-500")

    paths = ["/x", "/usr/x", "/etc/x", "/etc/passwd", "/dev/x", "/run/x", "/app/x", "/app/in/x"]
    paths += ["/app/in/data.txt", "/proc/sys/kernel/core_pattern", "/proc/self/oom_score_adj"]
    paths += ["/proc/sysrq-trigger", "/proc/sys/user/max_user_namespaces"]
    return tried(*[(path, lambda p=path: write(p)) for path in paths])


def kernel(facts):
    """Calls that namespaces leave open; numbers of x86_64 and aarch64."""
    column = ["x86_64", "aarch64"].index(platform.machine())
    calls = {
        "bpf": (321, 280),
        "perf_event_open": (298, 241),
        "userfaultfd": (323, 282),
        "keyctl": (250, 219),
        "add_key": (248, 217),
        "io_uring_setup": (425, 425),
        "open_by_handle_at": (304, 265),
        "kexec_load": (246, 104),
        "finit_module": (313, 273),
        "syslog": (103, 116),
        "clock_settime": (227, 112),
        "sethostname": (170, 161),
    }
    words = {"keyctl": (0, -3, 1), "userfaultfd": (1,), "syslog": (10,), "sethostname": (b"x", 1)}
    return tried(
        *[(n, lambda n=n: syscall(calls[n][column], *words.get(n, (0, 0, 0, 0)))) for n in calls],
        ("personality", lambda: libc("personality", 0x0400000)),
        ("type for others", lambda: libc("ioctl", 0, 0x5412, b"x")),
        ("a call of tomorrow", lambda: syscall(457, 0, 0, 0, 0)),
    )


def descriptors(facts):
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            found.append((int(name), os.readlink(f"/proc/self/fd/{name}")))
        except OSError:
            continue  # the one that listed
    return [f"{n}: {to}" for n, to in found if n > 2 or not to.startswith(("/dev/null", "pipe:"))]


def first_process(facts):
    """Reach the first process, whose memory can be written: it may do no more than we."""

    def limits(pid):
        with open(f"/proc/{pid}/limits") as file:
            return {line[:26].strip(): line[47:68].strip() for line in list(file)[1:]}

    first, own = limits(1), limits("self")
    found = [f"{name}: {first[name]}" for name in own if first[name] != own[name]]
    with open("/proc/1/status") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    found += ["no filter"] if status["Seccomp"] != "2" else []
    found += [n for n in ("CapPrm", "CapEff", "CapBnd") if int(status[n], 16)]
    for name in os.listdir("/proc/1/fd"):
        to = os.readlink("/proc/1/fd/" + name)
        if not to.startswith(("/dev/null", "pipe:", "anon_inode:[eventfd]")):
            found.append(f"{name}: {to}")
    return found


def kernel_memory(facts):
    """Fill sockets, whose content no process is charged for: the host counts them."""
    held = []
    try:
        while len(held) < 30:
            held.append(socket.socketpair())
            held[-1][0].setblocking(False)
            while held[-1][0].send(bytes(65536)):
                pass
    except OSError:
        pass
    return [f"{2 * len(held)} sockets"] if 2 * len(held) > 64 else []


def shared_memory(facts):
    return tried(
        ("System V", lambda: libc("shmat", LIBC.shmget(facts["key"], 4096, 0), None, 0)),
        ("POSIX", lambda: os.open("/dev/shm/" + facts["canary"], os.O_RDONLY)),
    )


def loose_memory(facts):
    """Hold memory that belongs to no process: no count of processes would see it."""
    column = ["x86_64", "aarch64"].index(platform.machine())
    private = 0
    return tried(
        ("memfd", lambda: os.memfd_create("x")),
        ("secret", lambda: syscall(447, 0)),
        ("segment", lambda: syscall((29, 194)[column], private, 4096, 0o600)),
        ("messages", lambda: syscall((68, 186)[column], private, 0o600)),
        ("semaphores", lambda: syscall((64, 190)[column], private, 1, 0o600)),
        ("queue", lambda: libc("mq_open", b"/x", os.O_RDWR | os.O_CREAT, 0o600, None)),
    )


def leftovers(facts):
    """Leave something in every folder that can be written; a second run must not find it."""
    places = ["/tmp", "/dev/shm", "/app/program", "/app/out"]
    found = [place for place in places if os.path.exists(place + "/left")]
    for place in places:
        with open(place + "/left", "w") as file:
            file.write("left")
    os.unlink("/app/out/left")
    return found


def fork_bomb(facts):
    born = 0
    try:
        for _ in range(500):
            child = os.fork()
            if child == 0:
                signal.pause()
                os._exit(0)
            born += 1
    except OSError:
        pass
    return [f"{born} processes"] if born > 64 else []


def disk(facts):
    """Fill every folder but the output, whose filling ends the run (test_limits.py)."""
    written = {}
    for folder in ("/tmp", "/dev/shm", "/app/program"):
        written[folder] = 0
        try:
            for number in range(64):
                with open(f"{folder}/{number}", "wb", buffering=0) as file:
                    for _ in range(8):
                        written[folder] += file.write(bytes(2**20))
        except OSError:
            pass
        for number in range(64):
            if os.path.exists(f"{folder}/{number}"):
                os.unlink(f"{folder}/{number}")
    return [f"{folder}: {size}" for folder, size in written.items() if size > facts["room"]]


def sparse(facts):
    def grow():
        with open("/app/out/big", "wb") as file:
            file.truncate(10 * 2**30)

    try:
        return tried(("10 GB", grow))
    finally:
        os.unlink("/app/out/big")


def outliving(facts):
    """Leave a daemon behind, in a session of its own, deaf to every signal."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            os.execvp("sleep", ["sleep", facts["sleep"]])
        os._exit(0)
    return []


def deep():
    for _ in range(20):
        os.mkdir("d")
        os.chdir("d")


# What a program may leave in its folder of outputs, which is the working folder.
OUTPUTS = {
    "link to a file": lambda: os.symlink("/etc/passwd", "a"),
    "link to a folder": lambda: os.symlink("/", "a"),
    "link up": lambda: os.symlink("../../../../etc/shadow", "a"),
    "link to itself": lambda: os.symlink("a", "a"),
    "link to a descriptor": lambda: os.symlink("/proc/self/fd/3", "a"),
    "pipe": lambda: os.mkfifo("a"),
    "socket": lambda: socket.socket(socket.AF_UNIX).bind("a"),
    "second name": lambda: (open("a", "w").close(), os.link("a", "b")),
    "device": lambda: os.mknod("a", stat.S_IFCHR | 0o666, os.makedev(1, 3)),
    "hole": lambda: open("a", "w").truncate(8 * 2**20 + 4096),
    "long name": lambda: open("a" * 255, "w").close(),
    "lines in a name": lambda: open("a\nb", "w").close(),
    "turned name": lambda: open("a\u202etxt.exe", "w").close(),
    "name that is no text": lambda: open(b"a\xff", "w").close(),
    "deep": deep,
    "unreadable file": lambda: os.close(os.open("a", os.O_CREAT | os.O_WRONLY, 0)),
    "unreadable folder": lambda: os.mkdir("a", 0),
    "shut outputs": lambda: (open("a", "w").close(), os.chmod(".", 0)),
    "privileged file": lambda: (open("a", "w").close(), os.chmod("a", 0o6777)),
}


def output(name):
    """Write one of the hostile outputs."""
    OUTPUTS[name]()


if __name__ == "__main__" and sys.argv[1] == "output":
    output(sys.argv[2])
elif __name__ == "__main__":
    os.chdir("/")
    with open((sys.argv[2:] or ["/app/in/facts.json"])[0]) as found:
        planted = json.load(found)
    print(json.dumps(globals()[sys.argv[1]](planted)))
