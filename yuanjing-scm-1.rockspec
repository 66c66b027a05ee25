local rock_name = "yuanjing"
local rock_version = "scm-1"

rockspec_format = "3.0"
package = rock_name
version = rock_version

-- This one is for `luarocks make` in a checkout, which fetches nothing. `make dist`
-- writes the one of a version, with the archive that it makes.
source = {
  url = "file://.",
}

description = {
  summary = "A client of the 元境 platform: chat, images, videos, tasks",
  detailed = [[
    Text with streaming, images, videos and their long-running tasks, real-
    person assets. The same calls work in a script, in a game's loop and in an
    nginx worker. A thin C core over libcurl, a Lua layer above it.]],
  license = "MIT",
  labels = {"ai", "llm", "http", "sse", "async"},
}

-- LuaJIT 2.1, which luarocks calls 5.1, and Lua 5.3, 5.4 and 5.5. PUC 5.1 has
-- the same name; `require` refuses it.
--
-- Offline, or with a system's own lua-cjson and argparse, which luarocks does
-- not count: luarocks make --deps-mode none
dependencies = {
  "lua >= 5.1, ~= 5.2",
  "lua-cjson >= 2.1",
  "argparse >= 0.7",
}

test_dependencies = {
  "luasocket",
}

-- spec/run.sh runs it on every Lua; this is the short way. .busted says where
-- the builds are.
test = {
  type = "busted",
}

-- No external_dependencies, for luarocks looks for a header in /usr/include
-- alone, and Debian's libcurl has it where just the compiler finds it. luarocks
-- still looks for the library, because of `libraries`, and says so without it;
-- CURL_DIR= tells it of another place.
local function core_with(libraries)
  return {
    sources = {},
    incdirs = {"csrc/core"},
    libraries = libraries,
    defines = {"_FILE_OFFSET_BITS=64"},
  }
end

local posix_core = core_with {"curl"}
local windows_core = core_with {"curl", "ws2_32", "bcrypt", "shell32"}

-- Files without their endings, behind the folder that they are in. Those whose
-- names end in _posix or _windows are for that system alone.
-- spec/rockspec_spec.lua compares both lists with the tree.
local c_files = [[
  core/ address buf curl_runtime decoder file file_posix file_windows json
    multis number path path_posix path_windows platform_posix platform_windows
    poller poller_windows pool request sha256 shape signals_posix
    signals_windows sockets source sse transfer utf8
  lua/ lcore ldecoder ldocument lfiber lfile lpool lreader lrequest lterminal
    ltransfer
]]

local lua_files = [[
  init client errors events settings version
  account/ init settle verdict
  asset/ asset assets verification
  base/ ascii base64 certificates collector dependency digest files finalizer
    heap lazy memoize number percent random_name suggest url
  base/check/ init faults mistake
  base/json/ init cjson sorted
  base/language/ init
  base/language/zh/ command help hints messages usage
  base/media/ init types
  chat/ call media message params stream sums
  chat/conversation/ init ask ledger question saved sendable stream turns
  chat/schema/ asking canonical check definition found tidy values
  chat/tools/ arguments parameters run tool
  cli/ init config destination document exits extra fields follow localize
    making output session
  cli/batch/ folder lines plan
  cli/catalog/ flags names purposes
  cli/chat/ commands conversation printing
  cli/commands/ account assets batch catalog chat completion config doctor
    image login logout models sandbox speak task tasks transcribe video
  cli/terminal/ cells columns picture progress prompt screen terminal wrap
  generation/ submit
  generation/catalog/ init build legacy v1
  generation/params/ init guess refusal target value
  http/ address call exchange fault outcome request_builder retry
  journal/ init book compaction encode handles leases merging recorder settle
    work
  journal/stores/ file redis
  meta/ core models
  protocol/ init account assets category embed endpoints fields form legacy
    sending transno user_form v1
  protocol/answer/ document envelope page python reading record refusal
  protocol/answer/failure/ init code kind names signs text
  protocol/chat/ assembly call choice endings growth merge messages parameters
    pieces reasoning reply sent_tools sse structured think_tags tool_calls
  protocol/speech/ call document
  protocol/task/ answer kinds links reasons words
  redis/ connection tls url
  runtime/ backlog cancel_scope fibers heartbeat job job_failures loop map
    pollable
  runtime/nginx/ init requests threads
  sandbox/ init calls conf literal machine ports process request_log script
    shell
  sandbox/server/ init auth clock endpoints framing guard history json models
    play request request_log routes scenario script zlib
  sandbox/server/account/ init ledger prices
  sandbox/server/assets/ body bytes check confirm data_uri envelope groups ids
    links page reply shelf upload verify
  sandbox/server/chat/ init answer asked leaks text
  sandbox/server/chat/dialects/ init deepseek doubao gateway glm kimi minimax
    platform qwen standard writer
  sandbox/server/chat/model/ init fill memory pictures results source strings
    structured tools words
  sandbox/server/chat/picture/ init colours jpeg png
  sandbox/server/media/ answers checks clip content digest files form incoming
    multipart odds offers query received results submit tasks utf8
  sandbox/server/media/picture/ canvas png prompt scene subjects
  sandbox/server/scenarios/ account assets breaks chunks content dialects
    downloads errors framing queries results speech statuses stream_errors
    submits tasks timing tools vendors
  sandbox/server/speech/ hear memory say shapes tone
  speech/ answer coding params saving sound speak speech transcribe wav
  spending/ description dry_run limits prices usage
  spending/stores/ memory redis
  task/ await_many polling result task
  task/download/ init answer ending name page redirect target
]]

build = {
  type = "builtin",
  modules = {},
  platforms = {
    unix = {modules = {["yuanjing.core"] = posix_core}},
    windows = {modules = {["yuanjing.core"] = windows_core}},
  },
  install = {
    bin = {"bin/yuanjing"},
  },
}

local folder = ""

for word in c_files:gmatch("%S+") do
  if word:find("/$") then
    folder = word
  else
    local source = "csrc/" .. folder .. word .. ".c"
    if not word:find("_windows$") then
      posix_core.sources[#posix_core.sources + 1] = source
    end
    if not word:find("_posix$") then
      windows_core.sources[#windows_core.sources + 1] = source
    end
  end
end

folder = ""

for word in lua_files:gmatch("%S+") do
  if word:find("/$") then
    folder = word
  else
    local path = "yuanjing/" .. folder .. word
    local module = path:gsub("/init$", ""):gsub("/", ".")
    build.modules[module] = "lua/" .. path .. ".lua"
  end
end
