#!/bin/sh
# Runs the command rollout as it was built for this machine.
case $(uname -s) in
Linux) os=linux ;;
Darwin) os=darwin ;;
MINGW* | MSYS* | CYGWIN*) os=windows ;;
*) os=$(uname -s) ;;
esac
case $(uname -m) in
x86_64 | amd64) arch=amd64 ;;
aarch64 | arm64) arch=arm64 ;;
*) arch=$(uname -m) ;;
esac
command=$(dirname "$0")/${os}_$arch/rollout
[ "$os" != windows ] || command=$command.exe
if [ ! -f "$command" ]; then
	echo "rollout was not built for $os/$arch: add it to rolloutPlatforms in cdktf.json; it has not started, and the instances are as they were" >&2
	exit 127
fi
# Storage for build artifacts often forgets who may execute a file.
[ -x "$command" ] || chmod +x "$command"
exec "$command" "$@"
