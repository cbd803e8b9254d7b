# A thin face over meson: the build itself is described in meson.build. `make help` lists the targets.

BUILD ?= build
CC_CLANG ?= clang
JOBS ?= $(shell nproc)
PROMPT ?= The first railway
export PROMPT
FUZZ_SECONDS ?= 60
PREFIX ?= /usr/local

.PHONY: all help run test check check-long asan-build asan tsan-build tsan fuzz bench format layers tidy install uninstall clean
.DEFAULT_GOAL := all

# $(1) folder, $(2) targets. One line that moves on a terminal, none elsewhere; V=1 shows each command.
ninja = @if [ -n '$(V)' ]; then ninja -v -C $(1) $(2); elif [ -t 1 ]; then ninja -C $(1) $(2); \
	else ninja --quiet -C $(1) $(2); fi

# Only the programs: the tests need a library more, and are built by `make test`.
all: $(BUILD)/build.ninja
	@tools/refresh $(BUILD)
	$(call ninja,$(BUILD),programs)

help:
	@echo 'make            build $(BUILD)/switchyard and $(BUILD)/kernel-check, installing what that needs'
	@echo 'make run        show a small synthetic model; MODEL=... [PROMPT=...] [ARGS=...] goes on with a text by your own,'
	@echo '                from ids where it has no tokenizer, or with IDS=1,2,3'
	@echo 'make test       all tests; T=WORD only those whose name or file contains the word; SLOW=1 names the slow ones'
	@echo 'make check      everything that CI does, in under 30 minutes on two cores'
	@echo 'make check-long hours: all tests with both compilers, with ref alone and under the sanitizers; long fuzzing'
	@echo 'make asan       all tests (or T=WORD) under the address and undefined-behaviour sanitizers'
	@echo 'make tsan       the same under the thread sanitizer'
	@echo 'make fuzz       each fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS); F=WORD only those named so'
	@echo 'make bench      the benchmarks of bench/'
	@echo 'make format     lay the code out as .clang-format says'
	@echo 'make layers     check includes against layers.txt, and for circles;  make tidy: the other rules a script can see'
	@echo 'make install    program, library, manual and completions into PREFIX=$(PREFIX) (and DESTDIR);'
	@echo 'make uninstall  takes away what the last one brought'
	@echo 'make clean      remove all build folders'
	@echo 'V=1 shows each command of the compiler; BUILD=FOLDER builds elsewhere, JOBS=N bounds the tests at a time.'

# Depends on tools/deps because its list may have grown since.
$(BUILD)/build.ninja: tools/deps
	@tools/deps build
	@echo 'building in $(BUILD), which takes a minute or two the first time (V=1 shows more)'
	@mkdir -p $(BUILD)
	@meson setup $(BUILD) >$(BUILD)/setup.log 2>&1 || { cat $(BUILD)/setup.log; exit 1; }
	@touch $@

run: all
ifdef MODEL
ifdef IDS
	$(BUILD)/switchyard run '$(MODEL)' --ids $(IDS) $(ARGS)
else
	@if $(BUILD)/switchyard tokenize '$(MODEL)' --text x >/dev/null 2>&1; then \
		echo "$(BUILD)/switchyard run '$(MODEL)' -p \"$$PROMPT\" $(ARGS)"; \
		exec $(BUILD)/switchyard run '$(MODEL)' -p "$$PROMPT" $(ARGS); \
	else \
		echo "$(BUILD)/switchyard run '$(MODEL)' --ids 1,2,3 $(ARGS)"; \
		exec $(BUILD)/switchyard run '$(MODEL)' --ids 1,2,3 $(ARGS); fi
endif
else
	@tools/demo $(BUILD)
endif

# A build folder set up before cmocka was there knows no sy-test, so it is set up again.
define build_tests
	@tools/deps build test
	@test -e $(1)/build.ninja || { mkdir -p $(1); echo 'configuring $(1)'; \
		meson setup $(1) -Dtests=enabled $(2) >$(1)/setup.log 2>&1 || { cat $(1)/setup.log; exit 1; }; }
	@tools/refresh $(1)
	@grep -q '^build sy-test:' $(1)/build.ninja || meson setup --reconfigure $(1) -Dtests=enabled >/dev/null
	$(call ninja,$(1),programs installed sy-test)
endef

test:
	$(call build_tests,$(BUILD))
	@$(BUILD)/sy-test $(if $(V),-v) -j $(JOBS) $(T)

comma := ,

# Warnings of an instrumented build are the optimiser's, not ours. Most of the time goes into compiling, hence -O1.
instrumented = -Dwerror=false -Dc_args='-fno-sanitize-recover=all -fno-omit-frame-pointer'
sanitized = $(instrumented) -Doptimization=1 -Ddebug=true

asan-build:
	$(call build_tests,build-asan,-Db_sanitize=address$(comma)undefined $(sanitized))

asan: asan-build
	@ASAN_OPTIONS=detect_stack_use_after_return=1:$$ASAN_OPTIONS UBSAN_OPTIONS=print_stacktrace=1 \
		LSAN_OPTIONS=suppressions=$(CURDIR)/tools/leaks.supp:print_suppressions=0:$$LSAN_OPTIONS \
		SY_TEST_SECONDS=$${SY_TEST_SECONDS:-1200} build-asan/sy-test -j $(JOBS) $(T)

tsan-build:
	$(call build_tests,build-tsan,-Db_sanitize=thread $(sanitized))

# Its runtime gives up where the kernel spreads addresses wider than it expects, so they are not spread, where one may.
tsan: tsan-build
	@here=; ! setarch -R true 2>/dev/null || here='setarch -R'; \
		TSAN_OPTIONS=halt_on_error=1 SY_TEST_SECONDS=$${SY_TEST_SECONDS:-1200} \
		$$here build-tsan/sy-test -j $(JOBS) $(T)

fuzz:
	@tools/deps build check
	@test -e build-fuzz/build.ninja || CC=$(CC_CLANG) meson setup build-fuzz -Dfuzz=true -Dtests=disabled \
		-Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debugoptimized $(instrumented)
	@ninja -C build-fuzz
	@tools/fuzz build-fuzz $(FUZZ_SECONDS) $(F)

bench: all
	@bench/run $(BUILD)

check:
	@.ci/run

check-long:
	@.ci/run --long

format:
	@tools/deps check
	@tools/check_format --fix

layers:
	@tools/check_layers

tidy:
	@tools/tidy

# PREFIX is built in (where models lie once installed), so another one compiles a file anew.
install: all
	@meson configure $(BUILD) -Dprefix=$(PREFIX)
	@ninja -C $(BUILD) installed
	@meson install -C $(BUILD) --no-rebuild

uninstall:
	@ninja -C $(BUILD) uninstall

clean:
	rm -rf build build-asan build-tsan build-fuzz build-clang build-ref
