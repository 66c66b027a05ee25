--- The turns of a conversation: what a user says, up to the last answer to it.
local turns = {}

-- Where turns begin: at a user's message that follows none of a user's.
local function starts_of(messages)
  local starts = {}
  for n, item in ipairs(messages) do
    local before = messages[n - 1]
    if item.role == "user" and not (before and before.role == "user") then
      starts[#starts + 1] = n
    end
  end
  return starts
end

local function is_instruction(item)
  return item.role == "system" or item.role == "developer"
end

--- Drops all turns but the last `keep`, at least one. Messages before the first turn
--- stay, and so do instructions.
---@param messages yuanjing.Message[] is changed
---@param keep integer
---@return yuanjing.Message[] dropped
function turns.trim(messages, keep)
  local starts, dropped, kept = starts_of(messages), {}, {}
  local first = starts[1]
  local from = starts[#starts - math.max(1, keep) + 1]
  if not from or from == first then return dropped end
  for n, item in ipairs(messages) do
    local stays = n < first or n >= from or is_instruction(item)
    local list = stays and kept or dropped
    list[#list + 1] = item
  end
  for n = 1, #messages do messages[n] = kept[n] end
  return dropped
end

--- Drops the last turn, as if it had never been said.
---@param messages yuanjing.Message[] is changed
---@return yuanjing.Message[] dropped
function turns.undo(messages)
  local starts, dropped = starts_of(messages), {}
  local from = starts[#starts]
  while from and messages[from] do
    dropped[#dropped + 1] = table.remove(messages, from)
  end
  return dropped
end

return turns
