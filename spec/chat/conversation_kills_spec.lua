-- A program that is killed at any moment, with a conversation that it saves after
-- each step: the next one goes on where that was.
local json = require "yuanjing.base.json"
local shell = require "yuanjing.sandbox.shell"
local support = require "support"
local talks = require "support.talks"

local LUA = support.LUA
local BUILD = support.BUILD
local KILLS = 6

-- Goes on with what the file has, for ever: a line on stdout is a life.
local PROGRAM = [[
local path, url = arg[1], arg[2]
local yuanjing = require "yuanjing"
local client = yuanjing.new { base_url = url, api_key = "k", retries = 0 }
local file = io.open(path)
if file then file:close() end
local talk = assert(client:conversation { load = file and path or nil,
  tools = { { name = "look" } } })
for _ = 1, 1000 do
  if #talk:pending() == 0 then assert(talk:say "go on") end
  assert(talk:save(path))
  local reply = assert(talk:send())
  assert(talk:save(path))
  for _, call in ipairs(talk:pending()) do
    assert(talk:answer(call.id, "seen"))
    assert(talk:save(path))
  end
  if reply.tool_calls then
    assert(talk:send())
    assert(talk:save(path))
  end
end
]]

-- Runs until there is a line to read.
local RUN = [[
LUA_PATH="lua/?.lua;lua/?/init.lua;;" LUA_CPATH="build/$5/?.so;;" \
  "$1" "$2" "$3" "$4" >/dev/null 2>&1 </dev/null &
read -r _
kill -9 $!
wait $! 2>/dev/null
]]

describe("a conversation that is saved after each step", function()
  after_each(support.clean)

  it("goes on where it was when its program is killed", function()
    local folder = support.tempdir()
    local program = support.write(folder .. "/talk.lua", PROGRAM)
    local path = folder .. "/talk.json"
    local server = support.serve { default = talks.answer(
      talks.streamed { content = "t", calls = { { "look", "{}", id = "0" } } }) }
    local before = 0
    for n = 1, KILLS do
      local sent = #server:requests()
      local pipe = assert(io.popen(shell.command(RUN, LUA, program, path,
        server.url, BUILD), "w"))
      assert.is_true(server:wait_for(function()
        return #server:requests() >= sent + 2 * n + 2
      end))
      support.sleep(0.002 * n)
      pipe:write("\n")
      pipe:close()
      local kept = assert(json.decode(support.read(path)))
      assert.is_true(#kept.messages >= before)
      before = #kept.messages
    end
    assert.is_true(before > KILLS)
    for _, body in ipairs(talks.sent(server)) do talks.check(body) end
    -- What was answered, and is not in the file, is what was on its way at a kill.
    local answered = 0
    for _, row in ipairs(assert(json.decode(support.read(path))).ledger) do
      if row.outcome == "answered" then answered = answered + 1 end
    end
    assert.is_true(#server:requests() - answered <= KILLS)
  end)
end)
