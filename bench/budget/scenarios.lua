-- scenarios.lua FOLDER [packaged]: the scenarios of the budget, run by callgrind;
-- see run.sh. Packaged: only those that load the module. Each scenario runs at two
-- sizes: the difference excludes the cost of starting. FOLDER is for the file to
-- send.
local counted = require "counted"
local scripted = require "scripted"
local path = arg[1] .. "/file.jpg"

-- The collector works in bursts, which would fall into one run and not into
-- the next: it is stopped, and the memory to collect is counted instead.
local function count(name, n, run)
  collectgarbage()
  collectgarbage("stop")
  local before = collectgarbage("count")
  counted.from()
  run(n)
  counted.upto(("%s %d"):format(name, n))
  print(("%s %d %d"):format(name, n, (collectgarbage("count") - before) * 1024))
  collectgarbage("restart")
end

collectgarbage("incremental")
local yuanjing
local how = arg[2] and ", " .. arg[2] or ""
count("require" .. how, 1, function() yuanjing = require "yuanjing" end)

-- What the platform sends ----------------------------------------------------

local CHUNK = 'data: {"id": "chatcmpl-2665dfd8-e05f-9d7f-adff-3c53c174a454", '
  .. '"object": "chat.completion.chunk", "created": 1775019761, "choices": '
  .. '[{"delta": {"content": "\\u6211\\u662f", "role": null}, "index": 0}], '
  .. '"model": "qwen3-max", "reasoning_content": null, "content": '
  .. '"\\u6211\\u662f", "finish": "0", "llmusageid": '
  .. '"K9_veNBxeqvrFfbGWXs0R"}\n\n'

local HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
  .. "Transfer-Encoding: chunked\r\n\r\n"

