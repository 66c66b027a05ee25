--- Every way a chat stream has been seen to come
-- (docs/platform.md#chat-streams), each with the text it holds and the kind of
-- error it must end with. Short, for each is sent split at every byte.
local function chunk(text, more)
  return ('{"choices":[{"delta":{"content":"%s","role":null}}],"content":"%s"%s}')
    :format(text, text, more or ',"finish":"0"')
end

local A, B = chunk("\\u4f60\\ud83d\\ude00"), chunk("好\\n")
local LAST = '{"choices":[],"finish":"1","usage":{"total_tokens":7}}'
local TEXT = "你😀好\n"
local FAILED = '{"error":"ERROR: quota","status":"FAILED"}'

local function join(parts, separator)
  return table.concat(parts, separator) .. separator
end

local function data(list, separator, prefix)
  local lines = {}
  for i, json in ipairs(list) do lines[i] = (prefix or "data: ") .. json end
  return join(lines, separator)
end

local DOCUMENTED = data({ A, B, LAST, "[DONE]" }, "\n\n")

local whole = {
  { name = "as documented", bytes = DOCUMENTED },
  { name = "single newlines", bytes = data({ A, B, LAST, "[DONE]" }, "\n") },
  { name = "CRLF", bytes = data({ A, B, LAST, "[DONE]" }, "\r\n\r\n") },
  { name = "bare CR", bytes = data({ A, B, LAST, "[DONE]" }, "\r\r") },
  { name = "no blank after data:",
    bytes = data({ A, B, LAST, "[DONE]" }, "\n\n", "data:") },
  { name = "a byte order mark", bytes = "\239\187\191" .. DOCUMENTED },
  { name = "bare JSON lines and no [DONE]", bytes = join({ A, B, LAST }, "\n") },
  { name = "bare JSON, the last line not ended",
    bytes = table.concat({ A, B, LAST }, "\n") },
  { name = "[DONE] with one newline",
    bytes = data({ A, B, LAST }, "\n\n") .. "data: [DONE]\n" },
  { name = "[DONE] with no newline",
    bytes = data({ A, B, LAST }, "\n\n") .. "data: [DONE]" },
  { name = "no [DONE] but finish 1", bytes = data({ A, B, LAST }, "\n\n") },
  { name = "no [DONE] but a finish_reason",
    bytes = data({ A, '{"choices":[{"delta":{"content":"好\\n"},'
      .. '"finish_reason":"stop"}]}' }, "\n\n") },
  { name = "comments and other fields", bytes = ": hi\n\nevent: x\nid: 1\n"
    .. "data: " .. A .. "\n\n: ping\n\nretry: 5\n" .. data({ B, LAST, "[DONE]" },
    "\n\n") },
  { name = "one JSON value over several data lines",
    bytes = 'data: {"choices":[{"delta":\ndata: {"content":"你😀好\\n"}}],\n'
      .. 'data: "x":"}{"}\n\ndata: [DONE]\n\n' },
  { name = "pretty-printed JSON without data:",
    bytes = '{\n  "choices": [\n    {"message": {"content": "你😀好\\n"},\n'
      .. '     "finish_reason": "stop"}\n  ]\n}\n' },
  { name = "two values on one line", bytes = "data: " .. A .. B .. "\n\n"
    .. data({ LAST, "[DONE]" }, "\n\n") },
  { name = "null content, no choices, role only",
    bytes = data({ '{"choices":[{"delta":{"content":null,"role":"assistant"}}]}',
      '{"id":"x"}', A, B, LAST, "[DONE]" }, "\n\n") },
  { name = "content at the top alone",
    bytes = data({ '{"content":"你😀"}', '{"content":"好\\n"}', "[DONE]" },
      "\n\n") },
  { name = "something after [DONE]",
    bytes = DOCUMENTED .. "data: " .. FAILED .. "\n\n" },
}

local broken = {
  { name = "cut between events", bytes = data({ A, B }, "\n\n"),
    kind = "truncated", text = TEXT },
  { name = "cut inside an event", bytes = data({ A }, "\n\n") ..
    "data: " .. B:sub(1, -9), kind = "truncated", text = "你😀" },
  { name = "an error, then a normal [DONE]",
    bytes = data({ A, FAILED, "[DONE]" }, "\n\n"), kind = "platform",
    text = "你😀", message = "ERROR: quota" },
  { name = "an error after the whole text",
    bytes = data({ A, B, LAST, FAILED, "[DONE]" }, "\n\n"),
    kind = "platform", text = TEXT, message = "ERROR: quota" },
  { name = "an error alone", bytes = '{"error": "Insufficient balance"}',
    kind = "platform", text = "", message = "Insufficient balance" },
  { name = "a Python dict repr", bytes = "{'error': 'no such model'}",
    kind = "platform", text = "", message = "no such model" },
  { name = "HTML", bytes = "<html>\n<title>502 Bad Gateway</title>\n\n</html>\n",
    kind = "decode", text = "" },
  { name = "an empty body", bytes = "", kind = "decode", text = "" },
  { name = "[DONE] alone", bytes = "data: [DONE]\n\n", kind = "decode",
    text = "" },
  { name = "bad JSON in the middle",
    bytes = data({ A, '{"choices":]', B, "[DONE]" }, "\n\n"), kind = "decode",
    text = "你😀" },
  { name = "a task object", bytes = '{"taskid":"936759404378734592",'
    .. '"status":"CREATED"}\n', kind = "platform", text = "",
    task = "936759404378734592" },
}

for _, case in ipairs(whole) do case.text = TEXT end

local cases = {}
for _, list in ipairs { whole, broken } do
  for _, case in ipairs(list) do cases[#cases + 1] = case end
end

return { cases = cases, documented = DOCUMENTED, text = TEXT,
  chunk = chunk, last = LAST }
