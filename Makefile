# Backlight. `make help` lists the tasks; everything made lies in build/, out of the source tree.
#
# A tool or package that is missing is installed first (tools/setup.sh, npm ci). New source files need no line here:
#   src/**/*.c               go into the command, and all but src/cli and src/train into the WebAssembly module
#   src/kernels/ of TWICE    go into native builds a second time with AVX2 and FMA (src/kernels/choose.c)
#   stb.c                    holds the bodies of the stb headers and nothing else; warnings are off there
#   tests/c/test_*.c         a cmocka program each, linked with the sanitised core
#   tests/c/double_*.c       the same, linked with the core built in double precision; other files there are helpers of both
#   tests/fuzz/fuzz_NAME.c   a libFuzzer program each, seeds in tests/fuzz/corpus/NAME/
#   tests/node/*.test.js, tests/browser/*.test.js

B     ?= build
CC    := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG ?= clang
EMCC  ?= emcc
RELAXED_CC ?= clang-19
RELAXED_LD ?= wasm-ld-19
STB   ?= /usr/include/stb
FASHION ?= /usr/share/datasets/fashion-mnist
PORT  ?= 4173
FUZZ_SECONDS ?= 60
export CC CLANG EMCC RELAXED_CC RELAXED_LD STB FASHION PORT
export BACKLIGHT_BUILD := $(B)

SHELL := /bin/bash
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules -j$(shell nproc 2>/dev/null || echo 2)

# ---------------------------------------------------------------- sources and flags