local function frame(bytes) return ("%x\r\n%s\r\n"):format(#bytes, bytes) end

-- A pause before the answer: otherwise the machine decides whether the client
-- waits for it.
local PAUSE = { "sleep", 0.01 }

local function stream(...)
  return { PAUSE, { "send", HEAD }, PAUSE, { ... },
    { "send", frame "data: [DONE]\n\n" .. "0\r\n\r\n" } }
end

local function burst(chunks) return stream("fill", frame(CHUNK), chunks) end

-- Each event is read long before the next one is sent.
local function paced(events)
  return stream("repeat", events,
    { { "send", frame(CHUNK) }, { "sleep", 0.02 } })
end

-- The events come long after the head, while the client does not look.
local EVENTS = 4
local TALK = { PAUSE, { "send", HEAD }, { "sleep", 1 },
  { "send", frame(CHUNK):rep(EVENTS) }, { "wait_close", 60 } }

local function json(text)
  return { PAUSE, { "send", scripted.answer(200, {}, text) } }
end

-- The beginning of a film, and 8 KiB in all.
local MP4 = "\0\0\0\24ftypisom" .. ("x"):rep(8192 - 12)

local CHAT = "/llmage/v1/chat/completions"
local server = scripted.start { routes = {
  ["/burst/500" .. CHAT] = burst(500), ["/burst/2500" .. CHAT] = burst(2500),
  ["/paced/10" .. CHAT] = paced(10), ["/paced/110" .. CHAT] = paced(110),
  ["/talk" .. CHAT] = TALK,
  ["/first" .. CHAT] = json '{"choices":[{"message":{"content":"hi"}}]}',
  ["/llmage/v1/video/generations"] = json '{"taskid":"1","status":"CREATED"}',
  ["/llmage/v1/tasks"] = json '{"taskid":"1","status":"RUNNING"}',
  ["/done/llmage/v1/tasks"] =
    json '{"taskid":"1","status":"SUCCEEDED","video":"/file.mp4"}',
  ["/file.mp4"] = { PAUSE, { "send",
    scripted.answer(200, { ["Content-Type"] = "video/mp4" }, MP4) } },
} }

-- What is done ---------------------------------------------------------------

local function client_at(place)
  return yuanjing.new { api_key = "sk-test", base_url = server.url .. place }
end

count("first chat" .. how, 1, function()
  assert(client_at("/first"):chat { prompt = "hi" })
end)
if arg[2] then return server:stop() end

local client = client_at ""

-- A new base URL each time: a repeated one would be cheaper.
local opened = 0

local function open(kind, n)
  opened = opened + 1
  local place = ("/%s/%d%s"):format(kind, n, ("/"):rep(opened % 2))
  return assert(client_at(place):chat { prompt = "hi", stream = true })
end

local function read_texts(kind)
  return function(n)
    local got = 0
    for _ in open(kind, n):text() do got = got + 1 end
    assert(got == n)
  end
end

local function write_file(mib)
  local file = assert(io.open(path, "wb"))
  for _ = 1, mib do assert(file:write(("x"):rep(2 ^ 20))) end
  file:close()
end

local function upload(mib)
  write_file(mib)
  return function()
    assert(client:video { model = "happyhorse-1.0-i2v", prompt = "hi",
      first_frame = path })
  end
end

local function small_file()
  local file = assert(io.open(path, "wb"))
  assert(file:write(("x"):rep(8192)))
  file:close()
end

local function send_small(n)
  for _ = 1, n do
    assert(client:video { model = "happyhorse-1.0-i2v", prompt = "hi",
      first_frame = path })
  end
end

local done = client_at "/done"

local function save_small(n)
  for _ = 1, n do assert(done:task("1"):save(path)) end
end

-- One at a time: otherwise the machine decides which answer is read first.
local function await_tasks(n)
  local tasks = {}
  for i = 1, n do tasks[i] = done:task(tostring(i)) end
  local results = yuanjing.await_all(tasks, { in_flight = 1 })
  assert(#results == n)
end

-- Jobs that read streams at once; quiet() ends those of the scenario before.
local talk, jobs, begun, heard = client_at "/talk", {}, 0, 0

local function listen()
  local talker = assert(talk:chat { prompt = "hi", stream = true })
  begun = begun + 1
  for _ in talker:text() do heard = heard + 1 end
end

local function quiet()
  for _, job in ipairs(jobs) do job:cancel() end
  jobs, begun, heard = {}, 0, 0
end

local function open_talk(n)
  for i = 1, n do jobs[i] = yuanjing.async(listen) end
end

-- A frame after all of them have sent their events.
local function frame_of_talk(n)
  quiet()
  open_talk(n)
  while begun < n do yuanjing.sleep(0.01) end
  os.execute "sleep 1.4"
  assert(heard == 0)
  return function()
    repeat yuanjing.update(10) until heard == n * EVENTS
  end
end

-- name, small, big, run(n). prepare(n) returns it after uncounted work, if
-- there is any.
local SCENARIOS = {
  { "text() a chunk", 500, 2500, read_texts "burst" },
  { "chunks() a chunk", 500, 2500, function(n)
    for chunk in open("burst", n):chunks() do assert(chunk.content) end
  end },
  { "raw a chunk", 500, 2500, function(n)
    for chunk in open("burst", n):chunks() do assert(chunk.raw.choices) end
  end },
  { "finish() a chunk", 500, 2500, function(n)
    assert(#open("burst", n):finish().content == 6 * n)
  end },
  { "paced event", 10, 110, read_texts "paced" },
  { "upload a MiB", 1, 5, prepare = upload },
  { "upload of 8 KiB", 5, 25, prepare = function()
    small_file()
    return send_small
  end },
  { "task query", 10, 60, function(n)
    local task = client:task("1")
    for _ = 1, n do assert(task:refresh()) end
  end },
  { "await_all() a task", 10, 60, await_tasks },
  { "download of 8 KiB", 5, 25, save_small },
  { "update() idle", 1000, 11000, function(n)
    for _ = 1, n do yuanjing.update() end
  end },
  { "opening a stream", 10, 60, prepare = function()
    quiet()
    return open_talk
  end },
  { "stream in a frame of many", 20, 120, prepare = frame_of_talk },
}

for _, scenario in ipairs(SCENARIOS) do
  local name, small, big, run = table.unpack(scenario)
  local prepare = scenario.prepare or function() return run end
  for _, n in ipairs { small, small, big } do count(name, n, prepare(n)) end
end
quiet()
server:stop()
