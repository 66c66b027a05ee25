--- Every call of a client, on any answer: none raises, each returns its type
-- or an error, and nothing that may have been received is sent again.
local core = require "yuanjing.core"
local checks = require "checks"
local transfers = require "transfers"
local yuanjing = require "yuanjing"

local check = checks.check

local STATUSES = { 200, 201, 204, 301, 400, 401, 402, 403, 404, 413, 418, 429,
  500, 502, 503, 599 }

local current_is_utf8

local function on_event(event)
  if event.error then checks.check_error(event.error, current_is_utf8) end
end

local function new_client(options)
  options.api_key, options.on_event = checks.KEY, on_event
  options.base_url = "https://platform.example"
  options.asset_url = "https://assets.example"
  return yuanjing.new(options)
end

local v1 = new_client { retries = 2 }
local legacy = new_client { api = "legacy", timeout = 100 }

-- Answers ------------------------------------------------------------------

local function check_reply(reply)
  for _, name in ipairs { "content", "ended_by" } do
    check(type(reply[name]) == "string", name, "is a", type(reply[name]))
  end
  check(type(reply.raw) == "table", "raw is a", type(reply.raw))
  check(reply.usage == nil or type(reply.usage) == "table", "usage")
end

local function check_task(task)
  check(task.id == nil or type(task.id) == "string" and task.id ~= "",
    "a task without an id")
  check(type(task.status) == "string", "a task without a status")
  check(type(task.done) == "boolean", "done is a", type(task.done))
  check(tostring(task):find("^yuanjing.Task"), tostring(task))
end

local function check_list(list)
  check(type(list) == "table", "a list is a", type(list))
  for _, item in ipairs(list) do
    check(type(item) == "string" or type(item) == "table", "an item")
  end
end

local function check_response(response)
  check(type(response.body) == "string", "body is a", type(response.body))
  for name, value in pairs(response.headers) do
    check(type(name) == "string" and name == name:lower(), "header", name)
    check(type(value) == "string" and not value:find("[\r\n]"), "value", value)
  end
end

local function check_chunk(chunk)
  check(type(chunk.content) == "string", "content is a", type(chunk.content))
  check(type(chunk.raw) == "table", "raw is a", type(chunk.raw))
  check(tostring(chunk) == chunk.content, "a chunk as text")
end

local function check_table(value)
  check(type(value) == "table", "an answer is a", type(value))
end

-- Calls --------------------------------------------------------------------

-- Both ways to read a stream end in the same way, with the same text.
local function finish(stream, contents, problem)
  local reply, err = stream:finish()
  check((err ~= nil) == (problem ~= nil), "another end")
  -- compared as a whole: the readers mend bad UTF-8 at different times
  local whole = (reply or {}).content or (err or {}).partial
  check(whole and core.sound(table.concat(contents)) == core.sound(whole),
    "another text")
  return reply, err
end

local function read_chunks(stream)
  local contents, chunk, err = {}
  repeat
    chunk, err = stream:next()
    if chunk then
      check_chunk(chunk)
      contents[#contents + 1] = chunk.content
    end
  until not chunk
  return finish(stream, contents, err)
end

-- NB: a text that comes with a failure is in err.partial alone.
local function read_texts(stream)
  local contents = {}
  local ok, err = pcall(function()
    for text in stream:text() do
      check(text ~= "", "an empty text")
      contents[#contents + 1] = text
    end
  end)
  if not ok then
    checks.check_error(err, current_is_utf8)
    contents = { err.partial }
  end
  return finish(stream, contents, not ok and err or nil)
end

local function read_stream(read)
  return function(client)
    local stream, err = client:chat { prompt = "x", stream = true }
    if not stream then return nil, err end
    return read(stream)
  end
end

local CALLS = {
  { check = check_reply, billable = true,
    call = function(client) return client:chat { prompt = "x" } end },
  { check = check_reply, billable = true, call = read_stream(read_chunks) },
  { check = check_reply, billable = true, call = read_stream(read_texts) },
  { check = check_task, billable = true, call = function()
    return v1:image { model = "wan2.2-t2i-plus", prompt = "x" }
  end },
  { check = check_task, call = function(client)
    return client:task("1"):refresh()
  end },
  { check = check_list, call = function(client) return client:models() end },
  { check = check_response, call = function(client)
    return client:request { path = "/x" }
  end },
  { check = check_response, billable = true, call = function(client)
    return client:request { path = "/x", json = { a = 1 } }
  end },
  { check = check_list, call = function(client)
    return client.assets:groups()
  end },
  { check = check_list, call = function(client)
    return client.assets:list { vendor_group_id = "1" }
  end },
  { check = check_table, call = function(client)
    return client.assets:verify { vendor = "volcengine" }
  end },
  { check = check_table, call = function(client)
    return client.assets:get("1")
  end },
  { check = check_table, billable = true, call = function(client)
    return client.assets:upload { vendor_group_id = "1",
      source_url = "https://h.example/a.jpg" }
  end },
}

-- docs/promises.md#at-most-once
local function check_sent_once(err, status)
  if transfers.opened <= 1 then return end
  check(err ~= nil, "sent again after a success")
  check(not transfers.sends() or err.kind == "rate_limit"
    or status == 503 and err.retry_after, "sent again after", err.kind)
end

-- The answer in an input: three bytes for choices, a head up to an empty line,
-- and a body.
local function answer_of(text)
  local _, second, third = text:byte(1, 3)
  local rest = checks.with_key(text:sub(4))
  local head, body = rest:match("^(.-)\n\n(.*)$")
  return {
    status = STATUSES[(second or 0) % #STATUSES + 1], fault = third or 0,
    head = "HTTP/1.1 200 OK\r\n" .. (head or ""), body = body or rest,
  }
end

return function(text)
  local answer = answer_of(text)
  local first = text:byte() or 0
  local one = CALLS[first % #CALLS + 1]
  current_is_utf8 = not core.utf8_error(answer.head .. answer.body)
  transfers.answer(answer)
  local value, err = one.call(first >= 128 and legacy or v1)
  if one.billable then check_sent_once(err, answer.status) end
  if value == nil then
    checks.check_error(err, current_is_utf8)
  else
    one.check(value)
  end
end
