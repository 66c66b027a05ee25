--- The line format of a stream's events.

-- Sets fields of the framing.
local function set(fields)
  return function(play)
    for name, value in pairs(fields) do play.framing[name] = value end
  end
end

local rows = {
  { name = "single-newline", help = "events are parted by one newline only",
    change = set { blank = "" } },
  { name = "bare-lines", help = "a JSON text a line: no `data:`, no [DONE]",
    change = set { prefix = "", blank = "", done = false } },
  { name = "no-space", help = "`data:` without a space behind it",
    change = set { prefix = "data:" } },
  { name = "crlf", help = "CR LF ends the lines",
    change = set { eol = "\r\n", blank = "\r\n", done_end = "\r\n\r\n" } },
  { name = "cr", help = "CR alone ends the lines",
    change = set { eol = "\r", blank = "\r", done_end = "\r\r" } },
  { name = "bom", help = "a byte order mark comes first",
    change = set { bom = "\239\187\191" } },
  { name = "comments", help = "a comment stands before each event",
    change = set { before = { ": keep-alive", "" } } },
  { name = "fields", help = "each event has event, id and retry lines too",
    change = set { before = { "event: message", "id: 7", "retry: 3000" } } },
  { name = "many-data", help = "many data: lines make one JSON text",
    change = set { comma = ",\n" } },
  { name = "no-done", help = "no [DONE]; finish \"1\" is the end",
    change = set { done = false } },
  { name = "done", takes = "newlines", default = 2,
    help = "how many newlines end [DONE]: 2, 1 or 0",
    change = function(play, newlines)
      play.framing.done_end = ("\n"):rep(newlines)
    end },
  { name = "split", takes = "bytes", default = 7,
    help = "the bytes come in pieces of this size, wherever that cuts",
    change = function(play, bytes) play.piece = math.max(1, bytes) end },
}

-- All but `split` are for streams only.
for _, row in ipairs(rows) do
  if row.name ~= "split" then row.only = "stream" end
end

return rows
