--- The exit statuses of the command, as data for the code and the documents.
local say = require("yuanjing.base.language").say

---@class yuanjing.cli.Exit
---@field status integer
---@field kinds string[] of errors that end with it
---@field meaning string

---@class yuanjing.cli.Exits
---@field [integer] yuanjing.cli.Exit
local exits = {
  { status = 0, kinds = {}, meaning = "done" },
  { status = 1, kinds = {}, meaning = "a fault in the command itself" },
  { status = 2, kinds = { "invalid_request", "limit" },
    meaning = "wrong options or parameters: mend them; nothing was made" },
  { status = 3, kinds = { "auth" }, meaning = "no key, or not a good one" },
  { status = 4, kinds = { "balance" }, meaning = "top up at the platform" },
  { status = 5, kinds = { "rate_limit", "server" },
    meaning = "the platform is busy or ill: try again later" },
  { status = 6, kinds = { "not_found" },
    meaning = "no such task, asset, group or file" },
  { status = 7, kinds = { "platform", "task_failed" },
    meaning = "the platform refused it, or the task failed" },
  { status = 8, kinds = { "transport", "timeout" },
    meaning = "no connection, or out of time; a task goes on" },
  { status = 9, kinds = { "truncated", "decode" },
    meaning = "the answer broke off or is not readable" },
  { status = 10, kinds = { "outcome_unknown" },
    meaning = "it may have been received and billed: look before you repeat" },
  { status = 11, kinds = { "io" },
    meaning = "a file can not be read or written" },
  { status = 12, kinds = {},
    meaning = "the answer is cut off at its length limit; it is on stdout" },
  { status = 130, kinds = { "cancelled" },
    meaning = "interrupted by Ctrl-C (143: by SIGTERM); a task goes on" },
}

exits.OK, exits.FAULT, exits.USAGE, exits.IO, exits.CUT = 0, 1, 2, 11, 12

local of_kind = {}
for _, row in ipairs(exits) do
  for _, kind in ipairs(row.kinds) do of_kind[kind] = row.status end
end

--- The exit status for a kind of error.
---@param kind string
---@return integer
function exits.of(kind)
  return of_kind[kind] or exits.FAULT
end

--- As lines of text.
---@return string
function exits.listing()
  local lines = {}
  for _, row in ipairs(exits) do
    lines[#lines + 1] = ("%6d  %s"):format(row.status, say(row.meaning))
  end
  return table.concat(lines, "\n")
end

return exits
