--- The text of a chat: what, how much, and in which form.

local function override(seen, name, value)
  seen.overrides = seen.overrides or {}
  seen.overrides[name] = value
end

-- Repeats the stream's text chunks until there are n of them. The list refers
-- to the same few items, so a million of them is cheap.
local function lengthen(answer, n)
  local texts, items, after = {}, {}, {}
  for _, item in ipairs(answer.items) do
    local target = item.said and texts or #texts > 0 and after or items
    target[#target + 1] = item
  end
  for i = 1, #texts > 0 and n or 0 do
    items[#items + 1] = texts[(i - 1) % #texts + 1]
  end
  for _, item in ipairs(after) do items[#items + 1] = item end
  answer.items = items
end

return {
  { name = "say", takes = "text", default = "OK",
    help = "this very text is the answer",
    ask = function(seen, text) override(seen, "content", text) end },
  { name = "echo", help = "the prompt, unchanged, is the answer",
    ask = function(seen) override(seen, "echo", true) end },
  { name = "reasoning", takes = "text", optional = true,
    help = "any model thinks first (reasoning_content), perhaps this text",
    ask = function(seen, text) override(seen, "reasoning", text or true) end },
  { name = "long", takes = "chunks", default = 1000, only = "stream",
    help = "so many chunks of text", change = lengthen },
  { name = "huge-line", takes = "bytes", default = 1048576,
    help = "the whole answer is one text of so many bytes, in one line",
    ask = function(seen, bytes)
      override(seen, "content", ("huge "):rep(math.ceil(bytes / 5)))
      override(seen, "whole", true)
    end },
  { name = "as-stream", help = "a stream, whatever was asked for",
    ask = function(seen) seen.fields.stream = true end },
  { name = "as-plain", help = "one JSON object, whatever was asked for",
    ask = function(seen) seen.fields.stream = nil end },
  { name = "gzip", help = "compressed, though nobody asked for it; without " ..
    "this nothing ever is",
    ask = function() ngx.req.set_header("Accept-Encoding", "gzip") end },
  { name = "content-type", takes = "text", optional = true,
    help = "the head says what the body is, application/json or " ..
    "text/event-stream, or this; the platform says text/html",
    change = function(answer, text)
      local headers = answer.headers
      headers["Content-Type"] = text or answer.stream and "text/event-stream"
        or headers["Content-Type"] or "application/json"
    end },
  { name = "cookie",
    help = "sets a session cookie, which should not come back",
    change = function(answer)
      answer.headers["Set-Cookie"] = "AIOHTTP_SESSION=sandbox; Path=/"
    end },
}
