# Builds everything for Windows on x64, with mingw-w64 and Debian 12's sources:
#   make -f tools/windows/windows.mk
# build/windows/out/lua54 and out/lua51 (LuaJIT) each stand on their own: an
# interpreter, its modules, and the Lua files where it looks for them.

SHELL = /bin/sh
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:

HOST = x86_64-w64-mingw32-
WIN = build/windows
SRC = $(WIN)/source
OUT = $(WIN)/out
LUAS = lua51 lua54

# Warnings are for the checks. The runtime of the compiler goes into the DLL, the
# time of the build does not: two builds make the same bytes.
CFLAGS = -O2
LDFLAGS = -s -static-libgcc -Wl,--no-insert-timestamp
COMPILE = $(HOST)gcc $(CFLAGS) -std=c99 -D_FILE_OFFSET_BITS=64 \
	-DCURL_STATICLIB -Icsrc/core -isystem $(SRC)/curl/include
MODULE = $(HOST)gcc $(CFLAGS) -w -shared $(LDFLAGS)
SYSTEM = -lws2_32 -lcrypt32 -lbcrypt -ladvapi32 -lshell32

.PHONY: all files imports

all: files imports $(LUAS:%=$(WIN)/test/%/lfs.dll) \
	$(LUAS:%=$(WIN)/test/%/socket/core.dll)

# ---- what others wrote

PACKAGES = curl lua5.4 luajit lua-cjson lua-filesystem

$(WIN)/fetched:
	tools/windows/sources $(PACKAGES)
	@touch $@

$(SRC)/luasocket: | $(WIN)/fetched
	tools/windows/sources $(@F)

# Schannel is Windows' own TLS, with its own trust store. NB: curl's cmake would
# write the paths of this machine's certificates into the library. Its makefile
# takes flags from the environment only.
CURL = $(SRC)/curl/lib/libcurl.a

$(CURL): $(WIN)/fetched
	env CFLAGS=-O2 CPPFLAGS="-DHTTP_ONLY -DCURL_STATICLIB" $(MAKE) -s -C $(SRC)/curl/lib \
		-f Makefile.mk CROSSPREFIX=$(HOST) ARCH=w64 \
		CFG=-schannel-sspi-ipv6-unicode x86_64-w64-mingw32 libcurl.a
	@touch $@

LUA54 = $(SRC)/lua5.4/src
LUA51 = $(SRC)/luajit/src

