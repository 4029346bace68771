#!/bin/bash
# Runs a command as the image's user, by the conventions of jupyter/docker-stacks: a container that
# is started as root gives the user the name, numbers and files that NB_USER, NB_UID, NB_GID,
# CHOWN_HOME, CHOWN_HOME_OPTS, CHOWN_EXTRA and CHOWN_EXTRA_OPTS ask for, and then gives up being
# root. Scripts in start-notebook.d and before-notebook.d run before the command.
set -eu

say() { [ -n "${JUPYTER_DOCKER_STACKS_QUIET:-}" ] || echo "essnas: $*" >&2; }
fail() { echo "essnas: $*" >&2 && exit 1; }

# hooks DIR sources the scripts in a directory (*.sh) and runs its other programs.
hooks() {
	local file
	for file in "$1"/*; do
		case $file in
		*.sh)
			set +u # a hook may be careless
			# shellcheck disable=SC1090
			. "$file"
			set -u
			;;
		*) if [ -f "$file" ] && [ -x "$file" ]; then "$file"; fi ;;
		esac
	done
}

# become_user makes the user that is asked for and runs this script as that user.
become_user() {
	local name=${NB_USER:-jovyan} uid=${NB_UID:-1000} gid=${NB_GID:-100} home path
	[ "$uid" != 0 ] || fail "NB_UID=0 would let every notebook be root: choose another number"
	case $uid$gid in *[!0-9]*) fail "NB_UID and NB_GID are numbers, and these are $uid and $gid" ;; esac
	home=/home/$name
	if [ "$name:$uid:$gid" != "$(getent passwd "$name" | cut -d: -f1,3,4)" ]; then
		getent group "$gid" >/dev/null || groupadd --gid "$gid" "${NB_GROUP:-$name}"
		if getent passwd jovyan >/dev/null; then userdel jovyan; fi
		if getent passwd "$name" >/dev/null; then userdel "$name"; fi
		useradd --no-log-init --non-unique --home-dir "$home" --no-create-home --shell /bin/bash \
			--uid "$uid" --gid "$gid" --groups 100 "$name"
		say "the user is $name ($uid:$gid)"
	fi
	if [ ! -e "$home" ]; then # of another name; work may be a volume of the first one's
		ln -s /home/jovyan "$home"
	fi
	for path in "$home/." "$home/work"; do # a new volume belongs to root
		if [ -d "$path" ] && [ "$(stat -c %u:%g "$path")" != "$uid:$gid" ]; then
			chown "$uid:$gid" "$path" || say "$path keeps its owner: the volume does not let it change"
		fi
	done
	# the options are several words
	# shellcheck disable=SC2086
	case ${CHOWN_HOME:-} in 1 | yes) chown ${CHOWN_HOME_OPTS:-} "$uid:$gid" "$home/." ;; esac
	local IFS=,
	for path in ${CHOWN_EXTRA:-}; do
		IFS=' '
		# shellcheck disable=SC2086
		chown ${CHOWN_EXTRA_OPTS:-} "$uid:$gid" "$path"
	done
	unset IFS
	export HOME=$home USER=$name LOGNAME=$name ESSNAS_STARTED=yes
	hooks /usr/local/bin/before-notebook.d
	case $PWD in /home/jovyan | /home/jovyan/*) cd "$home${PWD#/home/jovyan}" ;; esac
	exec setpriv --reuid "$uid" --regid "$gid" --init-groups --inh-caps=-all --no-new-privs "$0" "$@"
}

# own_cache gives a user who does not own the image's caches (NB_UID, a cluster's own numbers,
# Apptainer) caches of its own. Large things that nobody writes stay in the image.
own_cache() {
	local image=$ESSNAS_CACHE own id part
	if [ -O "$image" ] && [ -w "$image" ] && [ -w "$GOCACHE/00" ]; then
		return
	fi
	id=$(cat "$image"/checkouts/*/kernel/sources)
	own=${TMPDIR:-/tmp}/essnas-$(id -u)-$id
	mkdir -m 700 "$own" 2>/dev/null || [ -O "$own" ] || fail "$own can't be made or belongs to another user: set TMPDIR to a directory of yours"
	if [ ! -e "$own/complete" ]; then
		say "copying caches for user $(id -u) into $own"
		mkdir -p "$own/essnas/plugins" "$own/essnas/jupyter"
		ln -sfn "$image"/plugins/* "$own/essnas/plugins/"
		ln -sfn "$image"/jupyter/* "$own/essnas/jupyter/"
		for part in "$image"/*; do
			case $part in */plugins | */jupyter) ;; *) cp -R --preserve=timestamps,links "$part" "$own/essnas/" ;; esac
		done
		if [ ! -w "$GOCACHE/00" ]; then
			cp -R --preserve=timestamps "$GOCACHE" "$own/go-build"
		fi
		touch "$own/complete"
	fi
	export ESSNAS_CACHE=$own/essnas
	if [ -d "$own/go-build" ]; then
		export GOCACHE=$own/go-build
	fi
}

# home_and_work finds a home that can be written, and puts the notebooks where the user works, unless
# there are some.
home_and_work() {
	local work=$HOME/work
	mkdir "$work" 2>/dev/null || true
	if [ ! -w "$HOME" ]; then
		HOME=${TMPDIR:-/tmp}/home-$(id -u)
		mkdir -m 700 "$HOME" 2>/dev/null || [ -O "$HOME" ] || fail "$HOME can't be made or belongs to another user: set TMPDIR to a directory of yours"
		say "the home directory can't be written and is $HOME meanwhile"
	fi
	if [ ! -w "$work" ]; then
		say "$work can't be written, so that notebooks and runs are not kept: mount a volume there that user $(id -u) may write to"
		work=$HOME
	fi
	export HOME ESSNAS_RUNS=${ESSNAS_RUNS:-$work/runs} ESSNAS_WORK=$work
	if [ ! -e "$work/notebooks" ]; then
		cp -R "$ESSNAS_ROOT/notebooks" "$work/notebooks"
	fi
}

[ $# -gt 0 ] || set -- bash
started=${ESSNAS_STARTED:-}
unset ESSNAS_STARTED
[ -n "$started" ] || hooks /usr/local/bin/start-notebook.d
[ "$(id -u)" != 0 ] || become_user "$@"
: "${USER:=${NB_USER:-jovyan}}" "${LOGNAME:=$USER}"
export USER LOGNAME
[ -z "${NB_UMASK:-}" ] || umask "$NB_UMASK"
own_cache
# lib/internal/checkout names the directory of a checkout's programs like this
ESSNAS_TOOLS=$ESSNAS_CACHE/checkouts/$(printf %s "$ESSNAS_ROOT" | sha256sum | cut -c1-12)/kernel
export ESSNAS_TOOLS
home_and_work
[ -n "$started" ] || hooks /usr/local/bin/before-notebook.d
exec "$@"
