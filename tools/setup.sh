#!/bin/bash
# Installs the tools that are missing, and says nothing when none is.
#   tools/setup.sh build   what `make run` needs: C compiler, Emscripten, clang-19 and its linker, stb headers, Node
#   tools/setup.sh test    that, and what `make test` needs: clang with its sanitisers, cmocka, Chromium, Fashion-MNIST
#   tools/setup.sh valgrind  that, and valgrind
# On Debian and its kin the packages come by apt-get; elsewhere the missing tools are named and the script stops.
set -eu

profile=${1:-build}
stb=${STB:-/usr/include/stb}
fashion=${FASHION:-/usr/share/datasets/fashion-mnist}

have() { command -v "$1" >/dev/null 2>&1; }
compiles() { echo "$2" | "$1" -x c -fsyntax-only - 2>/dev/null; }
say() { printf '%s\n' "$*" >&2; }

# Node is the one tool that we do not install: Debian 12's own is too old to run the page's build.
node_hint="Install Node 20.19 or newer (https://nodejs.org, or your system's package), then try again."
check_node() {
    if ! have node || ! have npm; then
        say "Backlight needs Node and npm, and cannot find $(have node && echo npm || echo node). $node_hint"
        exit 1
    fi
    if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)'; then
        say "Backlight needs Node 20.19 or newer; this is $(node --version) at $(command -v node). $node_hint"
        exit 1
    fi
}
check_node

missing=()   # what it is, for people
packages=()  # where Debian keeps it
need() { missing+=("$1"); shift; packages+=("$@"); }

compiles "${CC:-gcc}" '#include <stdlib.h>' || need 'gcc with the C library headers' gcc libc6-dev
have "${EMCC:-emcc}" || need 'emcc (Emscripten)' emscripten
# For the module with relaxed SIMD alone, which Debian's Emscripten cannot make.
{ have "${RELAXED_CC:-clang-19}" && have "${RELAXED_LD:-wasm-ld-19}"; } || need 'clang and wasm-ld, version 19 or newer' clang-19 lld-19
{ [ -f "$stb/stb_image.h" ] && [ -f "$stb/stb_image_write.h" ]; } || need "stb_image.h and stb_image_write.h in $stb" libstb-dev
if [ "$profile" != build ]; then
    # The runtime libraries come apart from the compiler, so ask for a linked program.
    echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return d && n ? 0 : 0; }' |
        "${CLANG:-clang}" -x c -fsanitize=fuzzer,address,undefined -o /dev/null - 2>/dev/null ||
        need 'clang with AddressSanitizer, UBSan and libFuzzer' clang libclang-rt-dev
    compiles "${CC:-gcc}" $'#include <stdarg.h>\n#include <stddef.h>\n#include <stdint.h>\n#include <setjmp.h>\n#include <cmocka.h>' ||
        need 'cmocka' libcmocka-dev
    [ -x "${BACKLIGHT_CHROMIUM:-}" ] || have chromium || have chromium-browser || have google-chrome ||
        need 'Chromium (or set BACKLIGHT_CHROMIUM to a browser of its kind)' chromium
    [ -f "$fashion/train-images-idx3-ubyte.gz" ] || need "Fashion-MNIST in $fashion" dataset-fashion-mnist
fi
if [ "$profile" = valgrind ]; then
    have valgrind || need 'valgrind' valgrind
fi

[ ${#missing[@]} -gt 0 ] || exit 0

if ! have apt-get; then
    say 'Backlight cannot find:'
    for tool in "${missing[@]}"; do say "  - $tool"; done
    say 'There is no apt-get here, so please install them yourself:'
    say '  Homebrew   brew install gcc emscripten llvm cmocka; brew install --cask chromium'
    say '  Fedora     dnf install gcc emscripten stb-devel clang compiler-rt libcmocka-devel chromium'
    say '  Arch       pacman -S gcc emscripten stb clang compiler-rt cmocka chromium'
    say '  stb        two files of https://github.com/nothings/stb; name their folder: make run STB=/path/to/stb'
    say '  Fashion-MNIST  https://github.com/zalandoresearch/fashion-mnist, data/fashion; name the folder: FASHION=/path/to/it'
    say "The file CONTRIBUTING.md says which task needs which, and how to name compilers that have another name."
    exit 1
fi

if [ "$(id -u)" = 0 ]; then
    root=(env)
elif have sudo; then
    root=(sudo env)
else
    say "Backlight needs these Debian packages, and you are neither root nor have sudo: ${packages[*]}"
    exit 1
fi

say "Installing ${packages[*]}"
apt=("${root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -q)
"${apt[@]}" update >&2
"${apt[@]}" install -y --no-install-recommends "${packages[@]}" >&2
# Emscripten's package brings Debian's Node, which may now stand where another was.
hash -r
check_node
