import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT } from "../harness/binary.ts";
import { isMissing, runTool } from "../harness/tools.ts";

const NEEDED = ["dpkg-deb", "unshare", "chroot", "setpriv", "systemd-analyze", "curl"];

/** Runs a script as root on a copy-on-write view of this machine. */
async function onCopyOfMachine(script: string): Promise<{ code: number; output: string }> {
  const prepared = `set -eu
    top=$(mktemp -d)
    mount -t tmpfs tmpfs "$top"
    mkdir "$top/upper" "$top/work" "$top/root"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$top/upper,workdir=$top/work" "$top/root"
    mount -t proc proc "$top/root/proc"
    mount --rbind /dev "$top/root/dev"
    mount -t tmpfs tmpfs "$top/root/run"
    mount -t tmpfs -o mode=1777 tmpfs "$top/root/tmp"
    cp "$DEB" "$top/root/tmp/mysimbdp.deb"
    printf '%s' "$SCRIPT" > "$top/root/tmp/script"
    exec chroot "$top/root" bash /tmp/script`;
  const [deb = ""] = [...Deno.readDirSync(join(ROOT, "dist"))].map(({ name }) => name)
    .filter((name) => name.endsWith(".deb"));
  const { code, stdout, stderr } = await runTool(
    "unshare",
    ["--mount", "--pid", "--fork", "--kill-child", "bash", "-c", prepared],
    { env: { SCRIPT: script, DEB: join(ROOT, "dist", deb) } },
  );
  return { code, output: stdout + stderr };
}

Deno.test({
  name: "the Debian package: installed, its services run as its user, removed, purged",
  ignore: isMissing(...NEEDED),
  async fn(t) {
    const made = await runTool(Deno.execPath(), [
      ...["run", "-A", "--node-modules-dir=auto", join(ROOT, "scripts/package.ts")],
    ]);
    assert.equal(made.code, 0, made.stderr);
    const { code, output } = await onCopyOfMachine(`set -eu
      export LC_ALL=C
      step() { echo "== $*"; }
      step install
      dpkg --force-depends -i /tmp/mysimbdp.deb
      dpkg -s mysimbdp | grep '^Status:'
      stat -c '%U %a %n' /var/lib/mysimbdp /etc/mysimbdp/mysimbdp.toml
      step files
      mysimbdp --version
      systemd-analyze verify /usr/lib/systemd/system/mysimbdp-*.service && echo verified
      ls /usr/share/man/man1/mysimbdp-manage-tenant-deploy.1.gz
      bash -c 'source /usr/share/bash-completion/completions/mysimbdp; complete -p mysimbdp'
      systemctl is-enabled mysimbdp-serve.service mysimbdp-manage.service
      step start
      started() { sed -n 's/^ExecStart=//p' "/usr/lib/systemd/system/mysimbdp-$1.service"; }
      cd /
      export HOME=/var/lib/mysimbdp MYSIMBDP_SERVER_LISTEN=127.0.0.1:48731
      user="setpriv --reuid=mysimbdp --regid=mysimbdp --clear-groups"
      $user mysimbdp manage init --data /var/lib/mysimbdp > /tmp/init
      $user mysimbdp manage tenant add c1 -p secret-1 --data /var/lib/mysimbdp
      $user $(started serve) > /tmp/serve.log 2>&1 & serve=$!
      $user $(started manage) > /tmp/manage.log 2>&1 & manage=$!
      for i in $(seq 300); do curl -fs http://127.0.0.1:48731/readyz && break; sleep 0.1; done
      for i in $(seq 300); do grep -q manage.ready /tmp/manage.log && break; sleep 0.1; done
      grep -o manage.ready /tmp/manage.log
      stat -c '%U %a' /var/lib/mysimbdp/db/receipts.sqlite
      kill -TERM $serve $manage; wait $serve && wait $manage && echo ended
      step remove
      dpkg -r mysimbdp
      ls /usr/bin/mysimbdp /usr/lib/systemd/system/mysimbdp-serve.service 2>&1 | grep -c 'No such file'
      ls /etc/mysimbdp/mysimbdp.toml
      step purge
      dpkg -P mysimbdp
      ls /etc/mysimbdp 2>&1 | grep -o 'No such file'
      stat -c 'kept %U' /var/lib/mysimbdp/users.json`);
    assert.equal(code, 0, output);
    const steps = Object.fromEntries(
      output.split("== ").slice(1).map((text) => [text.split("\n")[0] ?? "", text]),
    );
    const cases: [string, RegExp[]][] = [
      ["install", [/install ok installed/, /^mysimbdp 700 /m, /^root 640 /m]],
      ["files", [/^mysimbdp \d/m, /^verified$/m, /-F _mysimbdp mysimbdp/, /enabled\nenabled/]],
      ["start", [/"status":/, /manage\.ready/, /^mysimbdp 6/m, /^ended$/m]],
      ["remove", [/^2$/m, /mysimbdp\.toml$/m]],
      ["purge", [/No such file/, /kept mysimbdp/, /kept in \/var\/lib\/mysimbdp/]],
    ];
    for (const [name, patterns] of cases) {
      await t.step(name, () => {
        for (const pattern of patterns) assert.match(steps[name] ?? "", pattern, output);
      });
    }
  },
});
