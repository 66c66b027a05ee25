-- A batch that is killed repeatedly, and its results: examples/batch.lua on a
-- sandbox, with kill -9 at random moments, then once to its end.
local child = require "support.child"
local sandbox = require "yuanjing.sandbox"
local support = require "support"
local yuanjing = require "yuanjing"

local kills = {}

local function command(server, folder)
  return ("YUANJING_BASE_URL=%s YUANJING_API_KEY=%s LUA_PATH='%s' "
    .. "LUA_CPATH='%s' exec %s examples/batch.lua %s/prompts %s 2"):format(
    server.url, server.api_key, package.path, package.cpath,
    child.interpreter(), folder, folder)
end

-- Runs it for so many seconds; returns whether it was killed.
local function live(server, folder, seconds)
  local code = support.output(([[(%s) >%s/output 2>&1 </dev/null &
    sleep %.3f; kill -9 $! 2>/dev/null; wait $! 2>/dev/null; echo $?]]):format(
    command(server, folder), folder, seconds))
  return code:match("137") ~= nil
end

local function write_prompts(folder, count)
  local lines = {}
  for i = 1, count do lines[i] = ("picture %d"):format(i) end
  support.write(folder .. "/prompts", table.concat(lines, "\n"))
end

-- The time that it takes to start.
local function starting_time(server, folder)
  write_prompts(folder, 0)
  return (support.timed(os.execute, "(" .. command(server, folder)
    .. ") >/dev/null 2>&1 </dev/null"))
end

local function submits(server)
  local counts = {}
  for _, request in ipairs(server:requests()) do
    local fields = request.fields -- nil if the body has not arrived
    local prompt = fields and fields.prompt
    if prompt then counts[prompt] = (counts[prompt] or 0) + 1 end
  end
  return counts
end

local function is_whole(path)
  local bytes = support.exists(path) and support.read(path) or ""
  return bytes:find("^\137PNG\r\n") ~= nil and bytes:find("IEND....$") ~= nil
end

local function unknown_prompts(folder)
  local client = yuanjing.new { journal = folder .. "/tasks.journal" }
  local unknown = {}
  for _, entry in ipairs(assert(client.journal:unknown())) do
    unknown[entry.note:match(": (.*)$")] = true
  end
  assert(#assert(client.journal:pending()) == 0, "some are pending")
  return unknown
end

local function add(list, item, is_wanted)
  if is_wanted then list[#list + 1] = item end
end

local function path_of(folder, i)
  return ("%s/%03d.png"):format(folder, i)
end

local function judge(server, folder, count, found)
  local counts, unknown = submits(server), unknown_prompts(folder)
  for i = 1, count do
    local prompt = ("picture %d"):format(i)
    local n, path = counts[prompt] or 0, path_of(folder, i)
    add(found.unknown, prompt, unknown[prompt])
    add(found.twice, prompt, n > 1)
    add(found.missing, prompt, n < 1 and not unknown[prompt])
    add(found.torn, path, support.exists(path) == (unknown[prompt] or false))
  end
end

-- A file is whole at every moment.
local function find_torn(folder, count, found)
  for i = 1, count do
    local path = path_of(folder, i)
    add(found.torn, path, support.exists(path) and not is_whole(path))
  end
end

-- One batch: killed until it ends by itself, or so often; then run to its end.
local function run_batch(count, times, found)
  local server = assert(sandbox.start { task_seconds = 0 })
  local folder = support.tempdir()
  local start, hits = starting_time(server, folder), 0
  write_prompts(folder, count)
  repeat
    local was_alive = live(server, folder, start * (0.7 + math.random() * 0.7))
    if was_alive then hits = hits + 1 end
    find_torn(folder, count, found)
  until not was_alive or hits == times
  os.execute(("(%s) >%s/output 2>&1 </dev/null"):format(
    command(server, folder), folder))
  find_torn(folder, count, found)
  judge(server, folder, count, found)
  server:stop()
  return hits
end

--- Kills batches of so many prompts until so many kills have hit a running
--- one. Returns lists of the prompts that are `unknown`, were submitted
--- `twice`, are `missing` on both sides, or have a `torn` file.
---@param count integer
---@param times integer
---@return table<string, string[]> found
---@return integer batches
function kills.run(count, times)
  local found = { unknown = {}, twice = {}, missing = {}, torn = {} }
  local left, batches = times, 0
  repeat
    left, batches = left - run_batch(count, left, found), batches + 1
  until left == 0 or batches > times
  assert(left == 0, "the kills came too late")
  return found, batches
end

return kills
