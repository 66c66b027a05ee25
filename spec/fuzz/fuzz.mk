# Builds the fuzz targets: make -f spec/fuzz/fuzz.mk build/fuzz/json. A line
# `ldflags: ...` in a target's opening comment adds link flags to it, and
# `with: ...` the files of csrc/core/ that it needs; `with: all` adds the binding
# in csrc/lua/. build/fuzz-coverage/ has the same targets, which report the code
# that they reach instead of searching for more.
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

CLANG = clang
PKG_CONFIG = pkg-config

WARNINGS = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wundef -Wno-sign-conversion \
	-Werror
BASE = -std=c99 $(WARNINGS) -MMD -MP -Icsrc/core -Icsrc/lua
FUZZ = -O2 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined
TRACE = -fsanitize-coverage=inline-8bit-counters,pc-table
COVER = -O1 -g -fsanitize=address
PROFILE = -fprofile-instr-generate -fcoverage-mapping

headers := $(patsubst -I%,-isystem%,$(shell $(PKG_CONFIG) --cflags lua5.4 libcurl))
TARGETS := $(patsubst spec/fuzz/%_fuzz.c,%,$(wildcard spec/fuzz/*_fuzz.c))

# setting(word, target): the line `word: ...` of its opening comment
setting = $(shell sed -n '1,20s/^.*$(1): *\([^*]*\).*/\1/p' spec/fuzz/$(2)_fuzz.c)

# needed(target): its files of csrc/core/; for `with: all` those of csrc/lua/, too
needed = $(if $(filter all,$(call setting,with,$(1))),\
	$(basename $(notdir $(filter-out %_windows.c,\
		$(wildcard csrc/core/*.c csrc/lua/*.c)))),\
	$(call setting,with,$(1)))

# target(folder, name, link flags)
define target
build/$(1)/$(2): build/$(1)/obj/$(2)_fuzz.o \
		$$(patsubst %,build/$(1)/obj/%.o,$$(call needed,$(2)))
	$$(CLANG) $(3) -o $$@ $$^ $$(call setting,ldflags,$(2))
endef

# variant(folder, compile flags, flags for what is tested, link flags)
define variant
build/$(1)/obj/%.o: csrc/core/%.c spec/fuzz/fuzz.mk
	@mkdir -p $$(@D)
	$$(CLANG) $$(BASE) $(2) $(3) $$(headers) -c -o $$@ $$<

build/$(1)/obj/%.o: csrc/lua/%.c spec/fuzz/fuzz.mk
	@mkdir -p $$(@D)
	$$(CLANG) $$(BASE) $(2) $(3) $$(headers) -c -o $$@ $$<

build/$(1)/obj/%.o: spec/fuzz/%.c spec/fuzz/fuzz.mk
	@mkdir -p $$(@D)
	$$(CLANG) $$(BASE) $(2) $$(headers) -c -o $$@ $$<

$(foreach name,$(TARGETS),$(eval $(call target,$(1),$(name),$(2) $(4))))
-include $(wildcard build/$(1)/obj/*.d)
endef

$(eval $(call variant,fuzz,$(FUZZ),$(TRACE),-fsanitize=fuzzer))
$(eval $(call variant,fuzz-coverage,$(COVER),$(PROFILE),$(PROFILE) -fsanitize=fuzzer))
