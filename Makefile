# Builds the C core for Lua 5.4 and LuaJIT under build/<variant>/ and runs
# everything that checks it. `make help` lists the targets.

SHELL = /bin/sh
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

CC = cc
PKG_CONFIG = pkg-config
LUAROCKS = luarocks
LUA = lua5.4
CFLAGS = -O2 -g

PLAIN := $(filter-out %_windows.c,$(wildcard csrc/core/*.c))
BINDING := $(wildcard csrc/lua/*.c)
NAMES := $(patsubst csrc/%.c,%,$(PLAIN) $(BINDING))

# Warnings are errors for the checks and the tests, not for a user's compiler.
WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wformat=2 \
	-Wwrite-strings -Wpointer-arith -Wstrict-prototypes -Wundef
DIALECT = -std=c99 -D_FILE_OFFSET_BITS=64 -Icsrc/core $(WARNINGS)
BASE = $(DIALECT) -fPIC -MMD -MP
SANITIZE = -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
LINK = -shared -Wl,-z,relro,-z,now
ifeq ($(shell uname -s),Darwin)
LINK = -bundle -undefined dynamic_lookup
endif

# A system folder's headers are not ours to warn about. Evaluated in recipes
# only, for the packages may not be there before `make deps`.
headers = $(patsubst -I%,-isystem%,$(shell $(PKG_CONFIG) --cflags $(1) libcurl))
curl_libs = $(shell $(PKG_CONFIG) --libs libcurl)

# The demo and the examples run on the tree as it is.
RUN = LUA_PATH="lua/?.lua;lua/?/init.lua;$$LUA_PATH;" \
	LUA_CPATH="build/5.4/?.so;$$LUA_CPATH;"

.PHONY: all build lua5.3 lua5.5 help deps poll locales test check rules exports \
	plain-c rooms sends warnings posix-check compile-check lint cppcheck tidy \
	analyze sanitize sanitize-build valgrind fuzz eventsource soak kills worlds \
	demo docs bench budget install clean dist dist-check windows windows-package-files

all build: build/5.4/yuanjing/core.so build/luajit/yuanjing/core.so

help:
	@echo "Build"
	@echo "  all            the core for Lua 5.4 and LuaJIT, under build/"
	@echo "  deps           installs what building and testing needs (Debian)"
	@echo "  lua5.3         the core for that Lua; lua5.5 too: LUA55_INC=/its/headers"
	@echo "  demo           runs examples/demo.lua on the sandbox"
	@echo "  install        luarocks make; LUAROCKS= and ROCKS_FLAGS= adjust it"
	@echo "  clean          removes build/ and what luarocks left"
	@echo "Hand out"
	@echo "  dist           packages of the last commit, in build/dist; PACKAGES=\"rock deb\""
	@echo "  dist-check     two clones make the same packages; lintian"
	@echo "Test"
	@echo "  test           every suite on both Luas, ten minutes; one room: spec/run.sh http/"
	@echo "  check          all static analysis of C and Lua; the next four and more"
	@echo "  lint           luacheck"
	@echo "  rules          which file may see what, and what the core exports"
	@echo "  warnings       of gcc and clang, unsigned char, 32 bits: none"
	@echo "  posix-check    as for macOS and the BSDs: without what only Linux has"
	@echo "  compile-check  the binding against other Lua versions' headers"
	@echo "  sanitize       the suites under ASan and UBSan"
	@echo "  valgrind       the suites under valgrind"
	@echo "  fuzz           coverage-guided fuzzing; FUZZ=600 seconds a target"
	@echo "  soak           a million chunks and more; SOAK=0.1 a tenth of it;"
	@echo "                 and finalizers at random, ten minutes"
	@echo "  eventsource    random event streams, read here and by npm's parser"
	@echo "  kills          batches and workers, killed at random moments"
	@echo "  worlds         on other systems, compilers and processors, half an hour;"
	@echo "                 WORLDS='clang musl' only these"
	@echo "  windows        builds for Windows, and runs that under wine"
	@echo "Measure"
	@echo "  bench          time and memory; writes bench/RESULTS.md; ROUNDS=3 is quicker"
	@echo "  budget         instructions; writes bench/budget.lua, which the tests compare"
	@echo "Write"
	@echo "  docs           the pages and types that are made from the code"
	@echo "CONTRIBUTING.md explains all of these; docs/architecture.md is the map."

deps:
	.ci/setup test

# variant(name, pkg-config name, compile flags, link flags)
define variant
build/$(1)/obj/%.o: csrc/%.c Makefile
	@mkdir -p $$(@D)
	$$(CC) $$(BASE) $$(CFLAGS) $(3) $$(call headers,$(2)) -c -o $$@ $$<

build/$(1)/yuanjing/core.so: $(NAMES:%=build/$(1)/obj/%.o)
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $(3) $$(LINK) -o $$@ $$^ $$(curl_libs)

-include $(NAMES:%=build/$(1)/obj/%.d)
endef

$(eval $(call variant,5.4,lua5.4,,))
$(eval $(call variant,luajit,luajit,,))
$(eval $(call variant,5.4-poll,lua5.4,-DYJ_USE_POLL,))
$(eval $(call variant,5.4-asan,lua5.4,$(SANITIZE),))
$(eval $(call variant,luajit-asan,luajit,$(SANITIZE),))
$(eval $(call variant,5.3,lua5.3,,))
$(eval $(call variant,5.5,$(if $(LUA55_INC),,lua5.5),$(LUA55_INC:%=-isystem%)))

# LUA55_INC= is the folder of lua.h where pkg-config knows no lua5.5.
lua5.3 lua5.5: lua%: build/%/yuanjing/core.so

poll: build/5.4-poll/yuanjing/core.so

# An interpreter with the sanitizers linked in: preloading them instead would
# put them into every child process as well. host(name, pkg-config name)
define host
build/$(1)/lua: spec/support/host.c Makefile
	@mkdir -p $$(@D)
	$$(CC) -std=c99 $$(CFLAGS) $$(SANITIZE) $$(call headers,$(2)) -o $$@ $$< \
		$$(shell $$(PKG_CONFIG) --libs $(2))
endef

$(eval $(call host,5.4-asan,lua5.4))
$(eval $(call host,luajit-asan,luajit))

sanitize-build: build/5.4-asan/yuanjing/core.so build/5.4-asan/lua \
		build/luajit-asan/yuanjing/core.so build/luajit-asan/lua

# C unit tests: spec/c/<name>_test.c with all of the plain C. A line
# `ldflags: ...` in the test's opening comment adds link flags to it.
# c_tests(folder, compile flags)
define c_tests
build/$(1)/obj/%.o: csrc/%.c Makefile
	@mkdir -p $$(@D)
	$$(CC) $$(BASE) -Werror $$(CFLAGS) $(2) $$(call headers,) -c -o $$@ $$<

build/$(1)/%: spec/c/%.c $(PLAIN:csrc/%.c=build/$(1)/obj/%.o) Makefile
	@mkdir -p $$(@D)
	$$(CC) $$(BASE) -Werror -MF $$@.d $$(CFLAGS) $(2) $$(call headers,) -o $$@ \
		$$(filter-out Makefile %.h,$$^) \
		$$$$(sed -n '1,20s/^.*ldflags: *\([^*]*\).*/\1/p' $$<) \
		$$(curl_libs)

-include $(PLAIN:csrc/%.c=build/$(1)/obj/%.d) $(wildcard build/$(1)/*.d)
endef

$(eval $(call c_tests,c,))
$(eval $(call c_tests,c-asan,$(SANITIZE)))
$(eval $(call c_tests,c-poll,$(SANITIZE) -DYJ_USE_POLL))

# Locales for the specs, which no machine has to have: with a comma for a point,
# with the Turkish i in UTF-8 and in a charset of single bytes, and with a point
# of two bytes. localedef's status is 1 after warnings.
LOCALES = de_DE.UTF-8 tr_TR.UTF-8 tr_TR.ISO-8859-9 ps_AF.UTF-8

locales: $(LOCALES:%=build/locales/%/LC_CTYPE)

build/locales/%/LC_CTYPE:
	@mkdir -p build/locales
	localedef -i $(basename $*) -f $(patsubst .%,%,$(suffix $*)) \
		build/locales/$* || test -s $@

test:
	@.ci/setup test
	@spec/run.sh

check:
	@.ci/setup check
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory -k lint rules warnings posix-check compile-check cppcheck tidy analyze

lint:
	luacheck -q $(filter-out build yuanjing,$(wildcard *)) .busted .luacheckrc
	@luajit tools/loops.lua $$(find bench bin/yuanjing examples lua spec tools \
		-name '*.lua' -o -name yuanjing -type f)

rules: exports plain-c rooms sends

exports: all
	@for so in build/5.4/yuanjing/core.so build/luajit/yuanjing/core.so; do \
		seen=$$(nm -D --defined-only $$so | awk '{print $$3}' | xargs); \
		test "$$seen" = luaopen_yuanjing_core || \
			{ echo "$$so exports: $$seen"; exit 1; }; \
	done; echo "exports: luaopen_yuanjing_core alone"

# Files that hold curl callbacks can not see Lua.
plain-c:
	@! grep -ln 'lua\.h\|lauxlib\.h\|lualib\.h\|compat\.h' $(PLAIN) \
		$(wildcard $(PLAIN:.c=.h)) || \
		{ echo "plain C must not include Lua's headers"; exit 1; }
	@echo "plain-c: no plain C file includes Lua"

# Who requires whom in Lua has one direction.
rooms:
	@$(LUA) tools/rooms.lua

# No compiler that is here has a warning, whatever its char and its pointers are.
# COMPILERS="gcc-14 clang-19" are others.
COMPILERS = $(CC) clang

warnings:
	@for cc in $(COMPILERS); do for lua in lua5.4 luajit; do \
		for char in signed unsigned; do \
			command -v $$cc >/dev/null || continue; \
			$$cc $(DIALECT) -Werror -fsyntax-only -f$$char-char \
				$$($(PKG_CONFIG) --cflags $$lua libcurl) \
				$(PLAIN) $(BINDING) || exit 1; \
		done; done; done; echo "warnings: none"
	@if echo '#include <stdint.h>' | $(CC) -m32 -E - >/dev/null 2>&1; then \
		$(CC) $(DIALECT) -Werror -fsyntax-only -m32 $(call headers,) $(PLAIN) \
			&& echo "warnings: none with 32 bits"; \
	else echo "warnings: no headers for 32 bits here"; fi

# As for macOS and the BSDs: POSIX alone, without what only Linux has, and once
# with a kqueue and what else macOS has or has not.
POSIX_ONLY = -D_POSIX_C_SOURCE=200809L -U__linux__ -U__linux -Ulinux \
	-include spec/support/posix/poison.h
MACOS = -U__ELF__ -D__APPLE__ -DF_FULLFSYNC=51 -Ispec/support/posix/bsd

posix-check:
	@for cc in $(CC) clang; do for macos in "" "$(MACOS)"; do \
		command -v $$cc >/dev/null || continue; \
		check="$$cc $(DIALECT) -Werror -fsyntax-only $(POSIX_ONLY) $$macos"; \
		$$check $(call headers,lua5.4) $(PLAIN) $(BINDING) || exit 1; \
		$$check $(call headers,luajit) $(BINDING) || exit 1; \
	done; done; echo "posix-check: compiles without Linux"

# Only http sends, and of its files retry.lua alone does so again: each of these is
# called in one file.
SENDS = loop.open:exchange exchange.run:call policy.attempt:retry

sends:
	@for pair in $(SENDS); do \
		seen=$$(grep -rnF "$${pair%:*}(" lua --include=*.lua | \
			grep -v ':function ' | cut -d: -f1 | sort -u | xargs); \
		test "$$seen" = "lua/yuanjing/http/$${pair#*:}.lua" || \
			{ echo "$${pair%:*}() is called in $$seen"; exit 1; }; \
	done; echo "sends: http alone, and retry.lua alone again"

# Every Lua that it runs on.
compile-check:
	@for v in 5.3 5.4 5.5 luajit; do \
		if $(PKG_CONFIG) --exists lua$${v#lua}; then \
			$(MAKE) --no-print-directory -s WARNINGS='$(WARNINGS) -Werror' \
				build/$$v/yuanjing/core.so \
				&& echo "compile-check: lua$${v#lua}" || exit 1; \
		else echo "compile-check: no headers of lua$${v#lua} here"; fi; \
	done

CPPCHECK = cppcheck --quiet --error-exitcode=1 --std=c99 --inline-suppr \
	--enable=warning,performance,portability -Icsrc/core \
	--suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
	-U__has_include

cppcheck:
	$(CPPCHECK) -DLUA_VERSION_NUM=504 -DLIBCURL_VERSION_NUM=0x075801 \
		$(PLAIN) $(BINDING)
	$(CPPCHECK) -DLUA_VERSION_NUM=501 -DYJ_USE_POLL \
		-DLIBCURL_VERSION_NUM=0x075801 $(PLAIN) $(BINDING)

tidy:
	clang-tidy --quiet $(PLAIN) $(BINDING) -- -std=c99 -Icsrc/core $(call headers,lua5.4)
	clang-tidy --quiet $(PLAIN) -- -std=c99 -DYJ_USE_POLL \
		$(call headers,lua5.4)

analyze:
	@mkdir -p build/analyze/core build/analyze/lua
	for f in $(NAMES); do \
		$(CC) $(BASE) -Werror -O1 -fanalyzer $(call headers,lua5.4) -MF /dev/null \
			-c -o build/analyze/$$f.o csrc/$$f.c || exit 1; \
	done

sanitize:
	@.ci/setup test
	spec/run.sh --sanitize

valgrind:
	@.ci/setup check
	spec/run.sh --valgrind

# FUZZ=600 seconds a target, or FUZZ=1000000x runs
fuzz:
	@.ci/setup test
	spec/fuzz/run.sh $(FUZZ)

# COUNT=50000 streams; npm fetches the parser, so the tests do without.
eventsource: all
	@.ci/setup bench
	spec/fuzz/eventsource.sh $(COUNT)

soak: all
	@.ci/setup test
	spec/soak/run.sh $(SOAK)
	spec/soak/finalizers.sh 60 5

kills: all
	@.ci/setup test
	spec/kills/run.sh

worlds:
	@tools/worlds/run.sh $(WORLDS)

demo:
	@.ci/setup build
	@$(MAKE) --no-print-directory -s all
	@$(RUN) $(LUA) examples/demo.lua
	@echo
	@echo "That was the sandbox, unless LIVE=1 and YUANJING_API_KEY were set:"
	@echo "with both it is the platform. For a shell of your own:"
	@echo "  export LUA_PATH='$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;'"
	@echo "  export LUA_CPATH='$(CURDIR)/build/5.4/?.so;;'"

docs: all
	@$(RUN) $(LUA) tools/models.lua > docs/models.md
	@$(RUN) $(LUA) tools/models.lua zh > docs/zh/models.md
	@$(RUN) $(LUA) tools/types.lua > lua/yuanjing/meta/models.lua
	@$(RUN) $(LUA) tools/reference.lua > docs/reference.md
	@$(RUN) $(LUA) tools/man.lua > docs/yuanjing.1
	YJ_DOCS=1 spec/run.sh --only lua5.4 faults

bench:
	@.ci/setup bench
	@$(MAKE) --no-print-directory -s all
	bench/run.sh

budget:
	@.ci/setup test
	@$(MAKE) --no-print-directory -s all
	bench/budget/run.sh record

windows:
	@.ci/setup test
	@tools/windows/setup
	@tools/windows/run.sh

# build/windows/out/lua54 and lua51: what the package for Windows holds
windows-package-files:
	@.ci/setup build
	@tools/windows/setup
	@$(MAKE) --no-print-directory -s -f tools/windows/windows.mk

install:
	$(LUAROCKS) make $(ROCKS_FLAGS)

# PACKAGES= some of rock, deb, love, windows
dist:
	@.ci/setup dist
	@packaging/dist.sh $(PACKAGES)

dist-check:
	@.ci/setup dist
	@packaging/check.sh $(PACKAGES)

clean:
	rm -rf build yuanjing
	rm -f csrc/*/*.o
