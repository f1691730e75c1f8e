#!/bin/sh
# PostgreSQL's own archive (docs/operations.md, "To a moment"): every change, and the whole of it each night.
#   keep PATH NAME        its archive_command
#   fetch NAME PATH       its restore_command
#   base                  the whole, now; what is older than a week goes
#   back BASE [MOMENT]    BASE is put in the place of the data, which are set aside; started, PostgreSQL goes on to MOMENT
set -eu
archive="${ARCHIVE:-/archive}"

case "${1:-}" in
keep)
    kept="$archive/wal/$3.gz"
    # Asked again after a crash, the same is well; anything else would be another server's.
    if [ -f "$kept" ]; then gunzip -c "$kept" | cmp -s - "$2"; exit; fi
    rm -f "$kept.part" # of a copy that failed; a link in its place would be written through
    gzip -1 -c "$2" >"$kept.part"
    sync "$kept.part"
    mv -T "$kept.part" "$kept" # never into a folder of that name: PostgreSQL would believe it to be kept
    sync "$archive/wal"
    ;;
fetch)
    # To PostgreSQL 1 means that the archive ends here: it goes on with what it has. Over 125 it stops, and says so.
    [ -d "$archive/wal" ] || { echo "$archive/wal is not there: is the disk mounted?" >&2; exit 255; }
    kept="$archive/wal/$2.gz"
    if [ ! -e "$kept" ] && [ ! -L "$kept" ]; then exit 1; fi
    [ -f "$kept" ] || { echo "$kept is no file: where does it lead?" >&2; exit 255; }
    gunzip -c "$kept" >"$3" || { rm -f "$3"; exit 255; }
    ;;
base)
    # First of all, so that nothing grows old while no base can be made: +5 is from six whole days on, asked each night.
    find "$archive/base" -mindepth 1 -maxdepth 1 -mtime +5 -exec rm -r {} +
    find "$archive/wal" -type f -mtime +5 -delete
    made="$archive/base/$(date -u +%Y%m%dT%H%M%SZ)"
    trap 'rm -rf "$made.part"' EXIT
    pg_basebackup -U postgres -c fast -D "$made.part"
    sync
    mv "$made.part" "$made"
    echo "$made"
    ;;
back)
    base="$archive/base/${2:?which base}"
    [ -f "$base/backup_manifest" ] || { echo "$base is no base" >&2; exit 1; }
    if command -v pg_verifybackup >/dev/null; then pg_verifybackup "$base"; fi
    if [ -e "$PGDATA/postmaster.pid" ]; then
        echo "PostgreSQL works there: stop it first (does it surely not run, remove $PGDATA/postmaster.pid)" >&2
        exit 1
    fi
    if [ -e "$PGDATA.before" ]; then
        echo "$PGDATA.before holds what was there before the last time: move it elsewhere, it may be all there is" >&2
        exit 1
    fi
    rm -rf "$PGDATA.new" # of a copy that failed
    cp -a "$base/." "$PGDATA.new" # what is in it, also where it is a link: a copied link would be worked on itself
    chmod 700 "$PGDATA.new"
    # Each is written, also when empty: the base may hold those of the last time. No MOMENT: the newest of the archive.
    cat >>"$PGDATA.new/postgresql.auto.conf" <<END
restore_command = 'ARCHIVE=$archive $(realpath "$0") fetch %f %p'
recovery_target_time = '${3:-}'
recovery_target_action = promote
END
    touch "$PGDATA.new/recovery.signal"
    chown --reference="$PGDATA.new" "$PGDATA.new/recovery.signal"
    sync
    if [ -e "$PGDATA" ]; then mv "$PGDATA" "$PGDATA.before"; fi
    mv "$PGDATA.new" "$PGDATA"
    ;;
*)
    sed -n '2,6s/^# *//p' "$0" >&2
    exit 2
    ;;
esac
