--- What vendors call the end of an answer that is not the end of what the model
-- had to say.
local ascii = require "yuanjing.base.ascii"

local endings = {}

local FULL = { length = true, max_tokens = true, max_output_tokens = true,
  model_context_window_exceeded = true }

local STOPPED = { content_filter = true, sensitive = true, safety = true,
  recitation = true, blocklist = true, prohibited_content = true }

--- Whether the answer had no room to go on.
---@param reason? string
---@return boolean
function endings.is_full(reason)
  return reason ~= nil and FULL[ascii.lower(reason)] == true
end

--- Whether the answer was cut off: there was no room, or a filter stopped it. Its
--- calls may be incomplete even where they can be read.
---@param reason? string
---@return boolean
function endings.is_cut(reason)
  return endings.is_full(reason)
    or reason ~= nil and STOPPED[ascii.lower(reason)] == true
end

return endings
