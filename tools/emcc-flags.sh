#!/bin/sh
# Prints the Emscripten link flags for a bare .wasm, named as the installed version names them.
# Settings were renamed over the years; Debian 12 has 3.1.6, the only version this is tested with.
set -eu

version=$("${EMCC:-emcc}" --version | sed -n '1s/.* \([0-9][0-9]*\.[0-9][0-9]*\.[0-9][0-9]*\).*/\1/p')
if [ -z "$version" ]; then
    echo "emcc-flags: cannot read a version from '${EMCC:-emcc} --version'" >&2
    exit 1
fi

# at_least A.B.C: is the installed version that or newer?
at_least() {
    [ "$(printf '%s\n%s\n' "$1" "$version" | sort -t. -k1,1n -k2,2n -k3,3n | head -n1)" = "$1" ]
}

stack=TOTAL_STACK
if at_least 3.1.27; then stack=STACK_SIZE; fi

# Memory grows up to all that 32 bits can address, and malloc answers NULL where it cannot grow:
# the core turns that into an error message instead of a trap.
flags="--no-entry -s$stack=1MB -sALLOW_MEMORY_GROWTH=1 -sMAXIMUM_MEMORY=4GB -sABORTING_MALLOC=0"

# The small allocator: the core asks for a few large pieces and cuts them up itself.
flags="$flags -sMALLOC=emmalloc"

# Newer versions start small by themselves and may keep a JavaScript file system unless told not to.
if at_least 3.1.30; then flags="$flags -sFILESYSTEM=0"; fi

# The functions that the module asks its loader for; any other missing one is an error of the linker.
flags="$flags --js-library wasm/imports.jslib"

echo "$flags"
