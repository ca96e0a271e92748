/** The data directory of the units. */
const SERVICE_DATA = "/var/lib/mysimbdp";

/**
 * Returns the systemd units of both services by file name.
 *
 * @param program the path of the binary
 */
export function unitFiles(program: string): Record<string, string> {
  return {
    "mysimbdp-serve.service": unit({
      name: "serve",
      what: "receives files",
      command: `${program} serve --data ${SERVICE_DATA}`,
      more: [
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
        "RestrictNamespaces=yes",
        "ProtectControlGroups=yes",
        "TasksMax=1024",
        "SystemCallFilter=@system-service",
        "MemoryHigh=768M",
        "MemoryMax=1G",
        "TimeoutStopSec=30",
      ],
    }),
    "mysimbdp-manage.service": unit({
      name: "manage",
      what: "loads files",
      command: `${program} manage run --data ${SERVICE_DATA}`,
      more: [
        // bubblewrap creates namespaces and mounts, and a loopback interface with netlink.
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
        "RestrictNamespaces=cgroup ipc mnt net pid user uts",
        // Sandboxes set Landlock and seccomp on themselves, which older versions leave out of the set.
        "SystemCallFilter=@system-service @mount seccomp landlock_create_ruleset landlock_restrict_self",
        // A control group for each sandbox: ProtectControlGroups= would make all of them read-only.
        "Delegate=cpu memory pids",
        // Enough for the threads of several sandboxes that are about to be ended for theirs.
        "TasksMax=8192",
        "MemoryHigh=3G",
        "MemoryMax=4G",
        // Longer than manage.drain_seconds, so that a drain can finish.
        "TimeoutStopSec=90",
      ],
    }),
  };
}

interface Unit {
  name: string;
  what: string;
  command: string;
  more: string[];
}

// V8 generates code at run time, so MemoryDenyWriteExecute cannot be enabled.
function unit({ name, what, command, more }: Unit): string {
  return `[Unit]
Description=mysimbdp: ${what}
Documentation=man:mysimbdp-${name}(1)
After=network-online.target
Wants=network-online.target
RequiresMountsFor=${SERVICE_DATA}

[Service]
Type=notify
NotifyAccess=main
ExecStart=${command}
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
Restart=on-failure
RestartSec=2
# Settings or a data directory that cannot be used: waiting does not help.
RestartPreventExitStatus=2
TimeoutStartSec=300
WatchdogSec=60
User=mysimbdp
Group=mysimbdp
StateDirectory=mysimbdp
StateDirectoryMode=0700
UMask=0077
# A sandbox that the kernel ends because of its memory does not end the service.
OOMPolicy=continue
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
PrivateTmp=yes
PrivateDevices=yes
PrivateMounts=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
KeyringMode=private
LockPersonality=yes
CapabilityBoundingSet=
AmbientCapabilities=
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
${more.join("\n")}

[Install]
WantedBy=multi-user.target
`;
}
