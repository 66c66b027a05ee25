--- The dialects of the vendors behind the platform, by their names: what they
-- send of thoughts, texts, tool calls, reasons and usage, plain and streamed.
local dialects = require "yuanjing.sandbox.server.chat.dialects"

local HELP = {
  qwen = "the id is \"\" after the first piece, some pieces are empty",
  deepseek = "null contents, and the usage in the chunk that has the reason",
  glm = "whole calls in one chunk",
  kimi = "the id and the name in each piece, the usage in the choice",
  doubao = "calls in pieces, as OpenAI has them",
  minimax = "<think> in the text, usages of zeros, the whole message at the end",
  gateway = "one that mixes up indexes, ids or names of calls",
}

local rows = {}

for n, name in ipairs(dialects.VENDORS) do
  local variants = dialects.named(name).VARIANTS
  rows[n] = { name = name, help = HELP[name],
    takes = next(variants) and "shape" or nil, optional = name ~= "gateway",
    choices = variants,
    ask = function(seen, variant)
      seen.overrides = seen.overrides or {}
      seen.overrides.dialect = { name = name,
        variant = variant ~= true and variant or nil }
    end }
end

return rows
