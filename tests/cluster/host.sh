#!/usr/bin/env bash
# PID 1 of a test host, started in PID, mount and UTS namespaces of its own, and but for the fresh
# one, which downloads, in a network namespace:
#   host.sh NAME ADDRESS HOME_FOLDER SHARED_FOLDER KEPT_PATH...
# It gets a home, /tmp, /run and shared memory of its own, and /mnt/shared in common with the others.
# The kept paths stay where they are although they may lie beneath one of those.
set -euo pipefail
name=$1 address=$2 home=$3 shared=$4
shift 4

mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
mkdir /mnt/home /mnt/shared /mnt/kept
mount --bind "$home" /mnt/home
mount --bind "$shared" /mnt/shared
n=0
for path in "$@"; do
  mkdir "/mnt/kept/$((++n))"
  mount --rbind "$path" "/mnt/kept/$n"
done
for path in /run /dev/shm; do
  mount -t tmpfs -o mode=1777 tmpfs "$path"
done
mkdir -p /mnt/home/.tmp
mount --bind /mnt/home/.tmp /tmp
mount --rbind /mnt/home "$HOME"
n=0
for path in "$@"; do
  mkdir -p "$path"
  mount --rbind "/mnt/kept/$((++n))" "$path"
done

hostname "$name"
printf '127.0.0.1 localhost\n%s %s\n' "$address" "$name" > /run/hosts
mount --bind /run/hosts /etc/hosts

if [ "$name" = fresh ]; then
  touch "$HOME/up"
  sleep infinity &
  wait
fi

: > /run/resolv.conf   # nobody to ask beyond these hosts
mount --bind /run/resolv.conf "$(readlink -f /etc/resolv.conf || echo /etc/resolv.conf)"
ip link set lo up

if [ "$name" = desk ]; then
  ip link add name switch type bridge
  ip address add "$address/24" dev switch
  ip link set switch up
  touch "$HOME/up"
  sleep infinity &
  wait
fi

# The tool in this host's home, and as from the wheel nothing else of the repository, instead of the
# installation that the tests use.
mkdir -p "$HOME/installed"
ln -sfn "$HOME/sweepbook/sweepbook" "$HOME/installed/sweepbook"
for pth in "$1"/lib/python3*/site-packages/_editable_impl_sweepbook.pth; do
  echo "$HOME/installed" > /run/sweepbook.pth
  mount --bind /run/sweepbook.pth "$pth"
done
until ip link show eth0 > /dev/null 2>&1; do sleep 0.1; done   # the test plugs it in
ip address add "$address/24" dev eth0
ip link set eth0 up
mkdir -m 755 /run/sshd
touch "$HOME/up"
exec /usr/sbin/sshd -D -e -f "$HOME/.ssh/sshd_config" -h "$HOME/.ssh/host_key"