$(OUT)/lua54/lua54.dll: $(WIN)/fetched
	@mkdir -p $(@D)
	$(MODULE) -DLUA_COMPAT_5_3 -DLUA_BUILD_AS_DLL -o $@ \
		$$(ls $(LUA54)/*.c | grep -v '/luac\?\.c$$')

$(OUT)/lua54/lua.exe: $(OUT)/lua54/lua54.dll
	$(HOST)gcc $(CFLAGS) $(LDFLAGS) -o $@ $(LUA54)/lua.c $<

$(OUT)/lua51/lua51.dll: $(WIN)/fetched
	@mkdir -p $(@D)
	$(MAKE) -s -C $(LUA51) HOST_CC=gcc CROSS=$(HOST) TARGET_SYS=Windows \
		BUILDMODE=dynamic TARGET_LDFLAGS="$(LDFLAGS)" \
		TARGET_SHLDFLAGS="$(LDFLAGS)" >/dev/null
	cp $(LUA51)/lua51.dll $@

$(OUT)/lua51/luajit.exe: $(OUT)/lua51/lua51.dll
	cp $(LUA51)/luajit.exe $@

# ---- ours

core = $(filter-out %_posix.c,$(wildcard csrc/core/*.c))
CORE = $(core:csrc/%.c=$(WIN)/obj/%.o)
BINDING = $(notdir $(wildcard csrc/lua/*.c))

$(WIN)/obj/%.o: csrc/%.c $(WIN)/fetched
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -c -o $@ $<

-include $(CORE:.o=.d)

# luasocket but for Unix sockets
SOCKET = $(addprefix $(SRC)/luasocket/src/,luasocket.c auxiliar.c buffer.c compat.c \
	except.c inet.c io.c options.c select.c tcp.c timeout.c udp.c wsocket.c)

# abi(Lua, its headers): the modules; for the specs lfs, which busted wants, and
# luasocket, which Redis does. lua_cjson.c has a function of its own with the name
# of one of LuaJIT's.
define abi
$(WIN)/obj/$(1)/%.o: csrc/lua/%.c $(WIN)/fetched
	@mkdir -p $$(@D)
	$$(COMPILE) -isystem $(2) -MMD -MP -c -o $$@ $$<

$(OUT)/$(1)/yuanjing/core.dll: $(BINDING:%.c=$(WIN)/obj/$(1)/%.o) $(CORE) \
		$(CURL) $(OUT)/$(1)/$(1).dll
	@mkdir -p $$(@D)
	$$(MODULE) -o $$@ $$^ $(SYSTEM)

$(OUT)/$(1)/cjson.dll: $(OUT)/$(1)/$(1).dll
	printf '#include <%s>\n#if %s\n#define %s\n#endif\n' lauxlib.h \
		'LUA_VERSION_NUM == 501' 'luaL_setfuncs cjson_setfuncs' \
		>$(WIN)/cjson.$(1).h
	$$(MODULE) -I$(2) -include $(WIN)/cjson.$(1).h -o $$@ \
		$$(addprefix $(SRC)/lua-cjson/,lua_cjson.c strbuf.c fpconv.c) $$<

$(WIN)/test/$(1)/lfs.dll: $(OUT)/$(1)/$(1).dll
	@mkdir -p $$(@D)
	$$(MODULE) -I$(2) -o $$@ $(SRC)/lua-filesystem/src/lfs.c $$<

$(WIN)/test/$(1)/socket/core.dll: $(OUT)/$(1)/$(1).dll | $(SRC)/luasocket
	@mkdir -p $$(@D)
	$$(MODULE) -I$(2) -o $$@ $(SOCKET) $$< -lws2_32

-include $(BINDING:%.c=$(WIN)/obj/$(1)/%.d)
endef

$(eval $(call abi,lua54,$(LUA54)))
$(eval $(call abi,lua51,$(LUA51)))

# ---- C tests: those that build without POSIX; tools/windows/run.sh counts the
# others as skipped

$(WIN)/test/%.exe: spec/c/%.c $(CORE) $(CURL)
	@mkdir -p $(@D)
	$(COMPILE) -Ispec/c '-Dsetenv(name,value,all)=_putenv_s(name,value)' \
		-static-libgcc -o $@ $^ \
		$$(sed -n '1,20s/^.*ldflags: *\([^*]*\).*/\1/p' $<) $(SYSTEM)

# ---- the folders that people get

MODULES = $(foreach lua,$(LUAS),$(OUT)/$(lua)/$(lua).dll \
	$(OUT)/$(lua)/yuanjing/core.dll $(OUT)/$(lua)/cjson.dll)
PROGRAMS = $(OUT)/lua54/lua.exe $(OUT)/lua51/luajit.exe
ARGPARSE = $(shell $(LUA) -e 'print(package.searchpath("argparse", package.path))')
LUA = lua5.4

files: $(MODULES) $(PROGRAMS)
	@for lua in $(LUAS); do to=$(OUT)/$$lua; \
		rm -rf $$to/lua $$to/bin $$to/licenses; \
		mkdir -p $$to/bin $$to/licenses; \
		cp -r lua $$to/lua; \
		cp $(ARGPARSE) $$to/lua/; \
		cp bin/yuanjing $$to/bin/; \
		cp tools/windows/tell.lua docs/windows.md $$to/; \
		cp LICENSE $$to/licenses/yuanjing.txt; \
		cp $(SRC)/curl/COPYING $$to/licenses/curl.txt; \
		cp $(SRC)/lua-cjson/LICENSE $$to/licenses/lua-cjson.txt; \
		cp /usr/share/doc/lua-argparse/copyright $$to/licenses/argparse.txt; \
		exe=$$(cd $$to && ls *.exe); \
		printf '@"%%~dp0%s" "%%~dp0bin\\yuanjing" %%*\r\n' $$exe \
			>$$to/yuanjing.cmd; \
	done
	@cp $(LUA54)/../debian/copyright $(OUT)/lua54/licenses/lua.txt
	@cp $(SRC)/luajit/COPYRIGHT $(OUT)/lua51/licenses/luajit.txt

# A module needs the system and its own Lua, nothing that a user would have to
# find; and the core exports what `require` looks for, alone.
SYSTEM_DLLS = kernel32|msvcrt|ws2_32|crypt32|bcrypt|advapi32|shell32|user32

imports: files
	@for lua in $(LUAS); do for file in $$(find $(OUT)/$$lua -name '*.dll' \
			-o -name '*.exe'); do \
		seen=$$($(HOST)objdump -p $$file | sed -n 's/.*DLL Name: //p'); \
		test -n "$$seen" || { echo "$$file: no imports?"; exit 1; }; \
		! echo "$$seen" | grep -viE "^(($(SYSTEM_DLLS))|$$lua)\.dll$$" || \
			{ echo "$$file imports these"; exit 1; }; \
	done; \
	core=$(OUT)/$$lua/yuanjing/core.dll; \
	seen=$$($(HOST)objdump -p $$core | \
		sed -n '/Name Pointer/,/^$$/s/^.*\[ *[0-9]*\] *//p' | xargs); \
	test "$$seen" = luaopen_yuanjing_core || \
		{ echo "$$core exports: $$seen"; exit 1; }; \
	done; echo "imports: the system and each module's own Lua"
