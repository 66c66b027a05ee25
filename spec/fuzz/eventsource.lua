-- eventsource.lua COUNT SEED make | check FILE: makes streams of events with
-- everything that the standard allows, as hexadecimal lines; or checks that
-- another reader found the same texts (the lines of FILE).
local read_stream = require "support.read_stream"

local count, seed, what, path = tonumber(arg[1]), tonumber(arg[2]), arg[3], arg[4]
local state = seed % 2147483646 + 1

local function random(n)
  state = state * 16807 % 2147483647
  return state % n + 1
end

local function one_of(list) return list[random(#list)] end

local TEXTS = { "a", "好", "\\n", "\\u4f60", "\\ud83d\\ude00", " ", "data: x", "😀",
  "\\\\", '\\"', "[DONE]", ": no" }
local UNKNOWN = { "foo: bar", "ping", "x-request-id: 77", "retry", "Data: x",
  " data: x", "datax: y", "event:", "id", "-", "\t", "好: 好" }
local USUAL = { "event: message", "event:chunk", "id: 7", "id:", "retry: 3000",
  ": hi", ":", "::data: x" }
local ALIVE = { ": keepalive", "ping", "", " ", '{"type":"ping"}',
  '{"choices":[]}', "5" }
-- NB: a CR followed by an LF would be a single line end.
local ENDS = { { "\n", "\r\n" }, { "\n" }, { "\r\n" }, { "\r" } }

-- A chunk, in one line of data or in several.
local function chunk_lines()
  local json = ('{"choices":[{"index":0,@"delta":{"content":"%s%s"}}],@"x":null}')
    :format(one_of(TEXTS), one_of(TEXTS))
  local lines, prefix = {}, one_of { "data: ", "data:", "data:  " }
  if random(3) > 1 then json = json:gsub("@", "") end
  for part in json:gmatch("[^@]+") do lines[#lines + 1] = prefix .. part end
  if random(9) == 1 then table.insert(lines, 1, "data") end
  return lines
end

local function event_lines()
  local lines = random(5) > 1 and chunk_lines() or { "data: " .. one_of(ALIVE) }
  for _ = 1, random(4) - 1 do
    table.insert(lines, random(#lines + 1), one_of(random(2) == 1 and UNKNOWN
      or USUAL))
  end
  lines[#lines + 1] = ""
  if random(4) == 1 then lines[#lines + 1] = "" end
  return lines
end

local function new_stream()
  local parts, ends = { random(6) == 1 and "\239\187\191" or "" }, one_of(ENDS)
  for _ = 1, random(8) do
    for _, line in ipairs(event_lines()) do
      parts[#parts + 1] = line .. one_of(ends)
    end
  end
  return table.concat(parts) .. "data: [DONE]" .. ends[1] .. ends[1]
end

local function hex(text)
  return (text:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

local function pieces_of(body)
  local at = random(#body)
  return random(4) == 1 and read_stream.bytes(body)
    or read_stream.cut(body, at)
end

local function text_of(body)
  local stream = read_stream.open(pieces_of(body))
  local text, err = read_stream.readers[one_of { "text", "next", "finish" }](
    stream)
  local is_empty = err and err.message:find("without a chunk", 1, true)
  return err and not is_empty and tostring(err) or text
end

local function check()
  local file, wrong = assert(io.open(path)), 0
  for n = 1, count do
    local body = new_stream()
    local theirs, ours = file:read "*l", hex(text_of(body))
    if theirs ~= ours then
      wrong = wrong + 1
      print(("stream %d, seed %d: %q\n  there %s\n  here  %s"):format(n, seed,
        body, theirs, ours))
    end
  end
  file:close()
  print(("%d passed, %d failed"):format(count - wrong, wrong))
  os.exit(wrong == 0)
end

if what == "check" then check() end
-- NB: pieces_of() takes numbers as well, in the same order.
for _ = 1, count do
  local body = new_stream()
  print(hex(body))
  pieces_of(body)
  random(3)
end
