# SPDX-License-Identifier: ISC
# shellcheck shell=sh disable=SC2034,SC2154
# The development half of ./keel, which reads this file when KEEL_DATABASE_URL
# is not set. It keeps a private PostgreSQL, a secret and a certificate in the
# state folder. It only defines functions: before ./keel calls one, it has set
# command, root, state, state_given, uid and with_jobs, and has checked the
# state folder. They use its say, die, runs, patience, run_kore, start_jobs,
# started and clean_up_at_exit.

pgbin=/usr/lib/postgresql/15/bin

#
# A private PostgreSQL in the state folder.
#

# PostgreSQL refuses to run as root, so root runs it as the user postgres. Other
# users run it as themselves.
choose_database_user() {
	dbuser=postgres
	[ "$uid" -eq 0 ] || dbuser=$(id -un)
	dbuid=$(id -u "$dbuser" 2>/dev/null) ||
		die "no PostgreSQL: run 'make deps'"
	[ ! -d "$data" ] || [ "$(stat -c %u "$data")" -eq "$dbuid" ] ||
		die "$data does not belong to $dbuser, who runs PostgreSQL:" \
		    "set ${prefix}STATE_DIR to another folder"
}

# Runs a command as that user, without the caller's environment (its PG*
# variables would count) and in a folder that every user may enter.
as_database_user() (
	cd /
	[ "$uid" -ne 0 ] || set -- setpriv --reuid="$dbuser" \
	    --regid="$(id -g "$dbuser")" --init-groups "$@"
	exec env -i PATH="$PATH" LC_ALL=C.UTF-8 TZ=UTC "$@"
)

check_state_reachable() {
	as_database_user test -x "$state" && return
	closed=$state
	while ! as_database_user test -x "$(dirname "$closed")"; do
		closed=$(dirname "$closed")
	done
	die "the user $dbuser, who runs PostgreSQL, may not enter $closed:" \
	    "set ${prefix}STATE_DIR to a folder elsewhere"
}

# The path of a socket can have at most 107 bytes, so the socket is not in the
# state folder. Every user who can enter the socket's folder can sign in to the
# database. So the folder must belong to the database's user and be closed to
# others, and must not be one that another user of /tmp made beforehand.
make_socket_folder() {
	as_database_user mkdir -m 700 "$socket" 2>/dev/null || :
	[ "$(stat -c '%F %u %a' "$socket")" = "directory $dbuid 700" ] ||
		die "$socket is not a folder that only $dbuser may enter"
}

remove_socket() {
	as_database_user rm -f "$socket/.s.PGSQL.5432" \
	    "$socket/.s.PGSQL.5432.lock"
}

make_cluster() {
	rm -rf "$data.new"
	install -d -m 700 "$data.new"
	chown "$dbuser" "$data.new"
	as_database_user "$pgbin/initdb" -D "$data.new" --username=postgres \
	    --auth-local=trust --auth-host=reject --encoding=UTF8 \
	    --locale=C.UTF-8 --data-checksums --no-instructions \
	    >>"$pglog" 2>&1 || die "initdb failed: see $pglog"
	mv "$data.new" "$data"
}

# A crash leaves the pid file behind, and another process may have that pid now.
# Only the server's working folder is the data folder.
postgres_runs() {
	pid=$(as_database_user head -n 1 "$data/postmaster.pid" 2>/dev/null) ||
		return 1
	[ "$(as_database_user readlink "/proc/$pid/cwd")" = "$data" ]
}

# PostgreSQL outlives this script: it must not hold its locks and sockets. A
# pg_ctl that a terminal ends (Ctrl-\, or a hang-up) would leave a PostgreSQL
# that has no pid file yet. At a Ctrl-C, pg_ctl itself ends what it starts.
pg_ctl() (
	trap '' HUP QUIT
	exec >>"$pglog" 2>&1 3<&- 4<&- 5<&- 6<&- 7>&- 8>&- 9>&-
	as_database_user "$pgbin/pg_ctl" -D "$data" -s -w -t 60 "$@"
)

# Those of an old PostgreSQL may outlive it for a moment.
processes_work_on_data() {
	as_database_user find /proc -maxdepth 2 -name cwd -printf '%l\n' \
	    2>/dev/null | grep -qFx -- "$data"
}

# A crash leaves these files behind, with a pid that another process may have
# now. But while old processes work on the data, PostgreSQL needs its pid file to
# see that it must not start.
begin_postgres() {
	! postgres_runs || return 0
	processes_work_on_data ||
		as_database_user rm -f "$data/postmaster.pid"
	remove_socket
	# pg_ctl gives the server a session of its own, so it does not receive
	# the Ctrl-C that ends this script.
	pg_ctl start -o "-h '' -k $socket"
}

