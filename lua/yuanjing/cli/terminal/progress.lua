--- A progress line on stderr that redraws itself, and permanent lines for
-- stages that are done. Silent without a terminal.
local cells = require "yuanjing.cli.terminal.cells"
local core = require "yuanjing.core"
local number = require "yuanjing.base.number"
local say = require("yuanjing.base.language").say
local terminal = require "yuanjing.cli.terminal.terminal"

local progress = {}

---@class yuanjing.cli.Progress
---@field private _is_live boolean
---@field private _stage? { label: string, began: number, note: string?, done: number?, total: number? }
local Progress = {}
Progress.__index = Progress

local FD = terminal.STDERR
local LABEL = 12 -- cells
local LONGEST_BAR = 28

-- NB: these characters are one cell wide everywhere. Box drawing characters
-- are two cells wide in terminals set up for Chinese, and would break the
-- line.
local RICH = { spinner = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" },
  full = "⣿", empty = "⠤", done = "✓", failed = "✗" }
local PLAIN = { spinner = { "|", "/", "-", "\\" },
  full = "#", empty = ".", done = "*", failed = "!" }

local UNITS = { "B", "kB", "MB", "GB", "TB" }

--- Bytes in words: "12.4 MB".
---@param bytes number
---@return string
function progress.size(bytes)
  local unit = 1
  while bytes >= 1000 and unit < #UNITS do
    bytes, unit = bytes / 1000, unit + 1
  end
  return number.fixed(bytes, unit == 1 and 0 or 1) .. " " .. UNITS[unit]
end

--- Seconds in words: "4.2 s", "1:07", "1:02:03".
---@param seconds number
---@return string
function progress.clock(seconds)
  if seconds < 10 then return number.fixed(seconds, 1) .. " s" end
  local whole = math.floor(seconds + 0.5)
  local hours = math.floor(whole / 3600)
  local minutes = math.floor(whole / 60) % 60
  if hours > 0 then
    return ("%d:%02d:%02d"):format(hours, minutes, whole % 60)
  end
  return ("%d:%02d"):format(minutes, whole % 60)
end

-- The parts of the line ----------------------------------------------------

local function bar(symbols, share, length)
  local full = math.floor(share * length + 0.5)
  return terminal.paint(FD, "mark", symbols.full:rep(full))
    .. terminal.paint(FD, "dim", symbols.empty:rep(length - full))
end

-- The share that is done. A file may be longer than announced.
local function share_of(stage)
  return stage.total > 0 and math.min(1, stage.done / stage.total) or 1
end

local function elapsed(stage) return core.now() - stage.began end

-- Adds the speed and the remaining time, after the first second.
local function add_pace(parts, stage)
  local seconds = elapsed(stage)
  if seconds < 1 or stage.done == 0 then return end
  local pace = stage.done / seconds
  parts[#parts + 1] = progress.size(pace) .. "/s"
  if not stage.total or stage.total < stage.done then return end
  local left = math.ceil((stage.total - stage.done) / pace)
  parts[#parts + 1] = say("%s left",
    left < 60 and left .. " s" or progress.clock(left))
end

local function amounts(stage)
  local parts = {}
  if stage.total then
    parts[1] = ("%3.0f%%"):format(100 * share_of(stage))
    parts[2] = say("%s of %s", progress.size(stage.done),
      progress.size(stage.total))
  else
    parts[1] = progress.size(stage.done)
  end
  add_pace(parts, stage)
  return parts
end

-- As many parts as fit into the width.
local function fit(parts, width)
  local text = ""
  for _, part in ipairs(parts) do
    local longer = text == "" and part or text .. "  " .. part
    if cells.width(longer) > width then break end
    text = longer
  end
  return text
end

local function bytes_line(self, stage, width)
  local length = math.min(LONGEST_BAR, math.floor(width / 4))
  if not stage.total or length < 4 then return fit(amounts(stage), width) end
  return bar(self._symbols, share_of(stage), length) .. " "
    .. fit(amounts(stage), width - length - 1)
end

local function line_of(self)
  local stage = self._stage
  local spinner = self._symbols.spinner
  self._turn = self._turn % #spinner + 1
  local width = terminal.width(FD) - LABEL - 5
  local head = ("%s %s "):format(terminal.paint(FD, "mark",
    spinner[self._turn]), cells.pad(cells.cut(stage.label, LABEL), LABEL))
  if width < 8 then return spinner[self._turn] end
  if stage.done then return head .. bytes_line(self, stage, width) end
  local note = stage.note
  if type(note) == "function" then note = note() end
  return head .. fit({ progress.clock(elapsed(stage)), note }, width)
end

-- Drawing ------------------------------------------------------------------

--- Removes the line; the next tick draws it again.
function Progress:clear()
  if not self._is_drawn then return end
  self._is_drawn = false
  terminal.write(FD, "\r\27[K")
end

--- Redraws the line.
function Progress:tick()
  if not self._is_live or not self._stage then return end
  self._is_drawn = true
  terminal.write(FD, "\r", line_of(self), "\27[K")
end

--- Begins a stage; does nothing but set the note if it is the current one.
---@param label string
---@param note? string|fun(): string? asked for at each redraw
---@param began? number when, on the clock of the core; default: now
function Progress:stage(label, note, began)
  local stage = self._stage
  if stage and stage.label == label then
    stage.note = note
    return
  end
  self._stage = { label = cells.harmless(label), note = note,
    began = began or core.now() }
end

--- Sets the number of bytes done.
---@param done number
---@param total? number
function Progress:bytes(done, total)
  if self._stage then self._stage.done, self._stage.total = done, total end
end

--- Ends the stage with a permanent line: the outcome and the time.
---@param label string
---@param text string
function Progress:done(label, text)
  local stage = self._stage
  self._stage = nil
  self:clear()
  if not self._is_live then return end
  local took = stage and "  " .. terminal.paint(FD, "dim",
    progress.clock(elapsed(stage))) or ""
  terminal.write(FD, terminal.paint(FD, "good", self._symbols.done), " ",
    cells.pad(label, LABEL), " ", cells.harmless(text), took, "\n")
end

--- Whether the line is shown.
---@return boolean
function Progress:is_live() return self._is_live end

--- Stops drawing.
function Progress:stop()
  self._stage = nil
  self:clear()
end

---@param is_quiet? boolean
---@return yuanjing.cli.Progress
function progress.new(is_quiet)
  return setmetatable({ _turn = 0, _is_drawn = false,
    _is_live = not is_quiet and terminal.can_redraw(FD),
    _symbols = terminal.is_utf8() and RICH or PLAIN }, Progress)
end

return progress