SRC       := $(sort $(shell find src -name '*.c' 2>/dev/null))
CORE_SRC  := $(filter-out src/cli/% src/train/%,$(SRC))
# The rooms that are also built in double precision, for checks of gradients alone.
EXACT_SRC := $(filter src/base/% src/kernels/% src/ops/% src/core/% src/onnx/%,$(SRC))
# Heavy kernels: a second, fast variant of each in native builds for x86-64.
TWICE     := $(if $(filter x86_64 amd64,$(shell uname -m)),$(patsubst %,src/kernels/%.c,panels gemm columns winograd winograd_weights conv strip grid grid_pack grid_sums plain depthwise))
WASM_SRC  := $(CORE_SRC) $(wildcard wasm/*.c)
TEST_SRC  := $(wildcard tests/c/*.c)
FUZZ_SRC  := $(wildcard tests/fuzz/fuzz_*.c)

# No contraction of a*b+c: native, WebAssembly and tests then compute the same numbers.
FLAGS        := -std=c11 -Wall -Wextra -Wshadow -Werror -ffp-contract=off -fno-math-errno -Isrc -isystem $(B)/include
# gcc cannot see that a call that fails returns before its result is used; the sanitisers and clang watch that.
NATIVE_FLAGS := $(FLAGS) -O3 $(if $(findstring gcc,$(notdir $(CC))),-Wno-maybe-uninitialized)
ASAN_FLAGS   := $(FLAGS) -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
MEMORY_FLAGS := $(NATIVE_FLAGS) -O1 -g
FUZZ_FLAGS   := $(ASAN_FLAGS) -fsanitize=fuzzer-no-link
DOUBLE_FLAGS := $(ASAN_FLAGS) -DBL_DOUBLE=1
# stb reads colours of a palette that a damaged file does not have: the stack is written first, so that they are the
# same everywhere.
STB_FLAGS    := -w -ftrivial-auto-var-init=pattern
# Size counts in the module, except in the kernels' loops (docs/decisions/0001-module-size.md). Loops that gain by being
# unrolled say so themselves (kernels/panels.h); elsewhere it only copies them.
WASM_LOOPS    = $(filter-out src/kernels/conv.c src/kernels/grid.c src/kernels/plain.c,$(filter src/kernels/% src/base/random.c,$<))
WASM_ROLLED   = -mllvm -unroll-runtime=0 -mllvm -unroll-allow-partial=0 -mllvm -force-vector-interleave=1
WASM_SPEED    = $(if $(WASM_LOOPS),-O3 $(WASM_ROLLED),-Oz)
WASM_FLAGS    = $(FLAGS) -msimd128 -mbulk-memory $(WASM_SPEED)
# The second module, with multiply-add in one step. Debian's Emscripten cannot make it; its C library serves.
SYSROOT       = $(shell em-config CACHE)/sysroot
RELAXED_FLAGS = --target=wasm32-unknown-emscripten --sysroot=$(SYSROOT) $(WASM_FLAGS) -mrelaxed-simd -DBL_FAST

# ---------------------------------------------------------------- tasks

.PHONY: help
help: ## list the tasks
	@sed -nE 's/^([a-z -]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 26

.PHONY: run build native wasm site single-file setup
run: build ## build what is out of date and serve the page (PORT=4173)
	@node tools/serve.js $(B)/site

build: native wasm site ## build the command, the WebAssembly module and the page

native: $(B)/native/backlight ## build the command build/native/backlight

wasm: $(B)/wasm/backlight.wasm $(B)/wasm/backlight-relaxed.wasm ## build the modules build/wasm/backlight.wasm and backlight-relaxed.wasm

site: $(B)/site/index.html ## build the page build/site/, for any folder of a web server (URL=https://… of its place, for oEmbed)

single-file: $(B)/single/backlight.html ## build the page as one file build/single/backlight.html

setup: tools-test node_modules/.package-lock.json ## install everything that any task needs

.PHONY: test test-build test-quick test-c test-node test-browser
# A file of tests that hangs is told by name.
NODE_TEST := node --test --test-reporter=spec --test-concurrency=1 --test-timeout=1200000
C_TESTS    = tests/node/c.test.js
NODE_TESTS = $(filter-out $(C_TESTS),$(wildcard tests/node/*.test.js))

test: test-build | tools-test ## build and run every test
	@$(NODE_TEST) $(C_TESTS) $(NODE_TESTS) $(wildcard tests/browser/*.test.js)

test-quick: test-build ## the tests without browser, the fuzzers for a second each
	@BACKLIGHT_FUZZ_SECONDS=1 $(NODE_TEST) $(C_TESTS) $(NODE_TESTS)

test-c: c-tests fuzzers ## the C tests under the sanitisers, and the fuzzers
	@$(NODE_TEST) $(C_TESTS)

test-node: native wasm node_modules/.package-lock.json ## the tests of the API and the command in Node
	@$(NODE_TEST) $(NODE_TESTS)

test-browser: site single-file | tools-test ## the tests of the page in Chromium
	@$(NODE_TEST) $(wildcard tests/browser/*.test.js)

test-build: c-tests fuzzers build single-file types

# Apart from those that watch every allocation, which AddressSanitizer tells of.
TESTS          = $(basename $(notdir $(shell grep -L __sanitizer $(wildcard tests/c/test_*.c))))
VALGRIND_TESTS = $(TESTS:%=$(B)/valgrind/%)

.PHONY: types fuzz valgrind bench bench-page bench-native stack-sweep bench-jobs screens pictures docs docs-figures docs-judging samples icons train-fashion need-data format clean
types: node_modules/.package-lock.json ## check the types in wasm/*.js
	@$(if $(wildcard wasm/*.js),node_modules/.bin/tsc -p tsconfig.json)

fuzz: fuzzers ## run every fuzzer for FUZZ_SECONDS=60, keeping what it finds in build/fuzz/
	@BACKLIGHT_FUZZ_SECONDS=$(FUZZ_SECONDS) BACKLIGHT_FUZZ_KEEP=1 $(NODE_TEST) --test-name-pattern=fuzz $(C_TESTS)

valgrind: $(VALGRIND_TESTS) | tools-valgrind ## the C tests under valgrind: nobody reads what nobody wrote (or some: TESTS="test_kernels_grid test_ops")
	@for t in $^; do echo "valgrind  $$t"; valgrind -q --error-exitcode=1 --leak-check=full $$t >$(B)/valgrind/log 2>&1 || { cat $(B)/valgrind/log; exit 1; }; done

bench: build single-file | tools-test ## measure speed and sizes beside the peers into docs/bench.* (or a part: ONLY=network PLATFORM=node ROUNDS=5 LAUNCHES=3)
	@node tools/bench.js

bench-page: build single-file | tools-test ## measure the page alone beside its budgets, into docs/bench.*
	@node tools/bench-page.js

bench-native: $(B)/bench-native ## measure the native kernels beside OpenBLAS
	@env -u OPENBLAS_CORETYPE $<

bench-jobs: wasm node_modules/.package-lock.json | tools-test ## measure what jobs cost beside their passes, and on two workers, into docs/bench.* (ROUNDS=3)
	@node tools/bench/jobs.js

stack-sweep: wasm | tools-test ## look for stack addresses at which kernels are slow, in Node and Chromium
	@node tools/stack-sweep.js

screens: site single-file | tools-test ## take pictures of the page into build/screens/
	@node tools/screens.js

pictures: site | tools-test ## make the README's pictures anew from the built page
	@node tools/pictures.js

docs: native ## write docs/operators.md, docs/methods.md and the pages of docs/methods/ from the tables
	@node tools/docs.js

docs-figures: native ## draw the pictures of docs/methods/, docs/dreams/ and docs/twins/ on the bundled networks
	@node tools/docs-figures.js
	@node tools/network-figures.js

docs-judging: native need-data | tools-test ## measure what explanations are worth on the bundled networks into docs/judging.* (DATA=Tiny ImageNet)
	@DATA="$(DATA)" node tools/judging.js

samples: ## make public/samples/ anew from the Debian packages that hold the photographs
	@/usr/bin/python3 tools/samples.py
	@/usr/bin/python3 tools/fashion-sheet.py

icons: ## make the icons in public/icons/ anew from icon.svg
	@tools/icons.sh

# Training a network anew: models/NAME.recipe makes models/NAME.onnx and its card. A call that was stopped goes on.
CAB   := cab-none cab-0 cab-30 cab-100
TWINS := twin-plain twin-robust
TINY  := tiny-vgg flagship $(CAB) $(TWINS)
TRAIN = $(B)/native/backlight train models/$(1).recipe --data "$(2)" --out models/$(1).onnx --small models/$(1).training \
	--checkpoint $(B)/$(1).checkpoint --log $(B)/$(1).csv --curves $(B)/$(1).png $(HISTORY)
CARD  = $(B)/native/backlight eval models/$(1).onnx --data "$(2)" --recipe models/$(1).recipe --card models/$(1).md $(TRIALS)
# What its channels answer to each class, which the page compares.
MEANS = $(B)/native/backlight statistics models/$(1).onnx --data "$(2)" --out models/$(1).statistics.onnx
train-tiny-vgg: HISTORY = --history models/tiny-vgg.history.onnx
$(CAB:%=train-%) $(CAB:%=card-%): TRIALS = --captions "BEE CAT ARC PAN"
$(TWINS:%=train-%) $(TWINS:%=card-%): TRIALS = --pgd 2,4
need-data:
	@[ -n "$(DATA)" ] || { echo 'Say where Tiny ImageNet lies, as in DATA=/path/to/folder' >&2; exit 2; }

.PHONY: train-cab train-twins $(TINY:%=train-%) $(TINY:%=card-%) card-fashion
train-tiny-vgg train-flagship: ## train models/… anew from Tiny ImageNet (DATA=folder)
train-cab: $(CAB:%=train-%) ## the same for the four networks of the captions experiment
train-twins: $(TWINS:%=train-%) ## the same for the plain and the robust twin

$(TINY:%=train-%): train-%: native need-data
	$(call TRAIN,$*,$(DATA))
	$(call CARD,$*,$(DATA))
	$(call MEANS,$*,$(DATA))
	@rm -f $(B)/$*.checkpoint models/$*.training

train-fashion: native | tools-test ## train models/fashion.onnx anew from Debian's Fashion-MNIST
	$(call TRAIN,fashion,$(FASHION))
	$(call CARD,fashion,$(FASHION))
	$(call MEANS,fashion,$(FASHION))
	@rm -f $(B)/fashion.checkpoint models/fashion.training

# The card alone: `make card-NAME`.
$(TINY:%=card-%): card-%: native need-data
	$(call CARD,$*,$(DATA))
card-fashion: native | tools-test
	$(call CARD,fashion,$(FASHION))

# Their class means alone: `make statistics DATA=…`, or of one, `make statistics-NAME`.
.PHONY: statistics statistics-fashion $(TINY:%=statistics-%)
statistics: $(TINY:%=statistics-%) statistics-fashion ## measure what channels of the bundled networks answer to each class (DATA=folder)
$(TINY:%=statistics-%): statistics-%: native need-data
	$(call MEANS,$*,$(DATA))
statistics-fashion: native | tools-test
	$(call MEANS,fashion,$(FASHION))

format: ## lay out the C sources by .clang-format
	@command -v clang-format >/dev/null || { echo 'clang-format is missing; on Debian: apt-get install clang-format' >&2; exit 1; }
	clang-format -i $$(find src wasm tests -name '*.[ch]')

clean: ## remove everything made (not node_modules)
	rm -rf $(B)

# ---------------------------------------------------------------- tools, asked for before everything else

.PHONY: tools-build tools-test tools-valgrind
tools-build:
	@tools/setup.sh build
tools-test: tools-build  # one after the other: apt-get runs once at a time
	@tools/setup.sh test
tools-valgrind: tools-test
	@tools/setup.sh valgrind

node_modules/.package-lock.json: package.json package-lock.json | tools-build
	npm ci
	@touch $@

# A folder with the stb headers alone, so that no other header of the host reaches Emscripten.
$(B)/include/stb: | tools-build
	@mkdir -p $(@D) && ln -sfn $(STB) $@

# Objects hang on this file, which changes when the flags do.
ALL_FLAGS := $(CC) $(CLANG) $(EMCC) $(RELAXED_CC) $(RELAXED_LD) $(value RELAXED_FLAGS) $(STB) $(STB_FLAGS) $(NATIVE_FLAGS) $(FUZZ_FLAGS) $(DOUBLE_FLAGS) $(value WASM_FLAGS) $(value WASM_SPEED) $(WASM_ROLLED)
$(shell mkdir -p $(B); echo '$(ALL_FLAGS)' | cmp -s - $(B)/flags || echo '$(ALL_FLAGS)' > $(B)/flags)

# ---------------------------------------------------------------- compiling

# $(call compile,VARIANT,COMPILER VARIABLE,FLAGS VARIABLE): how any .c becomes build/VARIANT/obj/….o
define compile
$(B)/$(1)/obj/%/stb.o: OWN := $(STB_FLAGS)
$(B)/$(1)/obj/%.o: %.c $(B)/flags | tools-$(2) $(B)/include/stb
	@mkdir -p $$(@D); echo '$(1)  $$<'
	@$$($(3)) $$($(4)) $$(OWN) -MMD -MP -c $$< -o $$@
objects-$(1) = $$(patsubst %.c,$(B)/$(1)/obj/%.o,$$(1))
-include $$(shell find $(B)/$(1) -name '*.d' 2>/dev/null)
endef

# $(call compile-twice,VARIANT,…): the files of TWICE become build/VARIANT/fast/….o as well
define compile-twice
$$(patsubst %.c,$(B)/$(1)/obj/%.o,$$(TWICE)): OWN := -DBL_VARIANT=exact
$(B)/$(1)/obj/src/kernels/choose.o: OWN := $(if $(TWICE),-DBL_TWICE)
$(B)/$(1)/fast/%.o: %.c $(B)/flags | tools-$(2) $(B)/include/stb
	@mkdir -p $$(@D); echo '$(1)  $$< (fast)'
	@$$($(3)) $$($(4)) -DBL_VARIANT=fast -DBL_FAST -mavx2 -mfma -MMD -MP -c $$< -o $$@
objects-$(1) += $$(patsubst %.c,$(B)/$(1)/fast/%.o,$$(filter $$(TWICE),$$(1)))
endef

$(eval $(call compile,native,build,CC,NATIVE_FLAGS))
$(eval $(call compile-twice,native,build,CC,NATIVE_FLAGS))
$(eval $(call compile,wasm,build,EMCC,WASM_FLAGS))
$(eval $(call compile,relaxed,build,RELAXED_CC,RELAXED_FLAGS))
$(eval $(call compile,asan,test,CLANG,ASAN_FLAGS))
$(eval $(call compile-twice,asan,test,CLANG,ASAN_FLAGS))
$(eval $(call compile,valgrind,test,CC,MEMORY_FLAGS))
$(eval $(call compile-twice,valgrind,test,CC,MEMORY_FLAGS))
$(eval $(call compile,double,test,CLANG,DOUBLE_FLAGS))
$(eval $(call compile,fuzz,test,CLANG,FUZZ_FLAGS))
$(eval $(call compile-twice,fuzz,test,CLANG,FUZZ_FLAGS))

# ---------------------------------------------------------------- linking

$(B)/native/backlight: $(call objects-native,$(SRC))
	@echo 'link  $@'
	@$(CC) $^ -o $@ -lm -lpthread

$(B)/bench-native: $(call objects-native,tools/bench-native.c $(filter src/base/% src/kernels/%,$(SRC)))
	@$(CC) $^ -o $@ -lm -lpthread -ldl

$(B)/wasm/backlight.wasm: $(call objects-wasm,$(WASM_SRC)) tools/emcc-flags.sh
	@echo 'link  $@'
	@$(EMCC) -Oz -msimd128 -mbulk-memory $(filter %.o,$^) -o $@ $$(tools/emcc-flags.sh)

# As tools/emcc-flags.sh has emcc link: what only the loader has may stay open, and nothing else.
$(B)/wasm/backlight-relaxed.wasm: $(call objects-relaxed,$(WASM_SRC))
	@echo 'link  $@'; mkdir -p $(@D)
	@lib=$(SYSROOT)/lib/wasm32-emscripten; $(RELAXED_LD) $^ $$lib/crt1_reactor.o -L$$lib -lstandalonewasm-memgrow -lnoexit \
		-lc-optz -lemmalloc -lcompiler_rt --entry=_initialize --allow-undefined-file=<(echo emscripten_notify_memory_growth) \
		-z stack-size=1048576 --initial-memory=16777216 --max-memory=4294967296 --global-base=1024 --strip-all --compress-relocations -O2 -o $@

# A library is made anew, so that no object outlives its source; "q" lets two rooms have a file of one name.
%.a:
	@rm -f $@; ar qcs $@ $^
$(B)/asan/core.a:   $(call objects-asan,$(filter-out src/cli/%,$(SRC)))
$(B)/valgrind/core.a: $(call objects-valgrind,$(filter-out src/cli/%,$(SRC)))
$(B)/double/core.a: $(call objects-double,$(EXACT_SRC))
$(B)/fuzz/core.a:   $(call objects-fuzz,$(CORE_SRC))

# ---------------------------------------------------------------- tests in C

FLOAT_TESTS  := $(filter tests/c/test_%,$(TEST_SRC))
DOUBLE_TESTS := $(filter tests/c/double_%,$(TEST_SRC))
TEST_HELPERS := $(filter-out $(FLOAT_TESTS) $(DOUBLE_TESTS),$(TEST_SRC))
LINK_TEST     = @echo 'link  $@'; mkdir -p $(@D); $(CLANG) -fsanitize=address,undefined $^ -o $@ -lcmocka -lm -lpthread

.PHONY: c-tests fuzzers
c-tests: $(patsubst tests/c/%.c,$(B)/tests/c/%,$(FLOAT_TESTS) $(DOUBLE_TESTS))
fuzzers: $(patsubst tests/fuzz/%.c,$(B)/tests/fuzz/%,$(FUZZ_SRC))

$(B)/tests/c/test_%: $(B)/asan/obj/tests/c/test_%.o $(call objects-asan,$(TEST_HELPERS)) $(B)/asan/core.a
	$(LINK_TEST)
$(B)/valgrind/test_%: $(B)/valgrind/obj/tests/c/test_%.o $(call objects-valgrind,$(TEST_HELPERS)) $(B)/valgrind/core.a
	@echo 'link  $@'
	@$(CC) $^ -o $@ -lcmocka -lm -lpthread
$(B)/tests/c/double_%: $(B)/double/obj/tests/c/double_%.o $(call objects-double,$(TEST_HELPERS)) $(B)/double/core.a
	$(LINK_TEST)
$(B)/tests/fuzz/%: $(B)/fuzz/obj/tests/fuzz/%.o $(B)/fuzz/core.a
	@echo 'link  $@'; mkdir -p $(@D)
	@$(CLANG) -fsanitize=fuzzer,address,undefined $^ -o $@ -lm -lpthread
.SECONDARY:

# ---------------------------------------------------------------- the page

PAGE  = $(shell find web public wasm -type f -not -name '*.c' 2>/dev/null) $(wildcard models/*.onnx)
VITE := node_modules/.bin/vite build --config web/vite.config.js --logLevel warn

# The site carries the single file too: for sticks, and for frames that may load nothing else.
$(B)/site/index.html: $(PAGE) $(B)/native/backlight $(B)/wasm/backlight.wasm $(B)/wasm/backlight-relaxed.wasm $(B)/single/backlight.html node_modules/.package-lock.json
	@echo 'page  $(@D)'
	@$(VITE)
	@touch $@

$(B)/single/backlight.html: $(PAGE) $(B)/native/backlight $(B)/wasm/backlight.wasm node_modules/.package-lock.json
	@echo 'page  $@'
	@$(VITE) --mode single
	@touch $@
