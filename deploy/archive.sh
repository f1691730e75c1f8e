#!/bin/sh
# PostgreSQL's own archive (docs/operations.md, "To a moment"): every change, and the whole of it each night.
#   keep PATH NAME        its archive_command
#   fetch NAME PATH       its restore_command
#   base                  the whole, now; what is older than a week goes
#   back BASE [MOMENT]    the data are set aside and BASE put in their place; started, PostgreSQL goes on to MOMENT
set -eu
archive="${ARCHIVE:-/archive}"

case "$1" in
keep)
    kept="$archive/wal/$3.gz"
    # Asked again after a crash, the same is well; anything else would be another server's.
    if [ -f "$kept" ]; then gunzip -c "$kept" | cmp -s - "$2"; exit; fi
    gzip -1 -c "$2" >"$kept.part"
    sync "$kept.part"
    mv "$kept.part" "$kept"
    sync "$archive/wal"
    ;;
fetch)
    [ -f "$archive/wal/$2.gz" ] || exit 1 # which is how it learns where the archive ends
    gunzip -c "$archive/wal/$2.gz" >"$3"
    ;;
base)
    made="$archive/base/$(date -u +%Y%m%dT%H%M%SZ)"
    trap 'rm -rf "$made.part"' EXIT
    pg_basebackup -U postgres -c fast -D "$made.part"
    sync
    mv "$made.part" "$made"
    find "$archive/base" -mindepth 1 -maxdepth 1 -mtime +6 -exec rm -r {} +
    find "$archive/wal" -type f -mtime +6 -delete
    echo "$made"
    ;;
back)
    base="$archive/base/${2:?which base}"
    [ -f "$base/backup_manifest" ] || { echo "$base is no base" >&2; exit 1; }
    if command -v pg_verifybackup >/dev/null; then pg_verifybackup "$base"; fi
    if [ -e "$PGDATA.before" ]; then
        echo "$PGDATA.before is there from the last time: remove it first" >&2
        exit 1
    fi
    if [ -e "$PGDATA" ]; then mv "$PGDATA" "$PGDATA.before"; fi
    cp -a "$base" "$PGDATA"
    chmod 700 "$PGDATA"
    # Each is written, also when empty: the base may hold those of the last time. No MOMENT: the newest of the archive.
    cat >>"$PGDATA/postgresql.auto.conf" <<END
restore_command = 'ARCHIVE=$archive $(realpath "$0") fetch %f %p'
recovery_target_time = '${3:-}'
recovery_target_action = promote
END
    touch "$PGDATA/recovery.signal"
    chown --reference="$PGDATA" "$PGDATA/recovery.signal"
    ;;
*)
    sed -n '2,6s/^# *//p' "$0" >&2
    exit 2
    ;;
esac
