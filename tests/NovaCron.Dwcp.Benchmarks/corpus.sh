#!/bin/bash
# Makes the benchmark corpus from what a Debian machine has: packages, programs, a PostgreSQL that really ran. Nothing of it is
# committed. Members that need a missing program are left out, loudly. Usage: corpus.sh DIRECTORY [MEBIBYTES-PER-MEMBER, default 32]
set -euo pipefail
out=${1:?usage: corpus.sh DIRECTORY [MEBIBYTES]}
mib=${2:-32}
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
have() { command -v "$1" >/dev/null || { echo "corpus: $1 is missing, so member $2 is left out" >&2; return 1; }; }
cut_to() { head -c $((mib << 20)); cat > /dev/null; } # drains, so that the writer is not killed by a closed pipe

# An ext4 image of part of a Debian root, read from its middle where files lie (holes at its ends say nothing about a codec).
if have mkfs.ext4 disk; then
  mkdir "$work/root"
  { find /etc /usr/bin /usr/share/perl* /usr/share/doc /usr/share/locale -xdev -type f -readable 2>/dev/null || true; } |
    LC_ALL=C sort | awk "NR <= 12000" | cpio -pdm "$work/root" 2>/dev/null || cp -a /usr/bin "$work/root/"
  truncate -s $((mib * 8))M "$work/disk"
  mkfs.ext4 -q -E no_copy_xattrs=1 -U 6f1f2ac0-0000-4000-8000-000000000001 -d "$work/root" "$work/disk" 2>/dev/null || true
  tail -c +$((8 << 20 | 1)) "$work/disk" | cut_to > "$out/disk.ext4"
  rm -rf "$work/root" "$work/disk"
fi

# Shared libraries, in order of name.
find /usr/lib/x86_64-linux-gnu -maxdepth 1 -type f -name '*.so*' -size -6M | LC_ALL=C sort | xargs cat | cut_to > "$out/elf"

# Headers and scripts.
find /usr/include /usr/share/perl /usr/lib/python3 -type f \( -name '*.h' -o -name '*.hpp' -o -name '*.pm' -o -name '*.py' -o -name '*.c' \) |
  LC_ALL=C sort | xargs cat | cut_to > "$out/source.text"

# A database after pgbench: its table, index and log files; and the memory of its server process.
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1 || true)
if [ -n "$bin" ] && have pgbench database; then
  run() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=nobody --regid=nogroup --clear-groups "$@"; else "$@"; fi; }
  chmod 755 "$work"
  mkdir "$work/pg"
  [ "$(id -u)" = 0 ] && chown nobody "$work/pg"
  run "$bin/initdb" -D "$work/pg/data" -U bench --no-sync -A trust >/dev/null
  run "$bin/pg_ctl" -D "$work/pg/data" -o "-k $work/pg -c listen_addresses='' -c fsync=off -c shared_buffers=64MB" -w -l "$work/pg/log" start >/dev/null
  pgbench -h "$work/pg" -U bench -i -q -s $((mib / 16 + 1)) postgres >/dev/null 2>&1
  pgbench -h "$work/pg" -U bench -t 2000 -c 2 --random-seed=1 postgres >/dev/null 2>&1
  if have gcore memory; then
    pid=$(pgrep -P "$(head -1 "$work/pg/data/postmaster.pid")" -f checkpointer | head -1)
    gcore -o "$work/core" "$pid" >/dev/null 2>&1 && cut_to < "$work/core.$pid" > "$out/memory" || echo "corpus: gcore may not attach, so member memory is left out" >&2
  fi
  run "$bin/pg_ctl" -D "$work/pg/data" -w stop >/dev/null
  find "$work/pg/data/base" "$work/pg/data/global" -type f -size +64k | LC_ALL=C sort | xargs cat | cut_to > "$out/database"
fi

# Already compressed, and encrypted.
find /usr/share/doc /usr/share/man -type f -name '*.gz' | LC_ALL=C sort | xargs cat | cut_to > "$out/compressed"
if have openssl encrypted; then
  openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 0 -in <(head -c $((mib << 20)) /dev/zero) 2>/dev/null > "$out/encrypted"
fi

ls -l "$out"
