--- What the vendors behind a gateway send in other words: shapes of texts, ends,
-- failures and signs of life. Of a stream's chunks those with text are the `said`.
local json = require "yuanjing.sandbox.server.json"

local record = json.record
local MESSAGE = "the model is overloaded"

-- Small tools --------------------------------------------------------------

local function choice_of(part) return part.choices and part.choices[1] end

local function place_of(part)
  local choice = choice_of(part)
  return choice and (choice.delta or choice.message)
end

-- Changes a stream's chunks, or the one reply.
local function each(answer, edit)
  if answer.stream then return answer:each_chunk(edit) end
  local reply = json.decode(answer:body_text())
  if type(reply) == "table" and reply.choices then
    edit(reply)
    answer:set_body(json.encode(reply))
  end
end

-- A row that changes what holds the text; the copies at the top are dropped.
local function shape(name, help, edit)
  return { name = name, help = help, change = function(answer)
    each(answer, function(part)
      part.content = nil
      local place = place_of(part)
      if place then edit(place, choice_of(part), part) end
    end)
  end }
end

-- Puts an item behind each n-th event, so that several come.
local function insert_each(answer, item)
  for n = answer:count(), 0, -1 do answer:insert(n, item) end
end

-- A row that puts an event between all others.
local function between(name, help, item)
  return { name = name, only = "stream", help = help,
    change = function(answer) insert_each(answer, item) end }
end

-- A row that answers a failure: in a stream after half of it, with the end mark.
local function failure(name, help, value)
  return { name = name, help = help, change = function(answer)
    if not answer.stream then return answer:set_body(json.encode(value)) end
    answer:cut(math.floor(answer:count() / 2))
    answer:insert(math.huge, { chunk = value })
    answer:insert(math.huge, { done = true })
  end }
end

local function raw_after_half(name, help, text)
  return { name = name, only = "stream", help = help,
    change = function(answer)
      answer:cut(math.floor(answer:count() / 2))
      answer:insert(math.huge, { raw = text })
    end }
end

