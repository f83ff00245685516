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
  run "$bin/pg_ctl" -D "$work/pg/data" -o "-k $work/pg -c listen_addresses='' -c fsync=off -c shared_buffers=64MB -c log_statement=all -c log_line_prefix='%m [%p] %q%u@%d '" -w -l "$work/pg/log" start >/dev/null
  pgbench -h "$work/pg" -U bench -i -q -s $((mib / 16 + 1)) postgres >/dev/null 2>&1
  pgbench -h "$work/pg" -U bench -t 2000 -c 2 --random-seed=1 postgres >/dev/null 2>&1
  if have gcore memory; then
    pid=$(pgrep -P "$(head -1 "$work/pg/data/postmaster.pid")" -f checkpointer | head -1)
    gcore -o "$work/core" "$pid" >/dev/null 2>&1 && cut_to < "$work/core.$pid" > "$out/memory" || echo "corpus: gcore may not attach, so member memory is left out" >&2
  fi
  # The server's own log, and tables as text: a history of transactions, and a random walk of sensors (seeded, so always the same).
  pgbench -h "$work/pg" -U bench -t $((mib * 500)) -c 2 -n -S --random-seed=2 postgres >/dev/null 2>&1
  pgbench -h "$work/pg" -U bench -t $((mib * 100)) -c 2 -n --random-seed=3 postgres >/dev/null 2>&1
  cut_to < "$work/pg/log" > "$out/server.log"
  psql() { "$bin/psql" -h "$work/pg" -U bench -q -d postgres "$@"; }
  psql -c "copy (select * from pgbench_history order by mtime) to stdout csv" | cut_to > "$out/history.csv"
  psql -c "select setseed(0.5)" -c "copy (select ts, host, round((20 + sum(a) over w)::numeric, 2), round((1000 + 10 * sum(b) over w)::numeric, 1), c, state
    from (select to_char(timestamp '2026-01-01' + n * interval '250 ms', 'YYYY-MM-DD HH24:MI:SS.MS') ts, 'node-' || n % 8 host, n,
      random() - 0.5 a, random() - 0.5 b, (random() * 4096)::int c, case when random() < 0.01 then 'degraded' else 'ok' end state
      from generate_series(1, $((mib * 16000))) n) s window w as (partition by host order by n) order by n) to stdout csv" | cut_to > "$out/sensors.csv"
  run "$bin/pg_ctl" -D "$work/pg/data" -w stop >/dev/null
  find "$work/pg/data/base" "$work/pg/data/global" -type f -size +64k | LC_ALL=C sort | xargs cat | cut_to > "$out/database"
fi

# Numeric telemetry as fixed records: time in nanoseconds, two floats, a counter, four small fields (seeded, so always the same).
if have perl telemetry; then
  perl -e 'srand(7); my ($t, $c, $a, $b) = (1.7e18, 0, 20, 1013.25);
    while (1) { $t += 1000000 + int(rand(2000)); $c += int(rand(300)); $a += (rand() - 0.5) / 50; $b += (rand() - 0.5) / 10;
      print pack("q<d<f<L<S<S<CCS<", $t, $a, $b, $c, 300 + int(rand(40)), 7, int(rand(4)), 0x80, int($c / 1000) & 0xFFFF) or exit }' 2>/dev/null |
    cut_to > "$out/telemetry" || true
fi

# What Prometheus says of itself, scrape after scrape.
if have prometheus scrapes && have curl scrapes; then
  printf 'global:\n  scrape_interval: 1s\nscrape_configs:\n- job_name: self\n  static_configs:\n  - targets: ["127.0.0.1:19890"]\n' > "$work/prometheus.yml"
  prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" --web.listen-address=127.0.0.1:19890 >/dev/null 2>&1 &
  server=$!
  for _ in $(seq 100); do curl -fs http://127.0.0.1:19890/-/ready >/dev/null && break; sleep 0.2; done
  : > "$work/scrapes"
  while [ "$(stat -c %s "$work/scrapes")" -lt $((mib << 20)) ] && curl -fs http://127.0.0.1:19890/metrics >> "$work/scrapes"; do :; done
  kill $server
  wait $server || true
  cut_to < "$work/scrapes" > "$out/scrapes"
fi

# Already compressed, and encrypted.
find /usr/share/doc /usr/share/man -type f -name '*.gz' | LC_ALL=C sort | xargs cat | cut_to > "$out/compressed"
if have openssl encrypted; then
  openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 0 -in <(head -c $((mib << 20)) /dev/zero) 2>/dev/null > "$out/encrypted"
fi

ls -l "$out"
