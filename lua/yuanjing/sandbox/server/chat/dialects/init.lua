--- The forms of an answer on the wire: a dialect is the platform's own, or that
-- of a vendor. It replaces the functions of standard.lua that differ.
local text = require "yuanjing.sandbox.server.chat.text"
local writer = require "yuanjing.sandbox.server.chat.dialects.writer"

local dialects = {}

---@class yuanjing.sandbox.Chosen
---@field dialect yuanjing.sandbox.Dialect
---@field variant? string one of its VARIANTS

--- The vendors' names, in the order in which a listing has them.
dialects.VENDORS = { "qwen", "deepseek", "glm", "kimi", "doubao", "minimax",
  "gateway" }

--- The dialect of that name.
---@param name string
---@return yuanjing.sandbox.Dialect
function dialects.named(name)
  return require("yuanjing.sandbox.server.chat.dialects." .. name)
end

--- The dialect that a scenario wants, if any, else the platform's.
---@param wanted? { name: string, variant: string? }
---@return yuanjing.sandbox.Chosen
function dialects.choose(wanted)
  wanted = wanted or { name = "platform" }
  return { dialect = dialects.named(wanted.name), variant = wanted.variant }
end

--- The answer as one object.
---@param answer yuanjing.sandbox.Composed
---@param chosen yuanjing.sandbox.Chosen
---@return table
function dialects.reply(answer, chosen)
  local message = chosen.dialect.message(answer, chosen.variant)
  return chosen.dialect.reply(answer, message)
end

--- The answer as the items of a stream.
---@param answer yuanjing.sandbox.Composed
---@param chosen yuanjing.sandbox.Chosen
---@return table[]
function dialects.stream(answer, chosen)
  local dialect, out = chosen.dialect, writer.new(answer, chosen)
  dialect.begin(out)
  for _, piece in ipairs(text.pieces(answer.reasoning or "")) do
    dialect.think(out, piece)
  end
  for _, piece in ipairs(answer.chunks) do
    if type(piece) == "number" then
      out:pause(piece)
    else
      dialect.say(out, piece)
    end
  end
  dialect.calls(out, answer.calls)
  dialect.finish(out, answer.finish)
  return out:done()
end

return dialects