-- All the text of a stream.
local function whole_text(answer)
  local parts = {}
  answer:each_chunk(function(part)
    local place = place_of(part)
    if place and type(place.content) == "string" then
      parts[#parts + 1] = place.content
    end
  end)
  return table.concat(parts)
end

-- Puts it in the place of the chunk that has the reason.
local function replace_last(answer, value)
  for _, item in ipairs(answer.items) do
    local choice = item.chunk and choice_of(item.chunk)
    if choice and choice.finish_reason then item.chunk = value end
  end
end

-- A copy of each chunk of text, as another choice says it.
local function add_choice(answer)
  local items = {}
  for _, item in ipairs(answer.items) do
    items[#items + 1] = item
    if item.said then
      local copy = json.copy(item.chunk)
      copy.content = nil
      choice_of(copy).index = 1
      place_of(copy).content = place_of(copy).content:upper()
      items[#items + 1] = { chunk = copy }
    end
  end
  answer.items = items
  answer:insert(math.huge, { done = true })
end

local function second_choice(answer)
  if answer.stream then
    for n, item in ipairs(answer.items) do
      if item.done then table.remove(answer.items, n) end
    end
    return add_choice(answer)
  end
  each(answer, function(reply)
    local copy = json.copy(choice_of(reply))
    copy.index, copy.message.content = 1, copy.message.content:upper()
    table.insert(reply.choices, 1, copy)
  end)
end

local function count_events(answer)
  local n = 0
  answer:each_chunk(function(part)
    local choice = choice_of(part)
    if choice then choice.index, n = n, n + 1 end
  end)
end

-- Half an emoji at the end of each text, or in two events.
local function half_pair(answer)
  if answer.stream then
    for _, half in ipairs { "\\ude00", "\\ud83d" } do
      answer:insert(1, { event = '{"choices":[{"index":0,"delta":{"content":"'
        .. half .. '"}}]}' })
    end
    return
  end
  answer:set_body((answer:body_text():gsub('"content": "', '%0\\ud83d')))
end

return {
  shape("parts", "the content is a list of parts", function(place)
    if type(place.content) == "string" then
      place.content = { record("type", "text", "text", place.content) }
    end
  end),
  shape("completion", "the text stands in the choice's `text`",
    function(place, choice)
      choice.text, place.content = place.content, nil
      choice.delta, choice.message = nil, nil
    end),
  shape("refusal", "the text stands in `refusal`, and the content is null",
    function(place)
      place.refusal, place.content = place.content, json.null
    end),
  shape("message-chunks", "each chunk has a message instead of a delta",
    function(_, choice)
      choice.message, choice.delta = choice.delta or choice.message, nil
    end),
  shape("finish-null", "the finish_reason is the text \"null\" everywhere",
    function(_, choice) choice.finish_reason = "null" end),
  { name = "two-choices", help = "a second choice says the same in capitals",
    change = second_choice },
  { name = "index-counts", only = "stream",
    help = "`index` counts the events of the one choice", change = count_events },
  { name = "tail-repeats", only = "stream",
    help = "the last chunk has the whole message once more",
    change = function(answer)
      replace_last(answer, record("object", "chat.completion", "choices", {
        record("index", 0, "finish_reason", "stop", "message",
          record("role", "assistant", "content", whole_text(answer))) }))
    end },
  { name = "early-finish", only = "stream",
    help = "a finish_reason in the middle, and text behind it",
    change = function(answer)
      answer:insert(2, { chunk = record("choices", { record("index", 0, "delta",
        json.decode "{}", "finish_reason", "stop") }) })
    end },
  { name = "half-pair", help = "half of a surrogate pair; in a stream the other "
    .. "half comes in the next event", change = half_pair },
  { name = "citations", only = "stream",
    help = "one chunk in the middle has a field that no other has",
    change = function(answer)
      answer:insert(2, { chunk = record("citations", { "https://a.example" },
        "choices", { record("index", 0, "delta", record("content", "")) }) })
    end },
  { name = "done-quoted", only = "stream", help = "the end mark is \"[DONE]\", "
    .. "in quotes",
    change = function(answer) answer.framing.done = '"[DONE]"' end },
  { name = "unknown-fields", only = "stream",
    help = "fields that no standard knows stand before each event",
    change = function(answer)
      answer.framing.before = { "x-request-id: 77", "ping" }
    end },
  between("alive-comment", "`data: : keepalive` between all events",
    { event = ": keepalive" }),
  between("alive-word", "`data: ping` between all events", { event = "ping" }),
  between("alive-json", '{"type": "ping"} between all events',
    { event = '{"type":"ping"}' }),
  between("alive-chunk", "chunks without choices between all events",
    { event = '{"object":"chat.completion.chunk","choices":[]}' }),
  { name = "heartbeats", takes = "seconds", default = 60, only = "stream",
    help = "only chunks without choices come for so long, after 2 events or "
      .. "`after=n`",
    change = function(answer, seconds, plan)
      for _ = 1, math.ceil(seconds / 0.2) do
        answer:insert(plan.after or 2, { pause = 0.2 })
        answer:insert(plan.after or 2, { event = '{"choices":[]}' })
      end
    end },
  { name = "stays-open", takes = "seconds", default = 60, only = "stream",
    help = "all but the end mark comes, and the connection stays open",
    change = function(answer, seconds)
      answer.framing.done = false
      answer:insert(math.huge, { pause = seconds })
    end },
  failure("told-code", '{"code", "message"}',
    record("code", "DataInspectionFailed", "message", MESSAGE)),
  failure("told-detail", '{"detail"}', record("detail", MESSAGE)),
  failure("told-object", '{"object": "error", "message", "code"}',
    record("object", "error", "message", MESSAGE, "type", "BadRequestError",
      "code", 400)),
  failure("told-base-resp", '{"base_resp": {"status_code", "status_msg"}}',
    record("base_resp", record("status_code", 1000, "status_msg", MESSAGE))),
  failure("told-msg", '{"msg"}', record("msg", MESSAGE)),
  failure("told-list", '[{"error": {"message", "code"}}]', { record("error",
    record("message", MESSAGE, "code", 503)) }),
  failure("told-choice", "a choice with an error and the finish_reason error",
    record("choices", { record("index", 0, "delta", record("content", ""),
      "finish_reason", "error", "error", record("code", 502, "message",
        MESSAGE)) })),
  raw_after_half("told-event", "`event: error` and a message",
    'event: error\ndata: {"message":"' .. MESSAGE .. '"}\n\ndata: [DONE]\n\n'),
  raw_after_half("told-text", "a line of plain text that is an error's",
    "Error: " .. MESSAGE .. "\n\ndata: [DONE]\n\n"),
  raw_after_half("told-page", "a proxy's page",
    "<html>\n<head><title>502 Bad Gateway</title></head>\n</html>\n"),
}
