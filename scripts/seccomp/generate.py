#!/usr/bin/python3
"""Prints src/sandbox/kernel/seccomp_filter.ts: the system call filters of the sandbox, compiled by libseccomp.

Needs Debian's python3-seccomp: /usr/bin/python3 scripts/seccomp/generate.py > src/sandbox/kernel/seccomp_filter.ts
"""
import base64
import errno
import sys
import tempfile

import seccomp
from seccomp import ALLOW, EQ, ERRNO, MASKED_EQ, NE, Arg

CLONE_THREAD = 0x00010000
AF_UNIX = 1
TIOCSTI, TIOCLINUX = 0x5412, 0x541C

# System calls that a program does not need to read its input and write its output.
FORBIDDEN = {
    # Starting other programs or processes.
    "fork": [],
    "vfork": [],
    "clone": [[Arg(0, MASKED_EQ, CLONE_THREAD, 0)]],
    # Other processes.
    **dict.fromkeys(["ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp"], []),
    **dict.fromkeys(["pidfd_open", "pidfd_getfd", "pidfd_send_signal"], []),
    # Namespaces, mounts and roots.
    **dict.fromkeys(["unshare", "setns", "mount", "umount", "umount2", "pivot_root", "chroot"], []),
    **dict.fromkeys(["open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick"], []),
    **dict.fromkeys(["mount_setattr", "open_by_handle_at", "name_to_handle_at"], []),
    # The network, and what is not bound by a network namespace, such as AF_VSOCK.
    "socket": [[Arg(0, NE, AF_UNIX)]],
    "socketpair": [[Arg(0, NE, AF_UNIX)]],
    # The kernel: modules, programs in it, its keys, its clock, its log.
    **dict.fromkeys(["bpf", "perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl"], []),
    **dict.fromkeys(["init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load"], []),
    **dict.fromkeys(["reboot", "syslog", "acct", "swapon", "swapoff", "quotactl", "quotactl_fd"], []),
    **dict.fromkeys(["settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "stime"], []),
    **dict.fromkeys(["sethostname", "setdomainname", "iopl", "ioperm", "nfsservctl", "vhangup"], []),
    **dict.fromkeys(["lookup_dcookie", "uselib", "ustat", "sysfs", "modify_ldt", "personality"], []),
    **dict.fromkeys(["fanotify_init", "move_pages", "migrate_pages", "mbind", "set_mempolicy"], []),
    # Memory that is not accounted to a process.
    **dict.fromkeys(["shmget", "shmat", "msgget", "semget", "mq_open", "memfd_secret"], []),
    # Scheduling limits.
    **dict.fromkeys(["sched_setscheduler", "sched_setattr", "ioprio_set"], []),
    # Keystrokes into a terminal.
    "ioctl": [[Arg(1, MASKED_EQ, 0xFFFFFFFF, TIOCSTI)], [Arg(1, MASKED_EQ, 0xFFFFFFFF, TIOCLINUX)]],
}
# What our own process does not need either once its Worker has started: it opens nothing more.
FORBIDDEN_ONCE_STARTED = {
    # Whatever has a path.
    **dict.fromkeys(["open", "openat", "openat2", "creat", "access", "faccessat", "faccessat2"], []),
    **dict.fromkeys(["stat", "lstat", "newfstatat", "statx", "statfs", "readlink", "readlinkat"], []),
    **dict.fromkeys(["mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "mknod", "mknodat"], []),
    **dict.fromkeys(["rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat"], []),
    **dict.fromkeys(["chmod", "fchmodat", "chown", "lchown", "fchownat", "truncate"], []),
    **dict.fromkeys(["utime", "utimes", "futimesat", "utimensat", "chdir", "fchdir"], []),
    **dict.fromkeys(["setxattr", "lsetxattr", "getxattr", "lgetxattr", "listxattr", "llistxattr"], []),
    **dict.fromkeys(["removexattr", "lremovexattr", "inotify_add_watch", "fanotify_mark"], []),
    # Programs.
    **dict.fromkeys(["execve", "execveat"], []),
    # Sockets of every family.
    **dict.fromkeys(["socket", "connect", "bind", "listen", "accept", "accept4"], []),
    # Its limits, and other processes, whose signals another filter restricts.
    "setrlimit": [],
    "prlimit64": [[Arg(0, NE, 0)], [Arg(2, NE, 0)]],
    "sched_setaffinity": [[Arg(0, NE, 0)]],
    **dict.fromkeys(["setpriority", "sched_setparam", "process_mrelease"], []),
    **dict.fromkeys(["tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"], []),
}
# Refused as if the kernel were too old: callers then use the older call, which is filtered above.
ABSENT = ["clone3", "io_uring_setup", "io_uring_enter", "io_uring_register"]


def compiled(arch, forbidden):
    found = seccomp.SyscallFilter(ALLOW)
    if not found.exist_arch(seccomp.Arch(arch)):
        found.add_arch(seccomp.Arch(arch))
        found.remove_arch(seccomp.Arch())
    rules = [(name, errno.EPERM, matches) for name, matches in forbidden.items()]
    rules += [(name, errno.ENOSYS, []) for name in ABSENT]
    for name, number, matches in rules:
        for match in matches or [[]]:
            try:
                found.add_rule(ERRNO(number), name, *match)
            except RuntimeError as error:
                sys.exit(f"Cannot make a rule for {name} on {arch}: {error}")
    with tempfile.TemporaryFile() as file:
        found.export_bpf(file)
        file.seek(0)
        program = file.read()
        assert 0 < len(program) < 4096 * 8
        return program


def lines(bytes_):
    text = base64.b64encode(bytes_).decode()
    return "\n".join(f'      "{text[at:at + 90]}",' for at in range(0, len(text), 90))


print(
    """// Generated by scripts/seccomp/generate.py with libseccomp; do not edit.

/** A BPF program in base64 for each stage of a process. */
interface Filters {
  /** For the whole life of a confined program. */
  always: string;
  /** For our own process, once it has opened all it needs. */
  started: string;
}

/** System call filters by architecture. */
export const SECCOMP_FILTERS: Partial<Record<typeof Deno.build.arch, Filters>> = {"""
)
for arch in ["x86_64", "aarch64"]:
    print(f"  {arch}: {{")
    for name, forbidden in [("always", FORBIDDEN), ("started", FORBIDDEN | FORBIDDEN_ONCE_STARTED)]:
        print(f"    {name}: [\n{lines(compiled(arch, forbidden))}\n    ].join(\"\"),")
    print("  },")
print("};")
