--- Answers without a proper end. In an answer that is not a stream, an event
-- is half of its body.

local function half_way(answer)
  return math.floor(answer:count() / 2)
end

local function chosen(answer, value, plan)
  return value or plan.after or half_way(answer)
end

-- The chunk after the n-th event, or nil.
local function chunk_after(answer, n)
  for _, item in ipairs(answer.items) do
    if item.chunk then
      if n == 0 then return item.chunk end
      n = n - 1
    end
  end
end

-- Cuts in the middle of the line after the n-th event.
local function cut_inside(answer, n)
  local chunk = chunk_after(answer, n)
  answer:cut(n)
  if chunk then answer:insert(math.huge, { half = chunk }) end
end

return {
  { name = "cut", takes = "n", optional = true,
    help = "ends without any end mark, after n events (half of them)",
    change = function(answer, n, plan)
      answer:cut(chosen(answer, n, plan))
    end },
  { name = "half", takes = "n", optional = true,
    help = "ends inside the JSON text that follows n events",
    change = function(answer, n, plan)
      cut_inside(answer, chosen(answer, n, plan))
    end },
  { name = "abort", takes = "n", optional = true,
    help = "the connection breaks inside the event that follows n events",
    change = function(answer, n, plan)
      cut_inside(answer, chosen(answer, n, plan))
      answer:insert(math.huge, { hangup = true })
    end },
  { name = "break", takes = "bytes", default = 100,
    help = "the connection breaks after so many bytes of the body",
    change = function(answer, bytes) answer.left = bytes end },
  { name = "late-abort",
    help = "all is sent, then the connection breaks instead of ending",
    change = function(answer)
      answer.items[#answer.items + 1] = { hangup = true }
    end },
  { name = "short", only = "plain",
    help = "Content-Length promises twice what comes of the body",
    change = function(answer)
      answer.headers["Content-Length"] = #answer:body_text()
      answer:cut(1)
      answer:insert(math.huge, { hangup = true })
    end },
  { name = "head-abort", help = "the head, then the connection breaks",
    change = function(answer) answer.items = { { hangup = true } } end },
  { name = "close", help = "the connection closes without any answer",
    change = function(answer) answer.silent = true end },
  { name = "reset", help = "the connection is reset without any answer",
    change = function(answer) answer.reset = true end },
}