start_postgres() {
	[ -x "$pgbin/postgres" ] || die "no PostgreSQL 15: run 'make deps'"
	[ -d "$data" ] || make_cluster
	make_socket_folder
	if postgres_runs && ! as_database_user "$pgbin/pg_isready" -q -h "$socket"
	then
		pg_ctl stop -m fast || :
	fi
	begin_postgres || die "PostgreSQL does not start: see $pglog"
	flock -s 9
	as_database_user "$pgbin/psql" -XAtq -v ON_ERROR_STOP=1 -h "$socket" \
	    -U postgres -d postgres >>"$pglog" 2>&1 <<'SQL' ||
SELECT 'CREATE ROLE keel LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'keel') \gexec
SELECT 'CREATE DATABASE keel OWNER keel'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'keel') \gexec
SQL
		die "cannot make the database keel: see $pglog"
}

# The last user of the database stops it. One that has died, or that could not
# start, may have left its socket.
stop_unused_postgres() {
	flock 8
	flock -n 9 || return 0
	if postgres_runs && ! pg_ctl stop -m fast; then
		say "PostgreSQL does not stop: see $pglog"
		return 0
	fi
	[ "$(stat -c %u "$socket" 2>/dev/null)" != "$dbuid" ] || remove_socket
	rmdir "$socket" 2>/dev/null || :
}

#
# The keeper: a process beside this script. It starts PostgreSQL again, and stops
# it in place of a script that was killed. It has locks of its own, since those
# that it would inherit are the script's.
#

is_orphan() {
	read -r _ _ _ parent _ </proc/self/stat
	[ "$parent" -ne $$ ]
}

# Without the lock, another process starts or stops it.
restore_postgres() {
	flock -n 8 || return 0
	! postgres_runs || return 0
	[ -n "$told" ] ||
		say "PostgreSQL has ended, and is started again: see $pglog"
	begin_postgres || return
	told=
}

keep_postgres() {
	# What is sent to all processes of a terminal is for the script.
	trap '' HUP INT QUIT
	trap '{ kill -KILL "$sleeper"; wait "$sleeper"; } 2>/dev/null; exit 0' \
	    TERM
	exec </dev/null >/dev/null 3<&- 4<&- 5<&- 6<&- 7>&- 8>&- 9>&-
	told=
	sleeper=
	pause=1
	until
		setpriv --pdeathsig KILL sleep "$pause" &
		sleeper=$!
		wait "$sleeper" || :
		is_orphan
	do
		pause=1
		[ -d "$data" ] || continue
		if { read -r pid <"$data/postmaster.pid"; } 2>/dev/null &&
		    runs "$pid"; then
			continue
		fi
		restore_postgres 8>"$state/lock/setup" && continue
		[ -n "$told" ] || say "PostgreSQL does not start: see $pglog"
		told=1
		pause=5
	done
	trap '' TERM
	# The script's Kore and runner are still ending. If there are other users
	# of the database, the last of them will stop it.
	flock -w "$(patience)" 9 9>"$state/lock/users" || :
	stop_unused_postgres 8>"$state/lock/setup" 9>"$state/lock/users"
}

start_keeper() {
	starting=1
	keep_postgres &
	keeper=$!
	started
}

# A process that has just begun loses a signal, and a stopped one waits.
end_keeper() {
	while runs "$keeper"; do
		kill -s TERM "$keeper" 2>/dev/null || :
		kill -s CONT "$keeper" 2>/dev/null || :
		sleep 0.02
	done
}

#
# A secret and a certificate.
#

make_secret() {
	[ -s "$state/secret" ] || {
		openssl rand -base64 48 >"$state/secret.new"
		mv "$state/secret.new" "$state/secret"
	}
	KEEL_SECRET_KEY=$(cat "$state/secret")
	export KEEL_SECRET_KEY
}

# Makes a key, and a certificate with the extensions of standard input. The
# arguments: both files, then more for openssl.
make_pair() {
	key=$1
	certificate=$2
	shift 2
	openssl req -x509 -new -nodes -days 825 -newkey ec \
	    -pkeyopt ec_paramgen_curve:P-256 -config /dev/stdin \
	    -keyout "$key" -out "$certificate" "$@" 2>>"$state/log/openssl.log"
}

make_authority() {
	make_pair "$state/ca.key.new" "$state/ca.pem.new" <<-CONF
		[req]
		prompt = no
		distinguished_name = name
		x509_extensions = extensions
		[name]
		CN = $product development authority
		[extensions]
		basicConstraints = critical, CA:TRUE, pathlen:0
		keyUsage = critical, keyCertSign
		subjectKeyIdentifier = hash
	CONF
}

make_leaf() {
	make_pair "$KEEL_TLS_KEY.new" "$KEEL_TLS_CERT.new" \
	    -CA "$state/ca.pem.new" -CAkey "$state/ca.key.new" <<-'CONF'
		[req]
		prompt = no
		distinguished_name = name
		x509_extensions = extensions
		[name]
		CN = localhost
		[extensions]
		basicConstraints = critical, CA:FALSE
		keyUsage = critical, digitalSignature
		extendedKeyUsage = serverAuth
		subjectKeyIdentifier = hash
		authorityKeyIdentifier = keyid
		subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
	CONF
}

