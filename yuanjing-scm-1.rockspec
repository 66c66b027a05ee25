local rock_name = "yuanjing"
local rock_version = "scm-1"

rockspec_format = "3.0"
package = rock_name
version = rock_version

source = {
  url = "git+https://example.invalid/yuanjing.git",
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
local core = {
  sources = {},
  libraries = {"curl"},
  defines = {"_FILE_OFFSET_BITS=64"},
}

-- Under csrc/, without the .c
local c_files = [[
  address buf file json number path sha256 sse shape decoder source form
  request poller sockets signals curl_runtime multis transfer pool lcore
  ldecoder ldocument lfiber lfile lpool lreader
  lrequest ltransfer lterminal
]]

-- Under lua/yuanjing/, without the .lua; spec/rockspec_spec.lua compares.
local lua_files = [[
  init ascii asset assets backlog beat catalog certificates chat cjson client digest
  download dry_run errors events exchange failures fibers finalizer heap http job
  journal json later limits loop many map media need nginx number outcome outgoing
  owner
  params pollable polling remember result settings sorted_json stream submit
  task tool_calls url usage verification version
  download/answer download/name download/page download/redirect download/target
  journal/book journal/compaction journal/encode journal/file
  journal/leases journal/link journal/name
  journal/redis journal/tls journal/work
  api/init api/answers api/assembly api/assets api/embed api/envelope
  api/failures api/form api/legacy api/links api/pieces api/python api/reading
  api/reasons api/sse api/texts api/v1 api/words
  chat/media limits/memory limits/redis catalog/build
  catalog/v1 catalog/legacy media/types meta/core meta/models media/ending
  params/category params/guess params/refusal params/suggest params/target
  params/value
  cli/init cli/assets cli/batch cli/catalog cli/cells cli/chat cli/columns cli/completion
  cli/destination cli/doctor cli/document cli/exits cli/extra cli/flags cli/folder cli/follow
  cli/image cli/lines cli/making
  cli/models cli/output cli/picture cli/plan cli/progress cli/prompt cli/sandbox
  cli/screen cli/session cli/task cli/tasks cli/terminal cli/video
  sandbox/init sandbox/conf sandbox/endpoints sandbox/journal sandbox/literal
  sandbox/machine sandbox/ports sandbox/process sandbox/script sandbox/shell
  sandbox/server/init sandbox/server/auth sandbox/server/chat
  sandbox/server/clock sandbox/server/framing sandbox/server/guard sandbox/server/journal
  sandbox/server/json sandbox/server/models sandbox/server/play
  sandbox/server/request sandbox/server/routes sandbox/server/scenario
  sandbox/server/script sandbox/server/text
  sandbox/server/assets/body sandbox/server/assets/bytes
  sandbox/server/assets/check sandbox/server/assets/confirm
  sandbox/server/assets/data_uri sandbox/server/assets/envelope
  sandbox/server/assets/groups sandbox/server/assets/ids
  sandbox/server/assets/links sandbox/server/assets/page
  sandbox/server/assets/reply sandbox/server/assets/shelf
  sandbox/server/assets/upload sandbox/server/assets/verify
  sandbox/server/media/answers sandbox/server/media/checks
  sandbox/server/media/clip sandbox/server/media/content
  sandbox/server/media/digest sandbox/server/media/files
  sandbox/server/media/form sandbox/server/media/incoming
  sandbox/server/media/multipart
  sandbox/server/media/odds sandbox/server/media/offers
  sandbox/server/media/png sandbox/server/media/query
  sandbox/server/media/received sandbox/server/media/results
  sandbox/server/media/submit sandbox/server/media/tasks
  sandbox/server/media/utf8
  sandbox/server/scenarios/assets
  sandbox/server/scenarios/breaks sandbox/server/scenarios/chunks
  sandbox/server/scenarios/content sandbox/server/scenarios/dialects
  sandbox/server/scenarios/downloads
  sandbox/server/scenarios/errors sandbox/server/scenarios/framing
  sandbox/server/scenarios/queries sandbox/server/scenarios/results
  sandbox/server/scenarios/statuses sandbox/server/scenarios/stream_errors
  sandbox/server/scenarios/submits sandbox/server/scenarios/tasks
  sandbox/server/scenarios/timing
]]

build = {
  type = "builtin",
  modules = {["yuanjing.core"] = core},
  install = {
    bin = {"bin/yuanjing"},
  },
}

for file in c_files:gmatch("%S+") do
  core.sources[#core.sources + 1] = "csrc/" .. file .. ".c"
end

for file in lua_files:gmatch("%S+") do
  local module = "yuanjing." .. file:gsub("/", ".")
  build.modules[module:gsub("%.init$", "")] = "lua/yuanjing/" .. file .. ".lua"
end