has_certificate() {
	[ -s "$KEEL_TLS_KEY" ] &&
		openssl verify -x509_strict -CAfile "$state/ca.pem" \
		    -attime "$(($(date +%s) + 86400))" "$KEEL_TLS_CERT" \
		    >/dev/null 2>&1
}

# Clients trust ca.pem. Its key is deleted at once: nobody can sign another
# certificate with it.
make_certificate() {
	export KEEL_TLS_CERT="$state/cert.pem" KEEL_TLS_KEY="$state/key.pem"
	! has_certificate || return 0
	: >"$state/log/openssl.log"
	made=
	! make_authority || ! make_leaf || made=1
	rm -f "$state/ca.key.new"
	[ -n "$made" ] ||
		die "cannot make a certificate: see $state/log/openssl.log"
	mv "$state/ca.pem.new" "$state/ca.pem"
	mv "$KEEL_TLS_KEY.new" "$KEEL_TLS_KEY"
	mv "$KEEL_TLS_CERT.new" "$KEEL_TLS_CERT"
}

# The pages of front ends that developers serve: Vite's, and others'.
allow_pages() {
	export KEEL_CORS_ORIGINS=http://localhost:5173,http://localhost:3000
}

print_hints() {
	folder=
	trusted=$state/ca.pem
	[ "${KEEL_TLS_CERT:-}" = "$state/cert.pem" ] || trusted=${KEEL_TLS_CERT:-}
	[ -z "$state_given" ] || folder="${prefix}STATE_DIR='$state' "
	[ "${KEEL_TLS:-}" = off ] ||
		echo "$product: to trust this server: curl --cacert '$trusted'"
	cat <<-HINTS
		$product: to look into the database: psql -h $socket -U keel keel
		$product: to make the first admin, in another terminal:
		  printf %s 'A-good-passw0rd' | $folder'$root/keel' create-admin admin@example.com
	HINTS
}

# Developers may work as root, for example in a container.
allow_root_with_warning() {
	[ "$uid" -eq 0 ] && [ -z "${KEEL_ALLOW_ROOT:-}" ] || return 0
	export KEEL_ALLOW_ROOT=1
	say 'warning: this runs as root; use an ordinary user, or set' \
	    "${prefix}ALLOW_ROOT=1"
}

# A standard output that takes nothing, or that nobody reads, ends migrate, but no
# server. The server's sockets are not for it.
migrate() {
	migrated=0
	run_kore migrate >"$state/log/migrate.log" 3>&- 4>&- 5>&- || migrated=$?
	timeout --foreground 1 cat "$state/log/migrate.log" 2>/dev/null || :
	[ "$migrated" -eq 0 ] || exit "$migrated"
}

# Runs $command. Three locks, which the kernel releases when the process ends:
# descriptor 7 is locked by the one server; 8 while something is made, started
# or stopped; 9, shared, by every user of the database.
run_with_private_database() {
	data=$state/postgres
	pglog=$state/log/postgres.log
	allow_root_with_warning
	choose_database_user
	check_state_reachable
	mkdir -p "$state/log" "$state/lock"

	# Kore inherits 7. After a kill -9 of this script, a Kore that is still
	# ending holds the lock for a moment, so this waits.
	if [ "$command" = serve ]; then
		exec 7>"$state/lock/serve"
		flock -w 3 7 || die "a server is already running on $state"
	fi
	exec 8>"$state/lock/setup" 9>"$state/lock/users"

	clean_up_at_exit
	# A browser that is told to keep HTTPS would do so for other ports, too.
	export KEEL_HSTS_SECONDS="${KEEL_HSTS_SECONDS:-0}"
	hash=$(printf %s "$state" | sha256sum | cut -c 1-16)
	socket=/tmp/keel-$hash-$dbuid
	export KEEL_DATABASE_URL="host=$socket port=5432 dbname=keel user=keel"
	unset KEEL_MIGRATE_URL
	flock 8
	[ -n "${KEEL_SECRET_KEY+set}" ] || make_secret
	[ -n "${KEEL_TLS_CERT+set}${KEEL_TLS_KEY+set}" ] ||
		[ "${KEEL_TLS:-}" = off ] || make_certificate
	[ -n "${KEEL_CORS_ORIGINS+set}" ] || allow_pages
	case $command in
	routes|openapi|queries) ;;
	*)
		start_keeper
		start_postgres
		;;
	esac
	flock -u 8

	if [ "$command" = serve ]; then
		migrate
		# tools/watch.py has shown them.
		[ -n "${RESTARTED:-}" ] || print_hints 2>/dev/null |
			timeout --foreground 1 cat 2>/dev/null || :
	fi
	[ -z "$with_jobs" ] || start_jobs 0
	run_kore "$command"
}

